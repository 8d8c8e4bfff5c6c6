// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Lines of files that people write: words between blanks, and # before a comment.
#pragma once
#include <algorithm>
#include <string_view>

namespace xdpbridge {

inline std::string_view without_comment(std::string_view line) noexcept {
    return line.substr(0, line.find('#'));
}

// Takes the next word off the front of line; empty at the end.
inline std::string_view next_word(std::string_view& line) noexcept {
    constexpr std::string_view blanks = " \t\r";
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const auto word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    return word;
}

} // namespace xdpbridge
