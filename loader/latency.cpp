// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "device_names.h"
#include "interrupt.h"
#include "output.h"

#include <fmt/format.h>

namespace xdpbridge::loader {

namespace {

struct LatencyArguments {
    std::string bridge;
    std::string device; // empty: all
    double interval = 1;
    unsigned count = 0; // 0: until interrupted
    bool histogram = false;
};

// A person reads microseconds, a program nanoseconds.
Cell time_cell(std::uint64_t ns) {
    return cell(nlohmann::json(ns), fmt::format("{:.1f}", static_cast<double>(ns) / 1000));
}

// [first, last, frames] of each bucket that has any.
Cell buckets_cell(const LatencyHistogram& times) {
    nlohmann::json all = nlohmann::json::array();
    for (std::size_t i = 0; i < XDPB_LATENCY_BUCKETS; i++)
        if (times.buckets[i] != 0)
            all.push_back({LatencyHistogram::first_of(i), LatencyHistogram::last_of(i),
                           std::uint64_t{times.buckets[i]}});
    return cell(all, "");
}

void print_times(const Context& context, const DeviceNames& devices,
                 const std::vector<PortLatency>& measured) {
    const std::string unit = context.json ? "_ns" : "_us";
    std::vector<Column> columns = {{"device"},
                                   {"class"},
                                   {"part"},
                                   {"frames", true},
                                   {"min" + unit, true},
                                   {"mean" + unit, true},
                                   {"p50" + unit, true},
                                   {"p90" + unit, true},
                                   {"p99" + unit, true},
                                   {"p99.9" + unit, true},
                                   {"max" + unit, true}};
    if (context.json)
        columns.push_back({"buckets"});
    Table table(context.json, columns);
    for (const auto& [port, latency_class, part, times] : measured) {
        std::vector<Cell> row = {cell(devices[port]),
                                 cell(std::string(name_of(latency_class))),
                                 cell(std::string(name_of(part))),
                                 cell(times.count),
                                 time_cell(times.min_ns),
                                 time_cell(times.mean()),
                                 time_cell(times.percentile(50)),
                                 time_cell(times.percentile(90)),
                                 time_cell(times.percentile(99)),
                                 time_cell(times.percentile(99.9)),
                                 time_cell(times.max_ns)};
        if (context.json)
            row.push_back(buckets_cell(times));
        table.row(std::move(row));
    }
}

// Four lines to a power of two: a sixteenth is too fine for the eye.
void draw_histogram(const std::string& title, const LatencyHistogram& times) {
    constexpr std::size_t buckets_a_line = 4;
    constexpr std::uint64_t width = 50;
    std::array<std::uint64_t, XDPB_LATENCY_BUCKETS / buckets_a_line> lines{};
    for (std::size_t i = 0; i < XDPB_LATENCY_BUCKETS; i++)
        lines.at(i / buckets_a_line) += times.buckets[i];
    const auto most = std::max<std::uint64_t>(1, *std::max_element(lines.begin(), lines.end()));
    const auto has_frames = [](std::uint64_t frames) { return frames != 0; };
    const auto* const first = std::find_if(lines.begin(), lines.end(), has_frames);
    fmt::print("\n{}\n", title);
    for (std::size_t i = first - lines.begin(), left = times.count; i < lines.size() && left; i++) {
        fmt::print("{:>12.1f} us {:>10} {}\n",
                   static_cast<double>(LatencyHistogram::first_of(i * buckets_a_line)) / 1000,
                   lines.at(i), std::string((lines.at(i) * width + most - 1) / most, '#'));
        left -= std::min(left, lines.at(i));
    }
}

void draw_histograms(const DeviceNames& devices, const std::vector<PortLatency>& measured) {
    for (const auto& one : measured)
        draw_histogram(fmt::format("{} {} {}", devices[one.port], name_of(one.latency_class),
                                   name_of(one.part)),
                       one.times);
}

void measure(const Context& context, const LatencyArguments& arguments) {
    const Bridge bridge = Bridge::open(arguments.bridge, context.where);
    const std::uint16_t only =
        arguments.device.empty() ? std::uint16_t{0} : bridge.ports().get(arguments.device).number;
    const Interrupt interrupt; // before measuring begins, so that it ends in order
    Latency latency = bridge.latency();
    const auto interval =
        std::chrono::milliseconds(static_cast<std::int64_t>(arguments.interval * 1000));
    for (unsigned i = 0; (arguments.count == 0 || i < arguments.count) && interrupt.sleep(interval);
         i++) {
        const DeviceNames devices(bridge);
        auto measured = latency.take();
        std::erase_if(measured, [only](const auto& one) { return only && one.port != only; });
        if (!context.json && use_colour())
            fmt::print("\033[H\033[2J"); // a terminal: in place, like watch(1)
        if (!context.json)
            fmt::print("{} in the last {} s\n", arguments.bridge, arguments.interval);
        print_times(context, devices, measured);
        if (!context.json && arguments.histogram)
            draw_histograms(devices, measured);
        std::fflush(stdout);
    }
}

} // namespace

void add_latency_command(CLI::App& app, const Context& context) {
    add_verb<LatencyArguments>(
        app, "latency",
        "Measure, as long as this runs, how long frames stay in the switch: in its program, on the "
        "way to the device, and in a tap until its reader takes them",
        "xdp-bridge latency br0 --port tap0 --histogram",
        [](CLI::App& verb, LatencyArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
            verb.add_option("--port", arguments.device, "what leaves by this port alone")
                ->type_name("DEVICE");
            verb.add_option("--interval", arguments.interval, "seconds between two looks")
                ->check(CLI::Range(0.01, 3600.0))
                ->type_name("SECONDS")
                ->capture_default_str();
            verb.add_option("--count", arguments.count, "stop after so many looks")
                ->type_name("LOOKS");
            verb.add_flag("--histogram", arguments.histogram, "draw the times too");
        },
        [&context](const LatencyArguments& arguments) { measure(context, arguments); });
}

} // namespace xdpbridge::loader
