// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fuzz.h"

#include "loader/command_line.h"

#include <string>

namespace xdpbridge::test {

namespace {

// Words are read and checked, and no verb runs: this is a real machine.
void disarm(CLI::App& app) {
    app.callback(nullptr);
    for (auto* verb : app.get_subcommands([](CLI::App*) { return true; }))
        disarm(*verb);
}

} // namespace

// A word a line.
void fuzz_command_line(std::string_view text) {
    std::vector<std::string> words;
    for (; !text.empty(); text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1))
        words.emplace_back(text.substr(0, text.find('\n')));
    loader::Context context;
    CLI::App app("", "xdp-bridge");
    loader::add_commands(app, context);
    disarm(app);
    try {
        const auto wrong = loader::run_command(app, words);
        if (!wrong.empty())
            require_one_line(wrong);
    } catch (const CLI::Success&) {
        require(!app.help().empty(), "help says something");
    }
}

} // namespace xdpbridge::test
