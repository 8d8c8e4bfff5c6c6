// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace xdpbridge::loader {

// The word that is nearest to what was typed, by edit distance; empty when none is near.
std::string nearest(const std::string& typed, const std::vector<std::string>& words);

// "unknown command 'prot'; did you mean 'port'?" for the first word or option of the command line
// that is none, or empty.
std::string unknown_word(const CLI::App& app, const std::vector<std::string>& words);

} // namespace xdpbridge::loader
