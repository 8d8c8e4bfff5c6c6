// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/port.h>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace xdpbridge::loader {

enum class Colour : std::uint8_t { none, good, warning, bad };

// One value, for both readers: a program takes json, a person text.
struct Cell {
    std::string json; // as it is printed; of a million rows a parsed value would be slow
    std::string text;
    Colour colour = Colour::none;
};
Cell cell(const std::string& text, Colour colour = Colour::none);
Cell cell(std::uint64_t number);
Cell cell(const nlohmann::json& json, const std::string& text, Colour colour = Colour::none);
Cell on_off(bool on);
Cell state_cell(PortState state);
// The names of the bits that are set, as a list.
Cell names_cell(std::uint32_t bits,
                const std::vector<std::pair<std::uint32_t, std::string>>& names);

struct Column {
    std::string key; // in JSON; the heading of the table is the same in capitals
    bool right = false;
};

// What something is called that there may be many of: "entry", "entries".
struct Things {
    const char* one;
    const char* many;
};
// "3 entries deleted", or the same as JSON.
void print_count(bool json, const char* done, std::size_t count, const Things& things);

// A table for a person, or a JSON array with an object for each of its rows. Prints when it is
// destroyed.
class Table {
  public:
    Table(bool json, std::vector<Column> columns);
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;
    ~Table();
    void row(std::vector<Cell> cells);

  private:
    void print_json_row(const std::vector<Cell>& cells);
    void print_text() const;

    bool json_;
    bool first_ = true;
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

// Colour only for a person at a terminal who has not set NO_COLOR (no-color.org).
bool use_colour();
std::string coloured(const std::string& text, Colour colour);

} // namespace xdpbridge::loader
