// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What routing costs a frame, beside a program that asks the kernel's routes and does nothing else.
// README.md says what is measured and how to read it.
#include "contenders.h"
#include "prog_run.h"

#include <sandbox/process.h>
#include <xdpbridge/neighbour.h>
#include <xdpbridge/route.h>
#include <xdpbridge/svi.h>
#include <xdpbridge/vlan.h>

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

using namespace xdpbridge;
using namespace xdpbridge::bench;

namespace {

constexpr int rounds = 21;
constexpr std::uint32_t frames = 1'000'000; // a measurement
constexpr double acceptable = 1.4;          // ours/lookup in the scenario kernel

void ip(const std::string& words) {
    sandbox::Argv argv{"ip"};
    std::istringstream stream(words);
    for (std::string word; stream >> word;)
        argv.push_back(word);
    sandbox::check(argv);
}

sandbox::Frame datagram(const std::string& router, const char* src, const char* dst) {
    return sandbox::Ethernet{.dst = router, .src = source(0).to_string()} /
           sandbox::IPv4{.src = src, .dst = dst} / sandbox::Udp{} / sandbox::Payload{18};
}

// From 10.3.0.2 to 10.4.0.2, by addresses of the devices themselves.
class Lookup {
  public:
    explicit Lookup(const Devices& devices)
        : devices_(devices),
          contender_(devices),
          frame_(datagram("02:00:00:00:00:01", "10.3.0.2", "10.4.0.2")),
          restored_(contender_, frame_) {
        ip(fmt::format("address replace 10.3.0.1/24 dev {}", devices.in.name));
        ip(fmt::format("address replace 10.4.0.1/24 dev {}", devices.out.name));
        ip(fmt::format("neigh replace 10.4.0.2 lladdr {} dev {} nud permanent",
                       destination(0).to_string(), devices.out.name));
    }
    double measure() {
        return run_program(restored_.program(), frame_, devices_.in.ifindex, frames);
    }

  private:
    Devices devices_;
    FibForward contender_;
    sandbox::Frame frame_;
    Restored restored_;
};

// From 10.1.0.2 in VLAN 10 to 10.2.0.2 in VLAN 20.
class Router {
  public:
    explicit Router(const Devices& devices)
        : devices_(devices), ours_(devices, {.vlan_aware = true}, false) {
        Bridge& bridge = ours_.bridge();
        bridge.vlans().add(devices.in.name, {10, 10}, {.pvid = true, .untagged = true});
        bridge.vlans().add(devices.out.name, {20, 20}, {.pvid = true, .untagged = true});
        bridge.fdb().add({.mac = source(0), .vlan = 10, .port = 1, .is_static = true});
        bridge.fdb().add({.mac = destination(0), .vlan = 20, .port = 2, .is_static = true});
        bridge.svis().add("vlan10", {.vlan = 10});
        bridge.svis().add("vlan20", {.vlan = 20});
        ip("address add 10.1.0.1/24 dev vlan10");
        ip("address add 10.2.0.1/24 dev vlan20");
        ip(fmt::format("neigh replace 10.2.0.2 lladdr {} dev vlan20 nud permanent",
                       destination(0).to_string()));
        frame_ = datagram(bridge.svis().list().at(0).mac.to_string(), "10.1.0.2", "10.2.0.2");
        restored_.emplace(ours_, frame_);
    }
    // Routes of the bridge's own: that to the destination, and as many others.
    void route_by_itself(unsigned others) {
        Bridge& bridge = ours_.bridge();
        std::ostringstream routes;
        routes << "10.2.0.0/24 dev vlan20\n";
        for (unsigned i = 0; i < others; i++)
            routes << fmt::format("{}.{}.{}.0/24 via 10.2.0.2 dev vlan20\n", 100 + (i >> 16),
                                  i >> 8 & 255, i & 255);
        std::istringstream text(routes.str());
        bridge.routes().load(text);
        bridge.set_routing(Routing::own);
    }
    double measure() {
        measurements_++;
        return run_program(restored_->program(), frame_, devices_.in.ifindex, frames);
    }
    // A program that took another way than the scenario says would be a wrong measurement.
    void check() const {
        const auto routed = ours_.counters().routed;
        if (routed != measurements_ * frames)
            throw std::runtime_error(
                fmt::format("{} of {} frames were routed", routed, measurements_ * frames));
    }

  private:
    Devices devices_;
    Ours ours_;
    sandbox::Frame frame_;
    std::optional<Restored> restored_;
    std::uint64_t measurements_ = 0;
};

struct Scenario {
    const char* name;
    bool own_routes;
    unsigned others = 0; // routes that the frame does not take
};

constexpr std::array scenarios{Scenario{"kernel", false}, Scenario{"static/routes:1", true},
                               Scenario{"static/routes:1000000", true, 999'999}};

void run(benchmark::State& state, const Scenario& scenario, const Lab& lab) try {
    Router router(lab.devices());
    if (scenario.own_routes)
        router.route_by_itself(scenario.others);
    Lookup lookup(lab.twin());
    router.measure(); // warms up
    lookup.measure();
    std::vector<double> lookup_ns, ours_ns, ratios;
    // An iteration is a round: each once, so that what disturbs one disturbs both.
    while (state.KeepRunning()) {
        lookup_ns.push_back(lookup.measure());
        ours_ns.push_back(router.measure());
        ratios.push_back(ours_ns.back() / lookup_ns.back());
        state.SetIterationTime(ours_ns.back() * 1e-9);
    }
    router.check();
    report(state, "first", lookup_ns);
    report(state, "second", ours_ns);
    report(state, "ratio", ratios);
    state.counters["acceptable"] = scenario.own_routes ? 0 : acceptable;
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
    std::ofstream("/proc/sys/net/ipv4/ip_forward") << "1";
    for (const auto& scenario : scenarios)
        add(scenario.name, rounds, [&](benchmark::State& state) { run(state, scenario, lab); });
    RatioTable table("lookup", "ours", "ours/lookup");
    benchmark::RunSpecifiedBenchmarks(&table);
    return table.failed() ? 1 : 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "bench_routing: {}\n", error.what());
    return 1;
}
