// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fuzz.h"

#include "loader/command_line.h"

#include <string>

namespace xdpbridge::test {

namespace {

// Thrown when the words have been read and checked, instead of running a verb: this is a real
// machine. (A verb's callback owns what its options are read into, and so has to stay.)
struct Read {};

} // namespace

// A word a line.
void fuzz_command_line(std::string_view text) {
    std::vector<std::string> words;
    for (; !text.empty(); text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1))
        words.emplace_back(text.substr(0, text.find('\n')));
    loader::Context context;
    CLI::App app("", "xdp-bridge");
    loader::add_commands(app, context);
    app.parse_complete_callback([] { throw Read(); });
    try {
        const auto wrong = loader::run_command(app, words);
        if (!wrong.empty())
            require_one_line(wrong);
    } catch (const Read&) {
    } catch (const CLI::Success&) {
        require(!app.help().empty(), "help says something");
    }
}

} // namespace xdpbridge::test
