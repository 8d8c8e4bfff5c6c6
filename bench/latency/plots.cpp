// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "../result_files.h"
#include "results.h"

#include <sandbox/process.h>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace xdpbridge::bench {

namespace {

struct Curve {
    std::string path;
    std::vector<Histogram::Bucket> buckets;
    double count = 0;
};

std::vector<Curve> curves(const Results& results, const Cell& cell) {
    std::vector<Curve> all;
    for (const auto& path : results.paths) {
        const auto* series = results.find(path.name, cell);
        if (!series || series->latencies().empty())
            continue;
        Histogram histogram;
        for (const auto latency : series->latencies())
            histogram.add(latency);
        all.push_back(
            {path.name, histogram.buckets(), static_cast<double>(series->latencies().size())});
    }
    return all;
}

// Lines of: middle of the bucket in us, its width, % in it, % up to its end, that end.
std::string data(const std::vector<Curve>& all) {
    std::string text;
    for (std::size_t i = 0; i < all.size(); i++) {
        text += fmt::format("$path{} << END\n", i);
        double below = 0;
        for (const auto& bucket : all[i].buckets) {
            const double share = 100 * static_cast<double>(bucket.count) / all[i].count;
            below += share;
            text +=
                fmt::format("{} {} {} {} {}\n", static_cast<double>(bucket.low + bucket.high) / 2e3,
                            static_cast<double>(bucket.high - bucket.low) / 1e3, share, below,
                            static_cast<double>(bucket.high) / 1e3);
        }
        text += "END\n";
    }
    return text;
}

std::string title(const Cell& cell) {
    return fmt::format("{}, load {}, a probe each {} us", name(cell.receiver), name(cell.load),
                       cell.period.count());
}

// What is left of 100%, so that one in a thousand is as wide as one in ten.
std::string cdf(const Cell& cell, const std::vector<Curve>& all, const std::string& folder) {
    std::string text =
        fmt::format("set terminal pngcairo size 1000,600 noenhanced\n"
                    "set output {}\nset title '{}'\n"
                    "set logscale xy\nset xlabel 'one-way latency, us'\n"
                    "set ylabel '% of probes that took longer'\n"
                    "set yrange [0.01:100]\nset grid\nset key outside\nplot ",
                    gnuplot_string(fmt::format("{}/cdf-{}.png", folder, name(cell))), title(cell));
    for (std::size_t i = 0; i < all.size(); i++)
        text += fmt::format("{}$path{} using 5:(100.0001-$4) with steps linewidth 2 title '{}'",
                            i == 0 ? "" : ", ", i, all[i].path);
    return text + "\nreset\n";
}

std::string histograms(const Cell& cell, const std::vector<Curve>& all, const std::string& folder) {
    double least = 1e9, most = 0;
    for (const auto& curve : all) {
        least = std::min(least, static_cast<double>(curve.buckets.front().low) / 1e3);
        most = std::max(most, static_cast<double>(curve.buckets.back().high) / 1e3);
    }
    std::string text =
        fmt::format("set terminal pngcairo size 1000,{} noenhanced\n"
                    "set output {}\n"
                    "set multiplot layout {},1 title '{}: % of probes by us'\n"
                    "set logscale x\nset xrange [{}:{}]\nset grid\nunset key\nset yrange [0:*]\n"
                    "set style fill solid\nset lmargin 12\nset format y \"%.0f\"\n",
                    60 + 140 * all.size(),
                    gnuplot_string(fmt::format("{}/histogram-{}.png", folder, name(cell))),
                    all.size(), title(cell), std::max(least, 0.1), most);
    for (std::size_t i = 0; i < all.size(); i++)
        text +=
            fmt::format("set ylabel '{}'\nplot $path{} using 1:3:2 with boxes\n", all[i].path, i);
    return text + "unset multiplot\nreset\n";
}

} // namespace

void plot(const Results& results, const std::string& folder) {
    std::filesystem::create_directories(folder);
    std::string script;
    for (const auto& cell : results.cells) {
        const auto all = curves(results, cell);
        if (!all.empty())
            script += data(all) + cdf(cell, all, folder) + histograms(cell, all, folder);
    }
    sandbox::check({"gnuplot", "-"}, {.input = script});
}

} // namespace xdpbridge::bench
