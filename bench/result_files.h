// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What the larger benchmarks leave behind: JSON, Markdown and plots.
#pragma once
#include <nlohmann/json.hpp>

#include <string>

namespace xdpbridge::bench {

// An object's text, with a line for each element of its arrays.
std::string as_lines(const nlohmann::json& document);
// Makes the folder too. Throws.
void write_file(const std::string& path, const std::string& text);
// A string of gnuplot's.
std::string gnuplot_string(const std::string& text);

} // namespace xdpbridge::bench
