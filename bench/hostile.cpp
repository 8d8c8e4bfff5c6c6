// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What good neighbours notice of a hostile one. README.md says what is measured and how to read it.
#include "hostile/attacks.h"
#include "hostile/collisions.h"
#include "hostile/results.h"
#include "result_files.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <stdexcept>

using namespace xdpbridge;
using namespace xdpbridge::bench;

namespace {

constexpr double frames_of_a_period = 2'000'000;

struct Options {
    Campaign campaign{5};
    std::string json = XDPB_RESULTS "/hostile.json";
    std::string markdown = XDPB_RESULTS "/hostile.md";
};

Options parse(int argc, char** argv) {
    Options options;
    CLI::App app("What good neighbours notice of a hostile one.", "bench_hostile");
    app.option_defaults()->always_capture_default();
    options.campaign.add_options(app, "");
    app.add_option("--json", options.json, "file; the figures of all rounds");
    app.add_option("--markdown", options.markdown, "file; a table");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::exit(app.exit(error));
    }
    return options;
}

struct Beside {
    Measured neighbours;
    std::uint64_t sent = 0; // by the one at the third port, in all
    double rate = 0;        // of those, a second
};

Beside talk_beside(Bed& bed, const Traffic& traffic, std::uint32_t frames) {
    const auto attacker = bed.attack(traffic);
    attacker->wait_for_first();
    const auto before = attacker->sent();
    const auto start = std::chrono::steady_clock::now();
    Beside beside{.neighbours = bed.talk(frames, traffic.frames != 0 ? attacker.get() : nullptr)};
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    beside.rate = static_cast<double>(attacker->sent() - before) / seconds.count();
    beside.sent = attacker->stop();
    return beside;
}

void add_accounts(Figures& figures, const AttackCell& cell, Bed& bed, std::uint64_t sent,
                  const PortCounters& before, std::uint32_t learned_before) {
    figures["in_place"] = static_cast<double>(bed.neighbours_in_place());
    figures["neighbours"] = static_cast<double>(bed.neighbours());
    if (!cell.refused)
        return;
    figures["refused"] = static_cast<double>(cell.refused(sent, bed.learned() - learned_before));
    figures["counted"] =
        static_cast<double>(cell.counted(bed.attacker_port()) - cell.counted(before));
}

// A switch of its own; the neighbours alone, beside one who behaves, and under the attack.
Figures one_round(const Lab& lab, const AttackCell& cell, std::uint32_t frames) {
    Bed bed(lab, cell.options);
    bed.talk(frames / 4); // warms up
    const Measured quiet = bed.talk(frames);
    if (quiet.arrived != quiet.sent)
        throw std::runtime_error(
            fmt::format("{} of {} frames arrived without an attacker", quiet.arrived, quiet.sent));
    const Measured good = talk_beside(bed, {.frame = Bed::frame_of_attacker()}, frames).neighbours;

    const Traffic traffic = cell.traffic(bed);
    const auto before = bed.attacker_port();
    const auto learned_before = bed.learned();
    const auto [attacked, sent, rate] = talk_beside(bed, traffic, frames);
    const auto lost = static_cast<double>(attacked.sent - attacked.arrived);
    Figures figures{
        {"quiet_mframes", quiet.rate() / 1e6},
        {"attacked_mframes", attacked.rate() / 1e6},
        {"attack_mframes", rate / 1e6},
        {"attack_frames", static_cast<double>(sent)},
        {"kept_per_second", attacked.rate() / quiet.rate()},
        {"kept_per_cpu_second", attacked.per_cpu() / quiet.per_cpu()},
        {"good_per_second", good.rate() / quiet.rate()},
        {"good_per_cpu_second", good.per_cpu() / quiet.per_cpu()},
        {"lost", lost},
        {"lost_share", lost / static_cast<double>(attacked.sent)},
    };
    add_accounts(figures, cell, bed, sent, before, learned_before);
    const Measured afterwards = bed.talk(frames);
    figures["afterwards_per_second"] = afterwards.rate() / quiet.rate();
    figures["afterwards_per_cpu_second"] = afterwards.per_cpu() / quiet.per_cpu();
    figures["longest_chain"] =
        static_cast<double>(longest_chain(hash_of_fdb(bed.bridge()), bed.bridge()));
    return figures;
}

HostileResult measure(const Lab& lab, const AttackCell& cell, const Campaign& campaign) {
    HostileResult result{{}, cell.name, cell.has_goal, cell.refused_as};
    try {
        for (int round = 0; round < campaign.rounds; round++)
            result.add(one_round(
                lab, cell,
                static_cast<std::uint32_t>(std::max(2000.0, frames_of_a_period * campaign.share))));
    } catch (const std::exception& error) {
        result.failed = error.what();
    }
    return result;
}

int run(const Options& options) {
    // BPF_PROG_RUN cannot run an extension program, which libxdp's dispatcher would make of ours.
    ::setenv("LIBXDP_SKIP_DISPATCHER", "1", 1);
    HostileResults results{.campaign = options.campaign};
    results.campaign.begin();
    const Lab lab;
    for (const auto& cell : attacks(options.campaign.share))
        if (options.campaign.wants(cell.name))
            results.cells.push_back(measure(lab, cell, options.campaign));
    results.campaign.end();

    write_file(options.json, as_lines(as_json(results)));
    const std::string markdown = as_markdown(results);
    write_file(options.markdown, markdown);
    fmt::print("{}", markdown);
    return results.failed() ? 1 : 0;
}

} // namespace

int main(int argc, char** argv) try {
    return run(parse(argc, argv));
} catch (const std::exception& error) {
    fmt::print(stderr, "bench_hostile: {}\n", error.what());
    return 1;
}
