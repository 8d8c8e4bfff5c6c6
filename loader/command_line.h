// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include "command.h"

#include <string>
#include <vector>

namespace xdpbridge::loader {

// All nouns and verbs, and the global options, which context is filled from.
void add_commands(CLI::App& app, Context& context);

// Reads the words behind the program's name, and runs their verb. Returns what is wrong with them,
// one line, or "". Throws CLI::Success for --help, and what the verb throws.
std::string run_command(CLI::App& app, std::vector<std::string> words);

} // namespace xdpbridge::loader
