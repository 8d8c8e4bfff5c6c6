// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "device_names.h"
#include "interrupt.h"

#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>

namespace xdpbridge::loader {

namespace {

struct MonitorArguments {
    std::string bridge;
    unsigned count = 0; // 0: until interrupted
};

// The data plane's clock tells no date.
std::chrono::system_clock::time_point wall_clock(std::chrono::steady_clock::time_point time) {
    return std::chrono::system_clock::now() +
           std::chrono::duration_cast<std::chrono::system_clock::duration>(
               time - std::chrono::steady_clock::now());
}

void print_event(const Context& context, const DeviceNames& devices, const Event& event) {
    const auto time = wall_clock(event.time);
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
    const bool moved = event.type == EventType::move;
    if (context.json) {
        fmt::print(
            "{{\"time\":{}.{:03},\"event\":\"{}\",\"mac\":\"{}\",\"vlan\":{},\"device\":\"{}\"",
            ms / 1000, ms % 1000, name_of(event.type), event.mac.to_string(), event.vlan,
            devices[event.port]);
        fmt::print("{}}}\n",
                   moved ? fmt::format(",\"old_device\":\"{}\"", devices[event.old_port]) : "");
    } else {
        fmt::print("{:%H:%M:%S}.{:03} {:5} {} {} {}{}\n",
                   fmt::localtime(std::chrono::system_clock::to_time_t(time)), ms % 1000,
                   name_of(event.type), event.mac.to_string(), moved ? "to" : "on",
                   devices[event.port],
                   moved ? fmt::format(" from {}", devices[event.old_port]) : "");
    }
    std::fflush(stdout);
}

void print_lost(const Context& context, std::uint64_t lost) {
    if (context.json)
        fmt::print("{{\"event\":\"lost\",\"count\":{}}}\n", lost);
    else
        fmt::print("{} events lost: they came faster than they were read\n", lost);
    std::fflush(stdout);
}

void monitor(const Context& context, const MonitorArguments& arguments) {
    const Bridge bridge = Bridge::open(arguments.bridge, context.where);
    Events events = bridge.events();
    const Interrupt interrupt;
    DeviceNames devices(bridge);
    std::uint64_t lost = events.lost();
    unsigned seen = 0;
    const auto wanted = [&] { return arguments.count == 0 || seen < arguments.count; };
    while (wanted()) {
        std::array<pollfd, 2> fds{{{events.fd(), POLLIN, 0}, {interrupt.fd(), POLLIN, 0}}};
        ::poll(fds.data(), fds.size(), -1);
        if (fds[1].revents != 0)
            break;
        devices = DeviceNames(bridge); // a port may be new
        events.read([&](const Event& event) {
            if (wanted())
                print_event(context, devices, event);
            seen++;
        });
        if (events.lost() != lost)
            print_lost(context, events.lost() - lost);
        lost = events.lost();
    }
}

} // namespace

void add_monitor_command(CLI::App& app, const Context& context) {
    add_verb<MonitorArguments>(
        app, "monitor",
        "Print what the data plane learns, moves, ages out, refuses to learn, and which ports it "
        "shuts, as it happens",
        "xdp-bridge monitor br0",
        [](CLI::App& verb, MonitorArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
            verb.add_option("--count", arguments.count, "stop after so many events")
                ->type_name("EVENTS");
        },
        [&context](const MonitorArguments& arguments) { monitor(context, arguments); });
}

} // namespace xdpbridge::loader
