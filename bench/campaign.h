// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A measurement of many cells in rounds: what was asked for, what the machine did meanwhile, and
// the figures of the rounds.
#pragma once
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace xdpbridge::bench {

using Figures = std::map<std::string, double>;

double median_of(std::vector<double> values);

// The figures of one cell.
struct Rounds {
    std::map<std::string, std::vector<double>> rounds{}; // by the figure's name

    void add(const Figures& figures); // of one more round
    [[nodiscard]] bool has(const std::string& figure) const { return rounds.contains(figure); }
    [[nodiscard]] double median(const std::string& figure) const;
    [[nodiscard]] double least(const std::string& figure) const;
    [[nodiscard]] double most(const std::string& figure) const;
    [[nodiscard]] nlohmann::json medians() const; // by the figure's name
};

class Campaign {
  public:
    explicit Campaign(int default_rounds) : rounds(default_rounds) {}

    int rounds;
    double share = 1; // of the frames of a full measurement

    // --rounds, --share, --cells; what a cell is called there, for the help.
    void add_options(CLI::App& app, const std::string& cells_are);
    // Whether --cells wants it; says so on standard error.
    [[nodiscard]] bool wants(const std::string& cell) const;

    void begin();
    void end();
    // "machine", "settings", "load_average", "seconds".
    [[nodiscard]] nlohmann::json as_json() const;
    // A list, with the machine.
    [[nodiscard]] std::string as_markdown() const;

  private:
    std::string cells_ = "."; // a regular expression
    std::string load_before_, load_after_;
    std::chrono::steady_clock::time_point began_;
    std::chrono::duration<double> took_{};
};

} // namespace xdpbridge::bench
