// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The differential fuzzer: sequences by the dice, on the model and on a real bridge. The same seed
// and options play the same sequences. A failure is shrunk, saved and ends the run.
#include "model/dice.h"
#include "model/find.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <random>
#include <stdexcept>

namespace {

using namespace xdpbridge::model;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct Options {
    std::string kind = "plain";
    std::string hook = "xdp";
    std::string way = "both";
    std::uint64_t seed = std::random_device{}();
    std::uint64_t frames = 0; // 0: no end
    unsigned seconds = 0;     // likewise
    unsigned length = 1500;   // steps of a sequence
    std::string regressions;
    std::string save = ".";
};

// So many sequences have one layout, for it takes longer to set up than to play one.
constexpr std::uint64_t sequences_of_layout = 16;
constexpr auto progress_every = std::chrono::seconds(10);

Sequence make_sequence(const Options& options, const SwitchSetup& setup, std::uint64_t number) {
    // Seeds of their own, so that any one of them can be made again.
    Seeded layout_source(options.seed + (number / sequences_of_layout << 20));
    Seeded source((options.seed ^ 0x5eed) + (number << 20));
    Sequence sequence{.setup = setup, .way = Way::wire, .steps = {}};
    sequence.steps = Dice(setup, layout_source).layout();
    Dice dice(setup, source);
    if (options.way == "run" || (options.way == "both" && number % 4 == 3))
        sequence.way = Way::run;
    while (sequence.steps.size() < options.length)
        sequence.steps.push_back(dice.step());
    return sequence;
}

void report(Bed& bed, const Sequence& sequence, const Difference& seen, const fs::path& file) {
    fmt::print("FAILED: {}\n", seen.what);
    auto failure = find_failure(bed, sequence);
    if (!failure) {
        fmt::print("It does not fail again when played with more care: saved as it is.\n");
        failure = Failure{sequence, seen.what};
    }
    std::ofstream(file) << to_text(*failure);
    fmt::print("{} steps, saved as {}:\n{}", failure->sequence.steps.size(), file.string(),
               to_text(*failure));
}

// Those of this kind of bridge and hook. Returns how many fail.
unsigned replay(Bed& bed, const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder))
        if (entry.path().extension() == ".txt")
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    unsigned played = 0, failed = 0;
    for (const auto& file : files) {
        std::ifstream text(file);
        const Sequence sequence = parse_sequence(text);
        if (sequence.setup.kind != bed.setup().kind || sequence.setup.hook != bed.setup().hook)
            continue;
        std::uint64_t frames = 0;
        const auto difference = play(bed, sequence.way, sequence.steps, Care::exact, frames);
        played++;
        failed += difference.has_value();
        if (difference)
            fmt::print("FAILED: {}: step {}: {}\n", file.filename().string(), difference->step + 1,
                       difference->what);
    }
    fmt::print("{} regressions played, {} failed\n", played, failed);
    return failed;
}

// Returns the exit code.
int fuzz(Bed& bed, const Options& options) {
    const auto start = Clock::now();
    auto next_progress = start + progress_every;
    std::uint64_t frames = 0, number = 0;
    const auto elapsed = [&] {
        return std::chrono::duration<double>(Clock::now() - start).count();
    };
    const auto print = [&](const char* state) {
        fmt::print("{}: {} frames in {} sequences, {:.0f} s, {:.0f} a second\n", state, frames,
                   number, elapsed(), static_cast<double>(frames) / elapsed());
        std::fflush(stdout);
    };
    while ((options.frames == 0 || frames < options.frames) &&
           (options.seconds == 0 || elapsed() < options.seconds)) {
        const Sequence sequence = make_sequence(options, bed.setup(), number++);
        const auto difference = play(bed, sequence.way, sequence.steps, Care::quick, frames);
        if (difference) {
            print("stopped");
            report(bed, sequence, *difference,
                   fs::path(options.save) / fmt::format("{}-{}-{:x}-{}.txt", options.kind,
                                                        options.hook, options.seed, number - 1));
            return 1;
        }
        if (Clock::now() >= next_progress) {
            print("so far");
            next_progress = Clock::now() + progress_every;
        }
    }
    print("passed");
    return 0;
}

int run(const Options& options) {
    fmt::print("--kind {} --hook {} --way {} --seed {} --length {}\n", options.kind, options.hook,
               options.way, options.seed, options.length);
    std::fflush(stdout);
    Bed bed({.kind = kind_of(options.kind), .hook = hook_of(options.hook)});
    if (!options.regressions.empty() && replay(bed, options.regressions) != 0)
        return 1;
    if (options.frames == 0 && options.seconds == 0)
        return 0;
    return fuzz(bed, options);
}

} // namespace

int main(int argc, char** argv) try {
    Options options;
    CLI::App app("Plays frames to a bridge and to a model of it, and compares.");
    app.add_option("--kind", options.kind, "plain, vlan or provider")->capture_default_str();
    app.add_option("--hook", options.hook, "xdp or tc")->capture_default_str();
    app.add_option("--way", options.way, "wire, run or both")
        ->check(CLI::IsMember({"wire", "run", "both"}))
        ->capture_default_str();
    app.add_option("--seed", options.seed, "by the dice unless given");
    app.add_option("--frames", options.frames, "ends after so many");
    app.add_option("--seconds", options.seconds, "ends after so many");
    app.add_option("--length", options.length, "steps of a sequence")->capture_default_str();
    app.add_option("--regressions", options.regressions, "folder of sequences to play first");
    app.add_option("--save", options.save, "folder for what fails")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    return run(options);
} catch (const std::exception& error) {
    fmt::print(stderr, "fuzz_model: {}\n", error.what());
    return 2;
}
