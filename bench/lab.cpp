// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "lab.h"
#include "campaign.h"
#include "machine.h"

#include <sandbox/ethtool.h>

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <utility>

namespace xdpbridge::bench {

namespace {

const std::string netns = "bench";

sandbox::NetnsScope enter(sandbox::Sandbox& sandbox) {
    sandbox.add_namespace(netns);
    for (const std::string name : {"in", "out", "in2", "out2"}) {
        const std::string peer = name + "-peer";
        sandbox.ip(netns, {"link", "add", name, "type", "veth", "peer", "name", peer});
        sandbox::set_gro(netns, peer, true); // else the veth takes no frames from XDP
        sandbox.ip(netns, {"link", "set", name, "up"});
        // Without an IPv6 address, or it would send frames of its own, to be learned.
        sandbox.ip(netns, {"link", "set", peer, "addrgenmode", "none", "up"});
    }
    return sandbox::NetnsScope(netns);
}

} // namespace

Lab::Lab()
    : scope_(enter(sandbox_)),
      devices_{{"in", if_nametoindex("in")}, {"out", if_nametoindex("out")}},
      twin_{{"in2", if_nametoindex("in2")}, {"out2", if_nametoindex("out2")}} {}

Mac mac_of(std::uint8_t side, std::uint32_t n) {
    return {{0x02, side, static_cast<std::uint8_t>(n >> 24), static_cast<std::uint8_t>(n >> 16),
             static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)}};
}

void add(const std::string& name, int rounds, std::function<void(benchmark::State&)> run) {
    benchmark::RegisterBenchmark(name.c_str(), std::move(run))->UseManualTime()->Iterations(rounds);
}

void report(benchmark::State& state, const std::string& name, std::vector<double> values) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    state.counters[name] = median_of(values);
    state.counters[name + "_min"] = *least;
    state.counters[name + "_max"] = *most;
}

double value(const benchmark::BenchmarkReporter::Run& run, const std::string& name) {
    return run.counters.at(name).value;
}

Table::Table() {
    nlohmann::json about = machine();
    about.erase("date"); // the file has it already
    for (const auto& [key, value] : about.items())
        benchmark::AddCustomContext(key,
                                    value.is_string() ? value.get<std::string>() : value.dump());
}

bool Table::ReportContext(const Context& context) {
    PrintBasicContext(&GetErrorStream(), context);
    GetOutputStream() << heading() << std::endl;
    return true;
}

void Table::ReportRuns(const std::vector<Run>& runs) {
    for (const auto& run : runs) {
        failed_ = failed_ || run.error_occurred;
        if (run.error_occurred)
            GetOutputStream() << run.run_name.function_name << ": " << run.error_message << '\n';
        else if (run.run_type == Run::RT_Iteration)
            GetOutputStream() << line(run) << '\n';
    }
    GetOutputStream() << std::flush;
}

std::string RatioTable::heading() const {
    return fmt::format(
        "\nns a frame: median (min); ratio: median (min-max)\n{:24}{:>16}{:>16}{:>20}", "",
        names_[0], names_[1], names_[2]);
}

std::string RatioTable::line(const Run& run) {
    std::string text = fmt::format("{:24}", run.run_name.function_name);
    for (const std::string name : {"first", "second"})
        text += fmt::format(
            "{:>16}", fmt::format("{:.1f} ({:.1f})", value(run, name), value(run, name + "_min")));
    text += fmt::format("{:>20}", fmt::format("{:.2f} ({:.2f}-{:.2f})", value(run, "ratio"),
                                              value(run, "ratio_min"), value(run, "ratio_max")));
    const double acceptable = value(run, "acceptable");
    if (acceptable > 0)
        text += fmt::format("  {} than {}", value(run, "ratio") <= acceptable ? "not more" : "MORE",
                            acceptable);
    return text;
}

} // namespace xdpbridge::bench
