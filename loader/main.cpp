// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command_line.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>

namespace xdpbridge::loader {

namespace {

enum ExitCode { done = 0, failed = 1, wrong_usage = 2 };

void complain(const std::string& line) {
    fmt::print(stderr, "xdp-bridge: {}\n", line);
}

int run(int argc, char** argv) {
    Context context;
    CLI::App app("An Ethernet and IP switch in XDP.", "xdp-bridge");
    add_commands(app, context);
    try {
        const auto wrong = run_command(app, {argv + 1, argv + argc});
        if (wrong.empty())
            return done;
        complain(wrong);
        return wrong_usage;
    } catch (const CLI::Success& help) {
        return app.exit(help);
    }
}

} // namespace

} // namespace xdpbridge::loader

int main(int argc, char** argv) {
    using namespace xdpbridge::loader;
    try {
        return run(argc, argv);
    } catch (const xdpbridge::Error& error) {
        // Whether -v was given, told without the parser, which may not have got that far.
        const bool verbose = std::any_of(argv, argv + argc, [](std::string_view word) {
            return word == "-v" || word == "--verbose";
        });
        const bool more = !error.detail().empty() && !verbose;
        complain(std::string(error.what()) + (more ? " (-v shows what the kernel said)" : ""));
        if (verbose)
            fmt::print(stderr, "{}", error.detail());
    } catch (const std::exception& error) {
        complain(error.what());
    }
    return failed;
}
