// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What a feature costs a frame: the same switch twice, side by side in one run, without the feature
// and with it. README.md says what is measured and how to read it.
#include "contenders.h"
#include "prog_run.h"

#include <xdpbridge/acl.h>
#include <xdpbridge/guard.h>
#include <xdpbridge/port.h>
#include <xdpbridge/vlan.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <vector>

using namespace xdpbridge;
using namespace xdpbridge::bench;

namespace {

constexpr int rounds = 21;
constexpr std::uint32_t frames = 1'000'000; // a measurement
constexpr std::uint16_t vid = 10;

sandbox::Frame untagged() {
    return sandbox::Ethernet{.dst = destination(0).to_string(), .src = source(0).to_string()} /
           sandbox::IPv4{.src = "10.0.0.1", .dst = "10.0.0.2"} / sandbox::Udp{} /
           sandbox::Payload{18};
}

sandbox::Frame tagged() {
    return sandbox::Ethernet{.dst = destination(0).to_string(), .src = source(0).to_string()} /
           sandbox::Vlan{.vid = vid} / sandbox::IPv4{.src = "10.0.0.1", .dst = "10.0.0.2"} /
           sandbox::Udp{} / sandbox::Payload{18};
}

void as_it_is(Bridge& /*bridge*/) {}

// Both ports carry VLAN 10 tagged, and the two hosts are in it.
void make_trunks(Bridge& bridge) {
    for (const auto& port : bridge.ports().list())
        bridge.vlans().add(port.device, {vid, vid});
    bridge.fdb().add({.mac = source(0), .vlan = vid, .port = 1});
    bridge.fdb().add({.mac = destination(0), .vlan = vid, .port = 2});
}

void set_port(const Bridge& bridge, const PortSettings& settings) {
    bridge.ports().set(bridge.ports().list().at(0).device, {.settings = settings});
}

// The source is bound with the address that the frame comes from.
void guard_sources(Bridge& bridge) {
    bridge.guards().add(bridge.ports().list().at(0).device, source(0), Ip::parse("10.0.0.1"));
    set_port(bridge, {.source_guard = SourceGuard::ip});
}

void guard_all(Bridge& bridge) {
    guard_sources(bridge);
    set_port(bridge, {.arp_guard = true, .dhcp_guard = true, .ra_guard = true, .bpdu_guard = true});
}

// More than comes.
void police(Bridge& bridge) {
    set_port(bridge, {.police = Rate{.packets = Rate::max_packets, .bits = Rate::max_bits}});
}

// Rules from network to network and to a port; the last one is the frame's, and lets it pass.
void add_rules(Bridge& bridge, unsigned count) {
    std::vector<AclRule> rules;
    for (unsigned i = 0; i + 1 < count; i++)
        rules.push_back(AclRule::parse(fmt::format(
            "--src 10.{}.{}.0/24 --dst 172.16.{}.0/24 --proto {} --dport {}-{} drop", 1 + i / 256,
            i % 256, i * 7 % 256, i % 2 ? "tcp" : "udp", 100 + i, 110 + i)));
    rules.push_back(AclRule::parse("--src 10.0.0.0/8 --proto udp pass"));
    bridge.acl().replace(rules);
}

// The hardest that we can think of: each word of the sets has rules that fit by their source, and
// rules that fit by their port, and none that fits by both.
void add_adverse_rules(Bridge& bridge, unsigned count) {
    std::vector<AclRule> rules;
    for (unsigned i = 0; i + 1 < count; i++)
        rules.push_back(AclRule::parse(
            i % 2 ? fmt::format("--src 10.0.0.0/8 --dst 10.0.0.0/8 --proto udp --dport {} drop",
                                2000 + i)
                  : fmt::format("--src 11.{}.{}.0/24 --dport 1-1999 drop", i / 256, i % 256)));
    rules.push_back(AclRule::parse("--src 10.0.0.0/8 --proto udp pass"));
    bridge.acl().replace(rules);
}

template <void (*add)(Bridge&, unsigned), unsigned count>
void rules(Bridge& bridge) {
    add(bridge, count);
}

// One of the two that a scenario compares.
struct Side {
    BridgeOptions options = {};
    void (*configure)(Bridge& bridge) = as_it_is;
    sandbox::Frame (*frame)() = untagged;
};

struct Scenario {
    const char* name;
    Side without;
    Side with;
    double acceptable = 0; // with/without; 0: no goal
};

const std::array scenarios{
    Scenario{"vlan/access", {}, {.options = {.vlan_aware = true}}, 1.25},
    Scenario{"vlan/trunk", {}, {{.vlan_aware = true}, make_trunks, tagged}, 1.25},
    Scenario{"guards/source", {}, {.configure = guard_sources}},
    Scenario{"guards/all", {}, {.configure = guard_all}},
    Scenario{"guards/police", {}, {.configure = police}},
    Scenario{"acl/rules:10", {}, {.configure = rules<add_rules, 10>}},
    Scenario{"acl/rules:1000",
             {.configure = rules<add_rules, 10>},
             {.configure = rules<add_rules, 1000>},
             3},
    Scenario{"acl/adverse:1000",
             {.configure = rules<add_adverse_rules, 10>},
             {.configure = rules<add_adverse_rules, 1000>}},
};

class Lane {
  public:
    Lane(const Devices& devices, const Side& side, const std::string& name)
        : devices_(devices), ours_(devices, side.options, false, name), frame_(side.frame()) {
        ours_.know(1);
        side.configure(ours_.bridge());
        measure(); // warms up
        before_ = ours_.counters().forwarded;
    }
    double measure() {
        measurements_++;
        return run_program(ours_.program(), frame_, devices_.in.ifindex, frames);
    }
    // A program that took another way than the scenario says would be a wrong measurement.
    void check() const {
        const auto forwarded = ours_.counters().forwarded - before_;
        if (forwarded != (measurements_ - 1) * frames)
            throw std::runtime_error(fmt::format("{} of {} frames were forwarded", forwarded,
                                                 (measurements_ - 1) * frames));
    }

  private:
    Devices devices_;
    Ours ours_;
    sandbox::Frame frame_;
    std::uint64_t measurements_ = 0;
    std::uint64_t before_ = 0;
};

void run(benchmark::State& state, const Scenario& scenario, const Lab& lab) try {
    Lane without(lab.devices(), scenario.without, "without");
    Lane with(lab.twin(), scenario.with, "with");
    std::vector<double> without_ns, with_ns, ratios;
    // An iteration is a round: each once, so that what disturbs one disturbs both.
    while (state.KeepRunning()) {
        without_ns.push_back(without.measure());
        with_ns.push_back(with.measure());
        ratios.push_back(with_ns.back() / without_ns.back());
        state.SetIterationTime(with_ns.back() * 1e-9);
    }
    without.check();
    with.check();
    report(state, "first", without_ns);
    report(state, "second", with_ns);
    report(state, "ratio", ratios);
    state.counters["acceptable"] = scenario.acceptable;
} catch (const std::exception& error) {
    state.SkipWithError(error.what());
}

} // namespace

int main(int argc, char** argv) try {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    ::setenv("LIBXDP_SKIP_DISPATCHER", "1", 1); // BPF_PROG_RUN takes no extension program
    const Lab lab;
    for (const auto& scenario : scenarios)
        add(scenario.name, rounds, [&](benchmark::State& state) { run(state, scenario, lab); });
    RatioTable table("without", "with", "with/without");
    benchmark::RunSpecifiedBenchmarks(&table);
    return table.failed() ? 1 : 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "bench_features: {}\n", error.what());
    return 1;
}
