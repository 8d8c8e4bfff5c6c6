// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// All that was measured: figures of rounds, by section of an RFC, cell and switch.
#pragma once
#include "switches.h"

#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace xdpbridge::bench {

struct ForwardingSettings {
    int rounds = 3;
    double share = 1;        // of the frames of a full measurement
    std::string cells = "."; // a regular expression: those measured
};

using Figures = std::map<std::string, double>;

// One switch in one cell.
struct Entry {
    std::string cell;
    Side side;
    std::map<std::string, std::vector<double>> rounds{}; // by the figure's name
    std::string note{};
    std::string failed{}; // why there are no figures

    [[nodiscard]] bool has(const std::string& figure) const { return rounds.contains(figure); }
    [[nodiscard]] double median(const std::string& figure) const;
    [[nodiscard]] double least(const std::string& figure) const;
    [[nodiscard]] double most(const std::string& figure) const;
};

struct SectionResult {
    std::string id, title, legend;
    std::string cost{}; // the figure of which less is better and that ratios are made of; "": none
    std::function<std::string(const Entry&)> show; // as it stands in the table
    std::vector<Entry> entries{};

    Entry& entry(const std::string& cell, Side side); // makes it
    [[nodiscard]] const Entry* find(const std::string& cell, Side side) const;
    void add(const std::string& cell, Side side, const Figures& figures);
    // Of the rounds: how many times as much the kernel's costs. Empty without figures of both.
    [[nodiscard]] std::vector<double> ratios(const std::string& cell, Side side) const;
    [[nodiscard]] std::vector<std::string> cells() const; // each once
};

struct ForwardingResults {
    ForwardingSettings settings;
    std::vector<SectionResult> sections{};
    std::string load_before{}, load_after{}; // as /proc/loadavg has it
    double seconds = 0;

    [[nodiscard]] bool failed() const; // anything of it
};

double median_of(std::vector<double> values);
nlohmann::json as_json(const ForwardingResults& results);
std::string as_markdown(const ForwardingResults& results);
// PNGs into the folder, of what there is.
void plot(const ForwardingResults& results, const std::string& folder);

} // namespace xdpbridge::bench
