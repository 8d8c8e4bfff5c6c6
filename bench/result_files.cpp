// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "result_files.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace xdpbridge::bench {

using nlohmann::json;

std::string as_lines(const json& document) {
    std::string text, between = "{\n";
    for (const auto& [key, value] : document.items()) {
        text += between + json(key).dump() + ": ";
        between = ",\n";
        if (!value.is_array()) {
            text += value.dump();
            continue;
        }
        std::string before = "[\n  ";
        for (const auto& element : value) {
            text += before + element.dump();
            before = ",\n  ";
        }
        text += value.empty() ? "[]" : "\n]";
    }
    return text + "\n}\n";
}

void write_file(const std::string& path, const std::string& text) {
    if (const auto folder = std::filesystem::path(path).parent_path(); !folder.empty())
        std::filesystem::create_directories(folder);
    std::ofstream file(path);
    if (!(file << text << std::flush))
        throw std::runtime_error("write " + path);
}

std::string gnuplot_string(const std::string& text) {
    std::string result = "'";
    for (const char c : text)
        result += c == '\'' ? "''" : std::string(1, c);
    return result + "'";
}

} // namespace xdpbridge::bench
