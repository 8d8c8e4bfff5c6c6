// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What the switch forwards beside the kernel's bridge, by the tests of RFC 2544 and RFC 2889.
// README.md says what is measured and how to read it.
#include "forwarding/switches.h"
#include "prog_run.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <stdexcept>

using namespace xdpbridge;
using namespace xdpbridge::bench;

namespace {

constexpr int rounds = 5;
constexpr std::uint32_t fcs = 4; // in the RFCs' frame sizes, and not in a frame that software sees

struct Cell {
    std::string name;
    std::uint32_t size = 64; // as the RFCs count it
    std::size_t egress = 1;  // ports that each frame leaves by
    std::uint32_t pairs = 1; // of hosts that are known, and talk
    bool new_sources = false;
    std::uint32_t frames = 200'000; // a measurement
};

std::vector<Cell> all_cells() {
    std::vector<Cell> cells;
    for (const std::uint32_t size : {64, 128, 256, 512, 1024, 1280, 1518})
        cells.push_back({.name = fmt::format("rfc2544_26.1/size:{}", size), .size = size});
    for (const std::size_t ports : {2, 4, 8, 16, 32})
        cells.push_back({.name = fmt::format("rfc2889_5.10/broadcast/ports:{}", ports),
                         .egress = ports,
                         .frames = static_cast<std::uint32_t>(200'000 / ports)});
    for (const std::uint32_t macs : {2, 1000, 100'000, 1'000'000})
        cells.push_back({.name = fmt::format("rfc2889_5.7/macs:{}", macs), .pairs = macs / 2});
    cells.push_back({.name = "rfc2889_5.8/learning", .new_sources = true, .frames = 100'000});
    return cells;
}

sandbox::Frame frame_of(const Cell& cell, const Mac& dst, const Mac& src) {
    constexpr std::size_t headers = 14 + 20 + 8;
    return sandbox::Ethernet{.dst = dst.to_string(), .src = src.to_string()} /
           sandbox::IPv4{.src = "10.0.0.1", .dst = "10.0.0.2"} / sandbox::Udp{} /
           sandbox::Payload{cell.size - fcs - headers};
}

struct Result {
    double mframes;   // per second, that arrived
    double delivered; // of those that should have, 1 is all
};

// One switch in one round: the hosts are taught, then the frames counted at the far ends.
Result measure(const Cell& cell, Side side, ForwardingNet& net) {
    const auto bridge = make_switch(side, net, Bridge::max_fdb_size);
    const bool flooded = cell.egress > 1;
    const PortOf in(*bridge, 0);
    const PortOf out(*bridge, 1);
    const Mac broadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    const auto there = frame_of(cell, flooded ? broadcast : destination(0), source(0));
    const auto back = frame_of(cell, source(0), destination(0));
    const bool varied = cell.pairs > 1;

    // vary.bpf.c visits all pairs in about so many frames.
    const std::uint32_t lesson = varied ? 3 * cell.pairs : 64;
    const Varied forth_pairs(in, cell.pairs);
    const Varied back_pairs(out, cell.pairs);
    run_program(forth_pairs.program(), frame_of(cell, destination(0), source(0)),
                net.ports()[0].ifindex, lesson, Redirects::carried_out);
    run_program(back_pairs.program(), back, net.ports()[1].ifindex, lesson, Redirects::carried_out);

    const Varied new_sources(in, 0);
    const int program = cell.new_sources ? new_sources.program()
                        : varied         ? forth_pairs.program()
                                         : in.program();
    std::vector<std::uint64_t> before;
    for (std::size_t port = 1; port < net.ports().size(); port++)
        before.push_back(net.left_by(port));
    const auto learned_before = cell.new_sources ? bridge->learned() : 0;
    const auto start = std::chrono::steady_clock::now();
    run_program(program, there, net.ports()[0].ifindex, cell.frames, Redirects::carried_out);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

    std::uint64_t arrived = 0;
    std::uint64_t astray = 0;
    for (std::size_t port = 1; port < net.ports().size(); port++) {
        const auto frames = net.left_by(port) - before[port - 1];
        (port <= cell.egress ? arrived : astray) += frames;
    }
    // A switch that took another way than the cell says would be a wrong measurement.
    const auto learned = cell.new_sources ? bridge->learned() - learned_before : 0;
    if (astray > 0 || arrived == 0 || arrived > cell.frames * cell.egress ||
        (cell.new_sources && learned < cell.frames * 99 / 100))
        throw std::runtime_error(
            fmt::format("{}: of {} frames {} arrived, {} left by other ports, {} were learned",
                        name(side), cell.frames * cell.egress, arrived, astray, learned));
    return {static_cast<double>(arrived) / seconds.count() / 1e6,
            static_cast<double>(arrived) / static_cast<double>(cell.frames * cell.egress)};
}

void run(benchmark::State& state, const Cell& cell) try {
    // One port more than there should be frames at, to see a flood.
    ForwardingNet net(cell.egress > 1 ? cell.egress + 1 : 3);
    std::map<Side, std::vector<double>> rates, delivered, ratios;
    while (state.KeepRunning()) {
        for (const Side side : all_sides) {
            const Result result = measure(cell, side, net);
            rates[side].push_back(result.mframes);
            delivered[side].push_back(result.delivered);
            ratios[side].push_back(result.mframes / rates[Side::kernel_bridge].back());
        }
        state.SetIterationTime(1);
    }
    for (const Side side : all_sides) {
        report(state, name(side), rates[side]);
        report(state, fmt::format("{}_delivered", name(side)), delivered[side]);
        if (side != Side::kernel_bridge)
            report(state, fmt::format("{}/kernel", name(side)), ratios[side]);
    }
} catch (const std::exception& error) {
    state.SkipWithError(error.what());
}

class ForwardingTable : public Table {
  protected:
    [[nodiscard]] std::string heading() const override {
        return fmt::format(
            "\nMframe/s that arrived: median of {} rounds (least share that "
            "arrived); ratios: median (min-max)\n{:34}{:>16}{:>16}{:>16}{:>20}{:>20}",
            rounds, "", "kernel bridge", "tc", "xdp", "tc/kernel", "xdp/kernel");
    }
    std::string line(const Run& run) override {
        std::string text = fmt::format("{:34}", run.run_name.function_name);
        for (const std::string side : {"kernel", "tc", "xdp"})
            text += fmt::format("{:>16}", fmt::format("{:.2f} ({:.1f}%)", value(run, side),
                                                      100 * value(run, side + "_delivered_min")));
        for (const std::string ratio : {"tc/kernel", "xdp/kernel"})
            text += fmt::format("{:>20}", fmt::format("{:.2f} ({:.2f}-{:.2f})", value(run, ratio),
                                                      value(run, ratio + "_min"),
                                                      value(run, ratio + "_max")));
        return text;
    }
};

} // namespace

int main(int argc, char** argv) try {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    // BPF_PROG_RUN cannot run an extension program, which libxdp's dispatcher would make of ours.
    ::setenv("LIBXDP_SKIP_DISPATCHER", "1", 1);
    const auto cells = all_cells();
    for (const auto& cell : cells)
        add(cell.name, rounds, [&](benchmark::State& state) { run(state, cell); });
    ForwardingTable table;
    benchmark::RunSpecifiedBenchmarks(&table);
    return table.failed() ? 1 : 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "bench_forwarding: {}\n", error.what());
    return 1;
}
