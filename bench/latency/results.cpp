// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "results.h"

#include "../machine.h"
#include "placement.h"

#include <algorithm>

namespace xdpbridge::bench {

namespace {

using nlohmann::json;

json in_us(const Summary& ns) {
    return {{"min", ns.min / 1e3},       {"avg", ns.avg / 1e3}, {"max", ns.max / 1e3},
            {"stddev", ns.stddev / 1e3}, {"p50", ns.p50 / 1e3}, {"p99", ns.p99 / 1e3},
            {"p99.9", ns.p999 / 1e3}};
}

json round_as_json(const Series::Round& round) {
    return {{"us", in_us(round.ns)},
            {"sent", round.sent},
            {"lost", round.lost},
            {"late", round.late},
            {"load_offered", round.offered},
            {"load_delivered", round.delivered}};
}

json histogram(const std::vector<std::uint64_t>& latencies) {
    Histogram histogram;
    for (const auto latency : latencies)
        histogram.add(latency);
    json buckets = json::array();
    for (const auto& bucket : histogram.buckets())
        buckets.push_back({bucket.low, bucket.high, bucket.count});
    return buckets;
}

json series_as_json(const std::string& path, const Cell& cell, const Series& series) {
    json about = round_as_json(series.total());
    const auto averages = series.averages();
    about.update({{"path", path},
                  {"receiver", name(cell.receiver)},
                  {"load", name(cell.load)},
                  {"period_us", cell.period.count()},
                  {"averages_us",
                   {{"min", averages.min / 1e3},
                    {"max", averages.max / 1e3},
                    {"spread", averages.relative}}},
                  {"histogram_ns", histogram(series.latencies())}});
    for (const auto& round : series.rounds())
        about["rounds"].push_back(round_as_json(round));
    return about;
}

} // namespace

void Series::add(Measured measured) {
    rounds_.push_back({.ns = summarize(measured.latencies),
                       .sent = measured.sent,
                       .lost = measured.sent - measured.latencies.size(),
                       .late = measured.late,
                       .offered = measured.offered,
                       .delivered = measured.delivered});
    latencies_.insert(latencies_.end(), measured.latencies.begin(), measured.latencies.end());
}

Spread Series::averages() const {
    std::vector<double> averages;
    for (const auto& round : rounds_)
        if (round.ns.count > 0) // nothing came: that is a loss, and no average
            averages.push_back(round.ns.avg);
    return spread(averages);
}

Series::Round Series::total() const {
    Round total{summary(), 0, 0, 0, 0, 0};
    for (const auto& round : rounds_) {
        total.sent += round.sent;
        total.lost += round.lost;
        total.late += round.late;
        total.offered += round.offered / static_cast<double>(rounds_.size());
        total.delivered += round.delivered / static_cast<double>(rounds_.size());
    }
    return total;
}

const Series* Results::find(const std::string& path, const Cell& cell) const {
    const auto found = series.find({path, cell});
    return found == series.end() ? nullptr : &found->second;
}

bool Results::has(const std::string& path) const {
    return std::any_of(series.begin(), series.end(),
                       [&](const auto& each) { return each.first.first == path; });
}

json as_json(const Results& results) {
    json document{{"bench", "latency"},
                  {"machine", machine()},
                  {"settings",
                   {{"rounds", results.settings.rounds},
                    {"seconds", results.settings.seconds},
                    {"drain_us", results.settings.drain_us},
                    {"clock", "CLOCK_MONOTONIC"},
                    {"threads", about_placement()}}},
                  {"guest", results.guest},
                  {"receivers", json::object()},
                  {"loads", json::object()},
                  {"paths", json::array()},
                  {"cells", json::array()},
                  {"verdicts", json::array()}};
    for (const auto& path : results.paths)
        document["paths"].push_back({{"name", path.name},
                                     {"about", path.about},
                                     {"ran", results.has(path.name)},
                                     {"failed", path.failed},
                                     {"note", path.note}});
    for (const auto& cell : results.cells) {
        document["receivers"][std::string(name(cell.receiver))] = about(cell.receiver);
        document["loads"][std::string(name(cell.load))] = about(cell.load);
        for (const auto& path : results.paths)
            if (const auto* series = results.find(path.name, cell))
                document["cells"].push_back(series_as_json(path.name, cell, *series));
    }
    for (const auto& verdict : verdicts(results))
        document["verdicts"].push_back({{"what", verdict.text},
                                        {"value", verdict.value},
                                        {"goal", verdict.goal},
                                        {"met", verdict.met}});
    return document;
}

} // namespace xdpbridge::bench
