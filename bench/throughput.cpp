// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What the switch carries beside the kernel's bridge, and with latency classes beside without, in
// the same run and on the same devices, one after the other in each round. README.md says what is
// measured and how to read it.
#include "contest.h"
#include "lab.h"

#include <fmt/format.h>

#include <array>

using namespace xdpbridge;
using namespace xdpbridge::bench;

namespace {

constexpr int rounds = 7;

struct Entry {
    const char* name;
    const char* unit;
    std::unique_ptr<Contest> (*make)();
    Side first, second;
    double goal; // second/first, at least
};

constexpr std::array entries{
    Entry{"tcp/veth_to_veth", "Gbit/s", tcp_between_veths, Side::kernel_bridge, Side::ours, 1.0},
    Entry{"tcp/host_to_vm", "Gbit/s", tcp_to_vm, Side::kernel_bridge, Side::ours, 1.0},
    Entry{"small_frames/to_tap", "Mframe/s", small_frames_to_tap, Side::kernel_bridge, Side::ours,
          1.8},
    Entry{"classes/tcp/host_to_vm", "Gbit/s", tcp_to_vm, Side::ours, Side::classes, 0.95},
    Entry{"classes/small_frames/to_tap", "Mframe/s", small_frames_to_tap, Side::ours, Side::classes,
          0.95},
    Entry{"classes/small_frames/to_slow_tap", "Mframe/s", small_frames_to_slow_tap, Side::ours,
          Side::classes, 0.95},
};

void run(benchmark::State& state, const Entry& entry) try {
    const auto contest = entry.make();
    std::vector<double> first, second, ratio;
    bool first_first = true; // taking turns: what drifts favours neither
    while (state.KeepRunning()) {
        if (first_first)
            first.push_back(contest->measure(entry.first));
        second.push_back(contest->measure(entry.second));
        if (!first_first)
            first.push_back(contest->measure(entry.first));
        first_first = !first_first;
        ratio.push_back(second.back() / first.back());
        state.SetIterationTime(1);
    }
    report(state, "first", first);
    report(state, "second", second);
    report(state, "ratio", ratio);
    state.counters["goal"] = entry.goal;
    state.counters["first_side"] = static_cast<double>(entry.first);
    state.counters["second_side"] = static_cast<double>(entry.second);
    state.SetLabel(entry.unit);
} catch (const std::exception& error) {
    state.SkipWithError(error.what());
}

class ThroughputTable : public Table {
  protected:
    [[nodiscard]] std::string heading() const override {
        return fmt::format("\nmedian (min-max) of {} rounds\n{:32}{:10}{:>36}{:>36}{:>20}", rounds,
                           "", "", "first", "second", "ratio");
    }
    std::string line(const Run& run) override {
        const auto figures = [&](const std::string& what) {
            return fmt::format("{:.2f} ({:.2f}-{:.2f})", value(run, what),
                               value(run, what + "_min"), value(run, what + "_max"));
        };
        const auto side = [&](const std::string& what) {
            return fmt::format("{} {}", name(static_cast<Side>(value(run, what + "_side"))),
                               figures(what));
        };
        const double goal = value(run, "goal");
        return fmt::format("{:32}{:10}{:>36}{:>36}{:>20}  {} {}", run.run_name.function_name,
                           run.report_label, side("first"), side("second"), figures("ratio"),
                           value(run, "ratio") >= goal ? "at least" : "NOT AT LEAST", goal);
    }
};

} // namespace

int main(int argc, char** argv) try {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    for (const auto& entry : entries)
        add(entry.name, rounds, [&](benchmark::State& state) { run(state, entry); });
    ThroughputTable table;
    benchmark::RunSpecifiedBenchmarks(&table);
    return table.failed() ? 1 : 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "bench_throughput: {}\n", error.what());
    return 1;
}
