// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// ns a frame of our data plane, side by side with a plain learning switch and with the least that
// any switch in XDP can do. README.md says what is measured and how to read it.
#include "contenders.h"
#include "prog_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <vector>

using namespace xdpbridge;
using namespace xdpbridge::bench;

namespace {

constexpr int rounds = 21;
constexpr double acceptable = 1.5; // ours/plain in the scenario known_unicast
constexpr std::uint32_t default_fdb = 16384;
constexpr std::uint32_t largest_fdb = Bridge::max_fdb_size;

const Mac broadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
const Mac nowhere{{0x02, 3, 0, 0, 0, 0}};

enum class Addresses : std::uint8_t {
    fixed,      // those of pair 0 in every frame
    any_pair,   // another pair, one of those known, in each frame
    new_source, // a source that was never seen, in each frame
};

struct Scenario {
    const char* name;
    std::uint32_t fdb_size;
    std::uint32_t pairs; // of hosts that are known
    Addresses addresses = Addresses::fixed;
    Mac dst = destination(0);
    std::uint32_t frames = 1'000'000; // a measurement
    Redirects redirects = Redirects::decided;
    bool offloads = false; // the port may carry them
};

const std::array scenarios{
    Scenario{"known_unicast", default_fdb, 1},
    Scenario{"known_unicast/delivered", default_fdb, 1, Addresses::fixed, destination(0), 1'000'000,
             Redirects::carried_out},
    Scenario{"known_unicast/offloads", default_fdb, 1, Addresses::fixed, destination(0), 1'000'000,
             Redirects::decided, true},
    Scenario{"unknown_unicast", default_fdb, 1, Addresses::fixed, nowhere},
    Scenario{"broadcast", default_fdb, 1, Addresses::fixed, broadcast},
    Scenario{"one_pair/fdb:1000", default_fdb, 500},
    Scenario{"one_pair/fdb:100000", 100'000, 50'000},
    Scenario{"one_pair/fdb:1000000", largest_fdb, 500'000},
    Scenario{"any_pair/fdb:2", default_fdb, 1, Addresses::any_pair},
    Scenario{"any_pair/fdb:1000", default_fdb, 500, Addresses::any_pair},
    Scenario{"any_pair/fdb:100000", 100'000, 50'000, Addresses::any_pair},
    Scenario{"any_pair/fdb:1000000", largest_fdb, 500'000, Addresses::any_pair},
    Scenario{"new_source", largest_fdb, 1, Addresses::new_source, destination(0), 200'000},
    Scenario{"new_source/fdb_full", default_fdb, default_fdb / 2, Addresses::new_source},
};

sandbox::Frame shortest_frame(const Mac& dst, const Mac& src) {
    return sandbox::Ethernet{.dst = dst.to_string(), .src = src.to_string()} /
           sandbox::IPv4{.src = "10.0.0.1", .dst = "10.0.0.2"} / sandbox::Udp{} /
           sandbox::Payload{18};
}

bool is_full(const Scenario& scenario) {
    return scenario.fdb_size == 2 * scenario.pairs;
}

// One of the programs, with what varies the addresses in front of it if the scenario wants that.
struct Lane {
    const char* name;
    Contender& contender;
    std::optional<Varied> varied = {};
    std::vector<double> ns = {}; // a frame, in each round

    [[nodiscard]] int program() const { return varied ? varied->program() : contender.program(); }
};

// A program that took another way than the scenario says would be a wrong measurement.
void check(const Scenario& scenario, const Ours& ours, const Sink& sink, std::uint64_t frames) {
    const PortCounters counters = ours.counters();
    const bool known = scenario.dst == destination(0);
    bool right = (known ? counters.forwarded : counters.flooded) == frames;
    if (scenario.addresses == Addresses::new_source)
        right = right && (is_full(scenario) ? counters.fdb_full > frames - scenario.fdb_size
                                            : ours.learned() >= scenario.frames);
    // Those of all three programs; a machine with other work loses some on the way.
    if (scenario.redirects == Redirects::carried_out)
        right = right && sink.frames() > 3 * frames * 9 / 10;
    if (!right)
        throw std::runtime_error(fmt::format(
            "of {} frames {} were forwarded, {} flooded, {} not learned for want of room; {} hosts "
            "are known; {} frames of all programs arrived",
            frames, counters.forwarded, counters.flooded, counters.fdb_full, ours.learned(),
            sink.frames()));
}

std::vector<double> ratios(const std::vector<double>& a, const std::vector<double>& b) {
    std::vector<double> result;
    std::transform(a.begin(), a.end(), b.begin(), std::back_inserter(result), std::divides<>());
    return result;
}

void run(benchmark::State& state, const Scenario& scenario, const Devices& devices) try {
    Floor floor(devices);
    Plain plain(devices, scenario.fdb_size);
    Ours ours(devices, {.fdb_size = scenario.fdb_size}, scenario.offloads);
    const Sink sink;
    std::array lanes{Lane{"floor", floor}, Lane{"plain", plain}, Lane{"ours", ours}};
    const auto& [f, p, o] = lanes;

    const sandbox::Frame frame = shortest_frame(scenario.dst, source(0));
    const auto measure = [&](const Lane& lane) {
        return run_program(lane.program(), frame, devices.in.ifindex, scenario.frames,
                           scenario.redirects);
    };
    for (auto& lane : lanes) {
        lane.contender.know(scenario.pairs);
        if (scenario.addresses == Addresses::any_pair)
            lane.varied.emplace(lane.contender, scenario.pairs);
        if (scenario.addresses == Addresses::new_source)
            lane.varied.emplace(lane.contender, 0);
        measure(lane); // warms up
    }
    // An iteration is a round: each program once, so that what disturbs one disturbs all.
    while (state.KeepRunning()) {
        for (auto& lane : lanes) {
            if (scenario.addresses == Addresses::new_source && !is_full(scenario))
                lane.contender.know(scenario.pairs); // forget those that the last round learned
            lane.ns.push_back(measure(lane));
        }
        state.SetIterationTime(o.ns.back() * 1e-9);
    }
    check(scenario, ours, sink, (o.ns.size() + 1) * scenario.frames);

    for (const auto& lane : lanes)
        report(state, lane.name, lane.ns);
    report(state, "ours/floor", ratios(o.ns, f.ns));
    report(state, "ours/plain", ratios(o.ns, p.ns));
} catch (const std::exception& error) {
    state.SkipWithError(error.what());
}

class PipelineTable : public Table {
  protected:
    [[nodiscard]] std::string heading() const override {
        return fmt::format("\nns a frame: median (min) of {} rounds; ratios: median (min-max)\n"
                           "{:24}{:>16}{:>16}{:>16}{:>20}{:>20}",
                           rounds, "", "floor", "plain", "ours", "ours/floor", "ours/plain");
    }
    std::string line(const Run& run) override {
        const std::string& scenario = run.run_name.function_name;
        std::string text = fmt::format("{:24}", scenario);
        for (const std::string name : {"floor", "plain", "ours"})
            text += fmt::format("{:>16}", fmt::format("{:.1f} ({:.1f})", value(run, name),
                                                      value(run, name + "_min")));
        for (const std::string name : {"ours/floor", "ours/plain"})
            text += fmt::format("{:>20}",
                                fmt::format("{:.2f} ({:.2f}-{:.2f})", value(run, name),
                                            value(run, name + "_min"), value(run, name + "_max")));
        if (scenario == "known_unicast")
            text += fmt::format("  {} than {}",
                                value(run, "ours/plain") <= acceptable ? "not more" : "MORE",
                                acceptable);
        return text;
    }
};

} // namespace

int main(int argc, char** argv) try {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    // An extension program, which is what libxdp's dispatcher makes of ours where the kernel has
    // them, can neither be run by BPF_PROG_RUN nor be called from another program.
    ::setenv("LIBXDP_SKIP_DISPATCHER", "1", 1);
    const Lab lab;
    for (const auto& scenario : scenarios)
        add(scenario.name, rounds,
            [&](benchmark::State& state) { run(state, scenario, lab.devices()); });
    PipelineTable table;
    benchmark::RunSpecifiedBenchmarks(&table);
    return table.failed() ? 1 : 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "bench_pipeline: {}\n", error.what());
    return 1;
}
