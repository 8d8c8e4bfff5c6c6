// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// All that was measured: figures of rounds, by attack.
#pragma once
#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <vector>

namespace xdpbridge::bench {

struct HostileSettings {
    int rounds = 5;
    double share = 1;        // of the frames of a full measurement
    std::string cells = "."; // a regular expression: those measured
};

using HostileFigures = std::map<std::string, double>;

struct HostileResult {
    std::string cell;
    bool has_goal = false; // the neighbours have to keep 0.9 of their rate
    std::map<std::string, std::vector<double>> rounds{}; // by the figure's name
    std::string refused_as{};                            // the counters of what was refused
    std::string failed{};                                // why there are no figures

    void add(const HostileFigures& figures);
    [[nodiscard]] bool has(const std::string& figure) const { return rounds.contains(figure); }
    [[nodiscard]] double median(const std::string& figure) const;
    [[nodiscard]] double least(const std::string& figure) const;
    [[nodiscard]] double most(const std::string& figure) const;
};

struct HostileResults {
    HostileSettings settings;
    std::vector<HostileResult> cells{};
    std::string load_before{}, load_after{}; // as /proc/loadavg has it
    double seconds = 0;

    [[nodiscard]] bool failed() const; // any of it
};

constexpr double goal = 0.9;

nlohmann::json as_json(const HostileResults& results);
std::string as_markdown(const HostileResults& results);

} // namespace xdpbridge::bench
