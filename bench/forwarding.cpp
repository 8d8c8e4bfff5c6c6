// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What the switch forwards beside the kernel's bridge and router, by the tests of RFC 2544 and
// RFC 2889. README.md says what is measured and how to read it.
#include "forwarding/section.h"
#include "result_files.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

using namespace xdpbridge::bench;

namespace {

struct Options {
    Campaign campaign{3};
    std::string json = XDPB_RESULTS "/forwarding.json";
    std::string markdown = XDPB_RESULTS "/forwarding.md";
    std::string plots = XDPB_RESULTS "/forwarding";
};

Options parse(int argc, char** argv) {
    Options options;
    CLI::App app("What the switch forwards, beside the kernel, by RFC 2544 and RFC 2889.",
                 "bench_forwarding");
    app.option_defaults()->always_capture_default();
    options.campaign.add_options(app, ", of SECTION/CELL as the results have them");
    app.add_option("--json", options.json, "file; the figures of all rounds");
    app.add_option("--markdown", options.markdown, "file; tables");
    app.add_option("--plots", options.plots, "folder for PNGs; \"\": none");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::exit(app.exit(error));
    }
    return options;
}

int run(const Options& options) {
    // BPF_PROG_RUN cannot run an extension program, which libxdp's dispatcher would make of ours.
    ::setenv("LIBXDP_SKIP_DISPATCHER", "1", 1);
    ForwardingResults results{.campaign = options.campaign};
    results.campaign.begin();
    for (auto* measure : {measure_rates, measure_loss, measure_congestion, measure_errored})
        measure(results);
    results.campaign.end();

    write_file(options.json, as_lines(as_json(results)));
    const std::string markdown = as_markdown(results);
    write_file(options.markdown, markdown);
    fmt::print("{}", markdown);
    if (!options.plots.empty())
        plot(results, options.plots);
    return results.failed() ? 1 : 0;
}

} // namespace

int main(int argc, char** argv) try {
    return run(parse(argc, argv));
} catch (const std::exception& error) {
    fmt::print(stderr, "bench_forwarding: {}\n", error.what());
    return 1;
}
