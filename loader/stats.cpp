// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "interrupt.h"
#include "output.h"

#include <fmt/format.h>

namespace xdpbridge::loader {

namespace {

struct StatsArguments {
    std::string bridge;
    std::string device;
    bool watch = false;
    double interval = 1;
    unsigned count = 0; // 0: until interrupted
};

template <typename Reason>
Cell reasons_cell(const __u64* counts, std::size_t size, Colour colour = Colour::warning) {
    nlohmann::json all = nlohmann::json::object();
    std::string text;
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < size; i++) {
        const auto name = name_of(static_cast<Reason>(i));
        all[std::string(name)] = counts[i];
        total += counts[i];
        if (counts[i] != 0)
            text += fmt::format("{}{}={}", text.empty() ? " " : ",", name, counts[i]);
    }
    return cell(all, fmt::format("{}{}", total, text), total == 0 ? Colour::none : colour);
}

// after - before, member by member; both are nothing but 64-bit counters.
PortCounters difference(const PortCounters& after, const PortCounters& before) {
    using Words = std::array<std::uint64_t, sizeof(xdpb_counters) / sizeof(std::uint64_t)>;
    auto words = std::bit_cast<Words>(static_cast<const xdpb_counters&>(after));
    const auto old = std::bit_cast<Words>(static_cast<const xdpb_counters&>(before));
    for (std::size_t i = 0; i < words.size(); i++)
        words[i] -= std::min(words[i], old[i]);
    return {std::bit_cast<xdpb_counters>(words)};
}

// By device and hook.
using Snapshot = std::map<std::pair<std::string, xdpb_hook>, PortCounters>;

// A hook that a port has not got still sends what comes in at that hook of others.
bool has_row(const PortInfo& port, xdpb_hook hook, const PortCounters& counters) {
    const bool attached = hook == XDPB_HOOK_XDP ? port.xdp : port.tc;
    return attached || counters.rx_packets != 0 || counters.tx_packets != 0 ||
           counters.refused_total() != 0;
}

Snapshot read_counters(const Bridge& bridge, const std::string& only) {
    const Ports ports = bridge.ports();
    const Stats stats = bridge.stats();
    Snapshot snapshot;
    for (const auto& port : only.empty() ? ports.list() : std::vector{ports.get(only)})
        for (const auto hook : {XDPB_HOOK_XDP, XDPB_HOOK_TC}) {
            const auto counters = stats.port(port.number, hook);
            if (has_row(port, hook, counters))
                snapshot.emplace(std::pair(port.device, hook), counters);
        }
    return snapshot;
}

void print_counters(const Context& context, const Snapshot& snapshot) {
    Table table(context.json, {{"device"},
                               {"hook"},
                               {"rx_packets", true},
                               {"rx_bytes", true},
                               {"tx_packets", true},
                               {"tx_bytes", true},
                               {"forwarded", true},
                               {"flooded", true},
                               {"passed", true},
                               {"moved_here", true},
                               {"quota_exceeded", true},
                               {"fdb_full", true},
                               {"handed"},
                               {"dropped"},
                               {"refused"},
                               {"answered", true},
                               {"routed", true},
                               {"to_stack"},
                               {"mirrored", true},
                               {"filtered"}});
    for (const auto& [key, c] : snapshot)
        table.row(
            {cell(key.first),
             cell(key.second == XDPB_HOOK_XDP ? "xdp" : "tc"),
             cell(c.rx_packets),
             cell(c.rx_bytes),
             cell(c.tx_packets),
             cell(c.tx_bytes),
             cell(c.forwarded),
             cell(c.flooded),
             cell(c.passed),
             cell(c.moved_here),
             cell(c.quota_exceeded),
             cell(c.fdb_full),
             reasons_cell<xdpb_hand_reason>(c.handed, XDPB_HAND_REASON_COUNT, Colour::none),
             reasons_cell<xdpb_drop_reason>(c.dropped, XDPB_DROP_REASON_COUNT),
             reasons_cell<xdpb_refusal_reason>(c.refused, XDPB_REFUSAL_REASON_COUNT),
             cell(c.answered),
             cell(c.routed),
             reasons_cell<xdpb_stack_reason>(c.to_stack, XDPB_STACK_REASON_COUNT, Colour::none),
             cell(c.mirrored),
             reasons_cell<xdpb_filter_reason>(c.filtered, XDPB_FILTER_REASON_COUNT, Colour::none)});
}

void watch_counters(const Context& context, const StatsArguments& arguments) {
    const Bridge bridge = Bridge::open(arguments.bridge, context.where);
    const Interrupt interrupt;
    const auto interval =
        std::chrono::milliseconds(static_cast<std::int64_t>(arguments.interval * 1000));
    Snapshot before = read_counters(bridge, arguments.device);
    for (unsigned i = 0; (arguments.count == 0 || i < arguments.count) && interrupt.sleep(interval);
         i++) {
        const Snapshot now = read_counters(bridge, arguments.device);
        Snapshot change;
        for (const auto& [key, counters] : now)
            change.emplace(key,
                           before.contains(key) ? difference(counters, before.at(key)) : counters);
        if (!context.json && use_colour())
            fmt::print("\033[H\033[2J"); // a terminal: in place, like watch(1)
        if (!context.json)
            fmt::print("{} in the last {} s\n", arguments.bridge, arguments.interval);
        print_counters(context, change);
        before = now;
    }
}

} // namespace

void add_stats_command(CLI::App& app, const Context& context) {
    add_verb<StatsArguments>(
        app, "stats", "Show what each port received, sent and dropped",
        "xdp-bridge stats br0 --watch",
        [](CLI::App& verb, StatsArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
            add_device_argument(verb, arguments.device)->required(false);
            verb.add_flag("--watch", arguments.watch,
                          "show the change, again and again, until interrupted");
            verb.add_option("--interval", arguments.interval, "seconds between two looks")
                ->check(CLI::Range(0.01, 3600.0))
                ->type_name("SECONDS")
                ->capture_default_str();
            verb.add_option("--count", arguments.count, "stop after so many looks")
                ->type_name("LOOKS");
        },
        [&context](const StatsArguments& arguments) {
            if (arguments.watch)
                watch_counters(context, arguments);
            else
                print_counters(context, read_counters(Bridge::open(arguments.bridge, context.where),
                                                      arguments.device));
        });
}

} // namespace xdpbridge::loader
