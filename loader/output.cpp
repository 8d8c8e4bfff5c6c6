// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "output.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>

namespace xdpbridge::loader {

namespace {

constexpr const char* reset = "\033[0m";
constexpr const char* bold = "\033[1m";

const char* escape(Colour colour) {
    switch (colour) {
    case Colour::good:
        return "\033[32m";
    case Colour::warning:
        return "\033[33m";
    case Colour::bad:
        return "\033[31m";
    case Colour::none:
        break;
    }
    return "";
}

std::string heading(const Column& column) {
    std::string text = column.key;
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return c == '_' ? '-' : static_cast<char>(std::toupper(c));
    });
    return text;
}

// Padding goes around the colour, which takes no room on the screen.
std::string padded(const std::string& text, std::size_t width, bool right, const char* colour) {
    const std::string space(width - std::min(width, text.size()), ' ');
    const std::string shown = *colour ? colour + text + reset : text;
    return right ? space + shown : shown + space;
}

void print_line(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
}

} // namespace

bool use_colour() {
    return ::isatty(STDOUT_FILENO) == 1 && !std::getenv("NO_COLOR");
}

std::string coloured(const std::string& text, Colour colour) {
    const char* code = use_colour() ? escape(colour) : "";
    return *code ? code + text + reset : text;
}

Cell cell(const std::string& text, Colour colour) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
        return c >= ' ' && c <= '~' && c != '"' && c != '\\';
    });
    return {plain ? '"' + text + '"' : nlohmann::json(text).dump(), text, colour};
}
Cell cell(std::uint64_t number) {
    const std::string text = std::to_string(number);
    return {text, text};
}
Cell cell(const nlohmann::json& json, const std::string& text, Colour colour) {
    return {json.dump(), text, colour};
}
Cell on_off(bool on) {
    return {on ? "true" : "false", on ? "on" : "off"};
}

Cell names_cell(std::uint32_t bits,
                const std::vector<std::pair<std::uint32_t, std::string>>& names) {
    nlohmann::json list = nlohmann::json::array();
    std::string text;
    for (const auto& [bit, name] : names)
        if (bits & bit) {
            list.push_back(name);
            text += (text.empty() ? "" : ",") + name;
        }
    return cell(list, text.empty() ? "-" : text);
}

void print_count(bool json, const char* done, std::size_t count, const Things& things) {
    if (json)
        fmt::print("[\n{{\"{}\":{}}}\n]\n", done, count);
    else
        fmt::print("{} {} {}\n", count, count == 1 ? things.one : things.many, done);
}

Table::Table(bool json, std::vector<Column> columns) : json_(json), columns_(std::move(columns)) {}

Table::~Table() {
    if (!json_)
        print_text();
    else
        std::fputs(first_ ? "[]\n" : "\n]\n", stdout);
    std::fflush(stdout);
}

void Table::row(std::vector<Cell> cells) {
    if (json_)
        print_json_row(cells);
    else
        rows_.push_back(std::move(cells));
}

// Row by row, so that a million entries need no memory here.
void Table::print_json_row(const std::vector<Cell>& cells) {
    std::string line = first_ ? "[\n" : ",\n";
    first_ = false;
    char separator = '{';
    for (std::size_t i = 0; i < columns_.size(); i++) {
        line += separator;
        line += '"' + columns_[i].key + "\":" + cells[i].json;
        separator = ',';
    }
    line += '}';
    std::fwrite(line.data(), 1, line.size(), stdout);
}

void Table::print_text() const {
    const bool colour = use_colour();
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); i++) {
        std::size_t width = columns_[i].key.size();
        for (const auto& row : rows_)
            width = std::max(width, row[i].text.size());
        widths.push_back(width);
    }
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); i++)
        line +=
            padded(heading(columns_[i]), widths[i], columns_[i].right, colour ? bold : "") + "  ";
    print_line(line);
    for (const auto& row : rows_) {
        line.clear();
        for (std::size_t i = 0; i < row.size(); i++)
            line += padded(row[i].text, widths[i], columns_[i].right,
                           colour ? escape(row[i].colour) : "") +
                    "  ";
        print_line(line);
    }
}

Cell state_cell(PortState state) {
    switch (state) {
    case PortState::forwarding:
        return cell("forwarding", Colour::good);
    case PortState::blocked:
        return cell("blocked", Colour::bad);
    case PortState::down:
        return cell("down", Colour::warning);
    case PortState::gone:
        break;
    }
    return cell("gone", Colour::bad);
}

} // namespace xdpbridge::loader
