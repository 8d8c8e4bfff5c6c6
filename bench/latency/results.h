// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// All that was measured, and what it was measured with.
#pragma once
#include "cell.h"
#include "statistics.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <compare>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace xdpbridge::bench {

struct Settings {
    int rounds = 10;
    double seconds = 0.3; // of probes, for each cell
    double drain_us = 10; // what the slow reader takes for a frame
};

struct PathOutcome {
    std::string name, about;
    std::string failed{}; // why it cannot run here, or went no further; "": it did
    std::string note{};
};

// One path in one cell, over all rounds.
class Series {
  public:
    struct Round {
        Summary ns;
        std::uint64_t sent, lost, late;
        double offered, delivered;
    };
    void add(Measured measured);

    [[nodiscard]] const std::vector<Round>& rounds() const { return rounds_; }
    [[nodiscard]] const std::vector<std::uint64_t>& latencies() const { return latencies_; }
    [[nodiscard]] Summary summary() const { return summarize(latencies_); }
    [[nodiscard]] Spread averages() const; // of the rounds' averages
    [[nodiscard]] Round total() const;     // sums; offered and delivered: the mean

  private:
    std::vector<Round> rounds_;
    std::vector<std::uint64_t> latencies_; // of all rounds
};

struct Results {
    Settings settings;
    std::vector<PathOutcome> paths;                             // in the order of tables
    std::vector<Cell> cells;                                    // likewise
    std::map<std::pair<std::string, Cell>, Series> series = {}; // by path
    nlohmann::json guest = {};                                  // about its clock

    [[nodiscard]] const Series* find(const std::string& path, const Cell& cell) const;
    [[nodiscard]] bool has(const std::string& path) const; // in any cell
};

// All of it, with the machine.
nlohmann::json as_json(const Results& results);
// Tables, one for each cell.
std::string as_markdown(const Results& results);
// PNGs into the folder: for each cell a histogram for each path, and one CDF of all.
void plot(const Results& results, const std::string& folder);

// A goal, and what was measured of it.
struct Verdict {
    std::string text;
    double value;
    std::string goal;
    bool met;
};
std::vector<Verdict> verdicts(const Results& results);
std::string line(const Verdict& verdict);

} // namespace xdpbridge::bench
