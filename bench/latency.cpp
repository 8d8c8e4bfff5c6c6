// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// How long a frame takes to a VM's tap, by which path, beside what else. README.md says what is
// measured and how to read it.
#include "latency/progress.h"
#include "latency/run.h"
#include "result_files.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <stdexcept>

using namespace xdpbridge::bench;

namespace {

using Strings = std::vector<std::string>;

constexpr std::array all_receivers{ReceiverKind::reader, ReceiverKind::slow, ReceiverKind::guest};

template <typename Items>
Strings names_of(const Items& items) {
    Strings names;
    for (const auto& item : items)
        names.emplace_back(name(item));
    return names;
}

struct Options {
    Settings settings;
    Strings paths, loads = names_of(all_loads), receivers = names_of(all_receivers);
    std::vector<int> periods_us; // empty: 1000, and 100 for what matters most
    std::string json = XDPB_RESULTS "/latency.json";
    std::string markdown = XDPB_RESULTS "/latency.md";
    std::string plots = XDPB_RESULTS "/latency";
};

bool chosen(const Strings& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Whether the load says something of that receiver.
bool fits(ReceiverKind receiver, LoadKind load) {
    switch (receiver) {
    case ReceiverKind::reader:
        return load == LoadKind::none || load == LoadKind::udp3;
    case ReceiverKind::slow:
        return load != LoadKind::tcp3;
    default:
        return load == LoadKind::none || load == LoadKind::udp3 || load == LoadKind::tcp3;
    }
}

std::vector<Cell> cells(const Options& options) {
    std::vector<Cell> all;
    const auto add = [&](ReceiverKind receiver, LoadKind load, int us) {
        all.push_back({receiver, load, std::chrono::microseconds(us)});
    };
    for (const auto receiver : all_receivers)
        for (const auto load : all_loads) {
            if (!chosen(options.receivers, name(receiver)) || !chosen(options.loads, name(load)) ||
                !fits(receiver, load))
                continue;
            for (const int us : options.periods_us)
                add(receiver, load, us);
            if (!options.periods_us.empty())
                continue;
            add(receiver, load, 1000);
            if (receiver != ReceiverKind::guest &&
                (load == LoadKind::none || load == LoadKind::above))
                add(receiver, load, 100);
        }
    return all;
}

// Those that the command line names, all if it names none.
Options parse(int argc, char** argv) {
    Options options;
    Strings known;
    for (const auto& path : all_paths()) {
        known.emplace_back(path.name);
        if (!path.name.starts_with("tried-")) // those are measured when asked for
            options.paths.emplace_back(path.name);
    }
    CLI::App app("How long a frame takes to a VM's tap, by which path, beside what else.",
                 "bench_latency");
    app.option_defaults()->always_capture_default();
    const auto list = [&](const char* option, Strings& names, const Strings& all,
                          const char* help) {
        app.add_option(option, names, help)->delimiter(',')->check(CLI::IsMember(all));
    };
    app.add_option("--rounds", options.settings.rounds, "")->check(CLI::Range(1, 1000));
    app.add_option("--seconds", options.settings.seconds, "of probes, for each path and cell")
        ->check(CLI::Range(0.01, 60.0));
    app.add_option("--drain-us", options.settings.drain_us,
                   "what the slow reader takes for a frame")
        ->check(CLI::Range(0.5, 1000.0));
    list("--paths", options.paths, known, "");
    list("--loads", options.loads, options.loads, "");
    list("--receivers", options.receivers, options.receivers, "");
    app.add_option("--period-us", options.periods_us,
                   "from probe to probe; else 1000, and 100 for the loads none and above")
        ->delimiter(',')
        ->check(CLI::Range(20, 1'000'000));
    app.add_option("--json", options.json, "file; all figures and histograms");
    app.add_option("--markdown", options.markdown, "file; tables");
    app.add_option("--plots", options.plots, "folder for PNGs; \"\": none");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::exit(app.exit(error));
    }
    return options;
}

// Of all rounds.
std::size_t steps(const Results& results, const std::vector<const PathKind*>& paths) {
    std::size_t count = 0;
    for (const auto* path : paths)
        count += static_cast<std::size_t>(
            std::count_if(results.cells.begin(), results.cells.end(), [&](const Cell& cell) {
                return cell.receiver != ReceiverKind::guest || path->guest;
            }));
    return count * static_cast<std::size_t>(results.settings.rounds);
}

void run(const Options& options) {
    Results results{.settings = options.settings, .paths = {}, .cells = cells(options)};
    std::vector<const PathKind*> paths;
    for (const auto& path : all_paths())
        if (chosen(options.paths, path.name)) {
            paths.push_back(&path);
            results.paths.push_back({std::string(path.name), std::string(path.about)});
        }
    {
        Net net;
        // No page of ours is to be fetched while a frame waits.
        ::mlockall(MCL_CURRENT | MCL_FUTURE);
        ProgressLine line(options.settings.rounds, steps(results, paths));
        const auto progress = [&](const Step& step) { line.show(step); };
        if (chosen(options.receivers, "reader") || chosen(options.receivers, "slow"))
            run_rounds(net, paths, results, progress);
        if (chosen(options.receivers, "guest"))
            run_guest_rounds(net, paths, results, progress);
    }
    if (results.series.empty())
        throw std::runtime_error("nothing can run here: " + as_json(results)["paths"].dump());
    write_file(options.json, as_lines(as_json(results)));
    const std::string markdown = as_markdown(results);
    write_file(options.markdown, markdown);
    fmt::print("{}", markdown);
    if (!options.plots.empty())
        plot(results, options.plots);
}

} // namespace

int main(int argc, char** argv) try {
    run(parse(argc, argv));
    return 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "bench_latency: {}\n", error.what());
    return 1;
}
