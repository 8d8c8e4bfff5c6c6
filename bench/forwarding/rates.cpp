// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What the highest rate is, and what a frame costs: the source waits for the switch, so none has to
// be lost.
#include "../prog_run.h"
#include "section.h"
#include "source.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <tuple>

namespace xdpbridge::bench {

namespace {

struct Cell {
    std::string name;
    std::uint32_t size = 64;           // as the RFCs count it
    std::size_t egress = 1;            // ports that each frame leaves by
    bool unknown = false;              // flooded for its destination, else as a broadcast
    std::uint32_t pairs = 1;           // of hosts that are known, and talk
    bool new_sources = false;          // each frame's
    bool socket = false;               // the source is a host's socket
    std::optional<Routed> routed = {}; // else switched
    bool netfilter = false;            // the kernel's bridge looks at the host's firewall
    std::uint32_t frames = 200'000;    // a measurement
};

struct Section {
    const char *id, *title, *legend;
    std::vector<Cell> cells;
};

// What a socket can send, for BPF_PROG_RUN takes no frame that needs more than one page.
constexpr std::uint32_t socket_sizes[] = {64, 1518, 9000};
constexpr std::uint32_t rfc2544_sizes[] = {64, 128, 256, 512, 1024, 1280, 1518};
constexpr std::uint32_t jumbo = 1518; // more is

std::vector<Cell> throughput_cells() {
    std::vector<Cell> cells;
    for (const auto size : rfc2544_sizes)
        cells.push_back({.name = fmt::format("L2/size:{}", size), .size = size});
    for (const auto size : socket_sizes)
        cells.push_back({.name = fmt::format("L2/by_socket/size:{}", size),
                         .size = size,
                         .socket = true,
                         .frames = 50'000});
    cells.push_back({.name = "L2/bridge_netfilter/size:64", .netfilter = true});
    for (const auto routed : {Routed::by_svis, Routed::by_ports}) {
        const std::string kind = routed == Routed::by_svis ? "svis" : "routed_ports";
        for (const auto size : {64U, 512U, 1518U})
            cells.push_back(
                {.name = fmt::format("L3/{}/size:{}", kind, size), .size = size, .routed = routed});
        for (const auto size : socket_sizes)
            cells.push_back({.name = fmt::format("L3/{}/by_socket/size:{}", kind, size),
                             .size = size,
                             .socket = true,
                             .routed = routed,
                             .frames = 50'000});
    }
    return cells;
}

std::vector<Cell> flood_cells() {
    std::vector<Cell> cells;
    for (const std::size_t ports : {2, 4, 8, 16, 32})
        for (const bool unknown : {false, true})
            cells.push_back(
                {.name = fmt::format("{}/ports:{}", unknown ? "unknown" : "broadcast", ports),
                 .egress = ports,
                 .unknown = unknown,
                 .frames = static_cast<std::uint32_t>(200'000 / ports)});
    return cells;
}

std::vector<Cell> caching_cells() {
    std::vector<Cell> cells;
    for (const std::uint32_t macs : {2, 10, 100, 1000, 10'000, 100'000, 1'000'000})
        cells.push_back({.name = fmt::format("macs:{}", macs), .pairs = macs / 2});
    return cells;
}

std::vector<Section> all_sections() {
    return {
        {"rfc2544_26.1", "RFC 2544 26.1: throughput",
         "Known unicast, sizes with FCS. CPU ns a frame: median (min-max); the most frames a "
         "second on the clock; the least share that arrived. Ratios are of ns.",
         throughput_cells()},
        {"rfc2889_5.10", "RFC 2889 5.10: broadcast forwarding, and unknown unicast likewise",
         "CPU ns a copy, by the number of ports that each frame leaves by; copies a second.",
         flood_cells()},
        {"rfc2889_5.7", "RFC 2889 5.7: address caching capacity",
         "So many hosts are learned, then each frame is from and to others of them. A frame that "
         "is flooded leaves no figure.",
         caching_cells()},
        {"rfc2889_5.8",
         "RFC 2889 5.8: address learning rate",
         "Each frame is from a host not seen before, all are learned.",
         {{.name = "learning", .new_sources = true, .frames = 100'000}}},
    };
}

// Of what runs the frames through the switch: CPU ns for each.
using Traffic = std::function<double()>;

// Counts what left meanwhile. Throws if the switch took another way than the cell says, for that
// would be a wrong measurement.
Figures observe(const Cell& cell, std::uint32_t frames, const ForwardingNet& net,
                const Traffic& traffic) {
    std::vector<std::uint64_t> before;
    for (std::size_t port = 1; port < net.ports().size(); port++)
        before.push_back(net.left_by(port));
    const auto start = std::chrono::steady_clock::now();
    const double ns = traffic();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

    std::uint64_t arrived = 0, astray = 0;
    for (std::size_t port = 1; port < net.ports().size(); port++)
        (port <= cell.egress ? arrived : astray) += net.left_by(port) - before[port - 1];
    const std::uint64_t wanted = static_cast<std::uint64_t>(frames) * cell.egress;
    if (astray > 0 || arrived == 0 || arrived > wanted)
        throw std::runtime_error(fmt::format("of {} frames {} arrived, {} left by other ports",
                                             wanted, arrived, astray));
    return {{"ns", ns / static_cast<double>(cell.egress)},
            {"mframes", static_cast<double>(arrived) / seconds.count() / 1e6},
            {"arrived", static_cast<double>(arrived) / static_cast<double>(wanted)}};
}

Figures switch_frames(const Cell& cell, std::uint32_t frames, const Switch& bridge,
                      const ForwardingNet& net) {
    const PortOf in(bridge, 0), out(bridge, 1);
    const auto first = net.ports()[0].ifindex, second = net.ports()[1].ifindex;
    const std::string here = source(0).to_string(), there = destination(0).to_string();
    const bool varied = cell.pairs > 1;

    // vary.bpf.c visits all pairs in three times as many frames.
    const std::uint32_t lesson = varied ? 3 * cell.pairs : 64;
    const Varied pairs(in, cell.pairs), pairs_back(out, cell.pairs), new_sources(in, 0);
    run_program(pairs.program(), frame_of(64, there, here), first, lesson, Redirects::carried_out);
    run_program(pairs_back.program(), frame_of(64, here, there), second, lesson,
                Redirects::carried_out);

    const bool flooded = cell.egress > 1;
    const std::string to = !flooded       ? there
                           : cell.unknown ? destination(1).to_string()
                                          : "ff:ff:ff:ff:ff:ff";
    const auto frame = frame_of(cell.size, to, here);
    const int program = cell.new_sources ? new_sources.program()
                        : varied         ? pairs.program()
                                         : in.program();
    const auto learned_before = cell.new_sources ? bridge.learned() : 0;
    auto figures = observe(cell, frames, net, [&] {
        return cell.socket ? send_by_socket(ForwardingNet::far_end(0), frame, frames)
                           : run_program(program, frame, first, frames, Redirects::carried_out);
    });
    if (cell.new_sources) {
        const auto learned = bridge.learned() - learned_before;
        // The first number that vary.bpf.c makes is that of a host known already.
        if (learned + 1 < frames)
            throw std::runtime_error(fmt::format("of {} hosts {} were learned", frames, learned));
        figures["learned"] = static_cast<double>(learned);
    }
    return figures;
}

Figures route_frames(const Cell& cell, std::uint32_t frames, Side side, const Router& router,
                     const ForwardingNet& net) {
    const PortOf in(router, 0), out(router, 1);
    const auto first = net.ports()[0].ifindex, second = net.ports()[1].ifindex;
    const auto frame = frame_of(cell.size, router.mac(), source(0).to_string());
    // Where a switch is under the router, it has to know the host.
    run_program(out.program(), frame_of(64, "02:00:00:00:00:aa", destination(0).to_string()),
                second, 64, Redirects::carried_out);
    const Restored restored(in, frame); // a router changes the frame, and BPF_PROG_RUN repeats it

    const auto routed_before = router.routed_by_itself();
    auto figures = observe(cell, frames, net, [&] {
        return cell.socket
                   ? send_by_socket(ForwardingNet::far_end(0), frame, frames)
                   : run_program(restored.program(), frame, first, frames, Redirects::carried_out);
    });
    if (side != Side::kernel) {
        const double routed =
            static_cast<double>(router.routed_by_itself() - routed_before) / frames;
        // A frame in several buffers is the host's stack's to route.
        if (routed < 0.999 && cell.size <= jumbo)
            throw std::runtime_error("the host's stack routed " + percent(1 - routed));
        figures["routed_by_itself"] = routed;
    }
    return figures;
}

// What the source alone takes of the figure: the frames are dropped as they come in.
double source_alone(const Cell& cell, std::uint32_t frames) {
    const ForwardingNet net({.ports = 1, .mtu = 9004});
    const Sink at_once("p0");
    return send_by_socket(ForwardingNet::far_end(0),
                          frame_of(cell.size, "02:00:00:00:00:01", "02:00:00:00:00:02"), frames);
}

std::string shown_rates(const Entry& entry) {
    std::string text =
        fmt::format("{:.0f} ({:.0f}-{:.0f}); {:.2f} M/s; {}", entry.median("ns"), entry.least("ns"),
                    entry.most("ns"), entry.most("mframes"), percent(entry.least("arrived")));
    if (entry.has("routed_by_itself") && entry.least("routed_by_itself") < 0.999)
        text += ", routed by the host's stack";
    if (entry.has("source_ns"))
        text += fmt::format(" (the socket {:.0f})", entry.median("source_ns"));
    return text;
}

// Cells that one switch can be asked for one after the other: the greater part of the time goes
// into making one.
bool share_a_switch(const Cell& one, const Cell& other) {
    const auto needs = [](const Cell& cell) {
        return std::tuple(cell.egress, cell.routed, cell.netfilter, cell.new_sources);
    };
    return needs(one) == needs(other);
}

void measure_group(ForwardingResults& results, SectionResult& section,
                   const std::vector<Cell>& cells) {
    const Cell& any = cells.front();
    const auto most_pairs =
        std::max_element(cells.begin(), cells.end(), [](const Cell& one, const Cell& other) {
            return one.pairs < other.pairs;
        })->pairs;
    std::map<std::string, double> source_ns;
    for (const auto& cell : cells)
        if (cell.socket)
            source_ns[cell.name] = source_alone(cell, scaled(results, cell.frames));
    // One port more than there should be frames at, to see a flood.
    ForwardingNet net(
        {.ports = any.egress > 1 ? any.egress + 1 : 3, .mtu = 9004, .netfilter = any.netfilter});
    for (int round = 0; round < results.campaign.rounds; round++)
        for (const Side side : all_sides) {
            std::unique_ptr<Router> router;
            std::unique_ptr<Switch> bridge;
            if (any.routed)
                router = make_router(side, net, *any.routed);
            else
                bridge = make_switch(
                    side, net, any.new_sources || most_pairs > 1 ? Bridge::max_fdb_size : 16'384);
            for (const auto& cell : cells)
                try {
                    const auto frames = scaled(results, cell.frames);
                    auto figures = router ? route_frames(cell, frames, side, *router, net)
                                          : switch_frames(cell, frames, *bridge, net);
                    if (cell.socket)
                        figures["source_ns"] = source_ns.at(cell.name);
                    section.entry(cell.name, side).add(figures);
                } catch (const std::exception& error) {
                    section.entry(cell.name, side).failed = error.what();
                }
        }
}

} // namespace

void measure_rates(ForwardingResults& results) {
    for (const auto& [id, title, legend, cells] : all_sections()) {
        SectionResult section{
            .id = id, .title = title, .legend = legend, .cost = "ns", .show = shown_rates};
        std::vector<Cell> group;
        const auto measure = [&] {
            if (!group.empty())
                measure_group(results, section, group);
            group.clear();
        };
        for (const auto& cell : cells) {
            if (!group.empty() && !share_a_switch(group.front(), cell))
                measure();
            if (wanted(results, id, cell.name))
                group.push_back(cell);
        }
        measure();
        results.sections.push_back(std::move(section));
    }
}

} // namespace xdpbridge::bench
