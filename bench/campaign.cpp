// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "campaign.h"

#include "machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

namespace xdpbridge::bench {

using nlohmann::json;

double median_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.at(values.size() / 2);
}

void Rounds::add(const Figures& figures) {
    for (const auto& [name, value] : figures)
        rounds[name].push_back(value);
}

double Rounds::median(const std::string& figure) const {
    return median_of(rounds.at(figure));
}

double Rounds::least(const std::string& figure) const {
    return *std::min_element(rounds.at(figure).begin(), rounds.at(figure).end());
}

double Rounds::most(const std::string& figure) const {
    return *std::max_element(rounds.at(figure).begin(), rounds.at(figure).end());
}

json Rounds::medians() const {
    json all = json::object();
    for (const auto& [name, values] : rounds)
        all[name] = median_of(values);
    return all;
}

void Campaign::add_options(CLI::App& app, const std::string& cells_are) {
    app.add_option("--rounds", rounds, "")->check(CLI::Range(1, 1000));
    app.add_option("--share", share, "of the frames of a full measurement")
        ->check(CLI::Range(0.0001, 100.0));
    app.add_option("--cells", cells_,
                   fmt::format("a regular expression{}: what to measure", cells_are))
        ->check([](const std::string& text) {
            try {
                const std::regex right(text);
                return std::string();
            } catch (const std::regex_error& error) {
                return fmt::format("'{}' is no regular expression: {}", text, error.what());
            }
        });
}

bool Campaign::wants(const std::string& cell) const {
    if (!std::regex_search(cell, std::regex(cells_)))
        return false;
    fmt::print(stderr, "{}\n", cell);
    return true;
}

void Campaign::begin() {
    load_before_ = load_average();
    began_ = std::chrono::steady_clock::now();
}

void Campaign::end() {
    took_ = std::chrono::steady_clock::now() - began_;
    load_after_ = load_average();
}

json Campaign::as_json() const {
    return {{"machine", machine()},
            {"settings", {{"rounds", rounds}, {"share", share}, {"cells", cells_}}},
            {"load_average", {{"before", load_before_}, {"after", load_after_}}},
            {"seconds", took_.count()}};
}

std::string Campaign::as_markdown() const {
    return fmt::format("- rounds: {}, {} of the frames of a full measurement, {:.0f} s in all\n"
                       "- load average before: {}; after: {}\n",
                       rounds, share, took_.count(), load_before_, load_after_) +
           machine_as_markdown();
}

} // namespace xdpbridge::bench
