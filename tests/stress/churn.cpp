// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Interfaces that go and come: each round deletes the device of a port, makes it again and makes it
// a port again, in one of six ways. Between two other ports frames go on, and all of them have to
// arrive. In the end there have to be as many descriptors, pins, programs and maps as there were
// after the first rounds, and after the bridge nothing at all.
//
//     sudo build/tests/stress/stress_churn --count 10000
#include "sandbox/ethtool.h"
#include "sandbox/netns_scope.h"
#include "sandbox/process.h"
#include "sandbox/sandbox.h"
#include "support/flow.h"
#include "support/objects.h"
#include "support/sandbox_test.h"

#include <xdpbridge/xdpbridge.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <fstream>
#include <functional>
#include <stdexcept>

using namespace xdpbridge;
using namespace xdpbridge::test;

namespace {

constexpr const char* folder = "/sys/fs/bpf/xdp-bridge/churn";
constexpr std::uint32_t quota = 7;

struct Way {
    const char* device;
    const char* kind; // of device
    Hook hook;
    bool keeps_settings; // it is a port all the time; else it is removed and added as a new one
};
constexpr std::array ways{
    Way{"veth-xdp", "veth", Hook::xdp, true},   Way{"veth-tc", "veth", Hook::tc, true},
    Way{"veth-new", "veth", Hook::both, false}, Way{"tap-xdp", "tun", Hook::xdp, true},
    Way{"tap-both", "tun", Hook::both, true},   Way{"tap-new", "tun", Hook::tc, false},
};

void require(bool condition, const std::string& what) {
    if (!condition)
        throw std::runtime_error(what);
}

void make_device(const Way& way) {
    const std::string device = way.device;
    if (way.kind == std::string("veth")) {
        sandbox::check(
            {"ip", "link", "add", device, "type", "veth", "peer", "name", device + "-p"});
        sandbox::check({"ip", "link", "set", device + "-p", "up"});
    } else {
        sandbox::check({"ip", "tuntap", "add", "dev", device, "mode", "tap"});
    }
    sandbox::check({"ip", "link", "set", device, "up"});
}

class Churn {
  public:
    Churn() : bridge_(Bridge::create("churn", {.fdb_size = 1000})), ports_(bridge_.ports()) {
        for (std::uint32_t i = 0; i < ways.size(); i++) {
            make_device(ways[i]);
            add(i);
        }
    }

    void round(std::uint64_t number) {
        const auto index = static_cast<std::uint32_t>(number % ways.size());
        const Way& way = ways[index];
        if (!way.keeps_settings && number % 2 == 0)
            ports_.remove(way.device); // and else it is gone by the time
        sandbox::check({"ip", "link", "delete", "dev", way.device});
        if (!way.keeps_settings && number % 2 == 1)
            ports_.remove(way.device);
        if (way.keeps_settings)
            require(ports_.get(way.device).state == PortState::gone, "a device is not gone");
        make_device(way);
        if (way.keeps_settings)
            ports_.add(way.device, {.hook = way.hook});
        else
            add(index);
        const PortInfo port = ports_.get(way.device);
        require(port.state != PortState::gone && port.mac_quota == quota,
                fmt::format("'{}' has come back without what it was", way.device));
        const auto entry = bridge_.fdb().lookup(host(index));
        require(entry && entry->port == port.number, "a static entry was lost");
    }

  private:
    void add(std::uint32_t index) {
        const Way& way = ways[index];
        const auto port = ports_.add(way.device, {.hook = way.hook, .mac_quota = quota});
        bridge_.fdb().add({.mac = host(index), .port = port, .is_static = true});
    }

    Bridge bridge_;
    Ports ports_;
};

// Two ports that nobody touches, and hosts behind them in a namespace of their own.
void make_quiet_pair(sandbox::Sandbox& sandbox) {
    sandbox.add_namespace("hosts");
    sandbox::disable_ipv6("hosts");
    for (const std::string device : {"quiet1", "quiet2"}) {
        const std::string peer = device + "-p";
        sandbox::check({"ip", "link", "add", device, "type", "veth", "peer", "name", peer});
        sandbox::check({"ip", "link", "set", peer, "netns", "hosts"});
        sandbox::set_gro("hosts", peer, true); // else it takes no frames from XDP
        sandbox.ip("hosts", {"link", "set", peer, "up"});
        sandbox::check({"ip", "link", "set", device, "up"});
        Bridge::open("churn").ports().add(device, {.hook = Hook::xdp});
    }
}

std::string memory_of_process() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:"))
            return line.substr(line.find_first_not_of(" \t", 6));
    return {};
}

Objects report(std::uint64_t rounds, const Objects& objects, double seconds) {
    fmt::print("{:8}{:14}{:8}{:10}{:8}{:>14}{:10.0f}\n", rounds, objects.descriptors, objects.pins,
               objects.programs, objects.maps, memory_of_process(), seconds);
    std::fflush(stdout);
    return objects;
}

// The kernel frees a program when the last reader, on any CPU, is done.
bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return true;
}

Objects settled(const Objects& expected) {
    eventually([&] { return count_objects(folder) == expected; });
    return count_objects(folder);
}

void run(std::uint64_t count) {
    sandbox::Sandbox sandbox;
    std::ofstream("/proc/sys/net/ipv6/conf/default/disable_ipv6") << 1;
    Churn churn;
    make_quiet_pair(sandbox);
    std::uint64_t done = 0;
    while (done < 2 * ways.size()) // what is made once, and kept, is made here
        churn.round(done++);
    Flow flow("hosts", "quiet1-p", "quiet2-p", 1);

    const auto start = std::chrono::steady_clock::now();
    const auto seconds = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    fmt::print("{:>8}{:>14}{:>8}{:>10}{:>8}{:>14}{:>10}\n", "rounds", "descriptors", "pins",
               "programs", "maps", "memory", "seconds");
    const Objects first = report(0, count_objects(folder), 0);
    for (std::uint64_t i = 1; i <= count; i++) {
        churn.round(done++);
        if (i % std::max<std::uint64_t>(count / 20, 1) == 0)
            report(i, settled(first), seconds());
    }
    const Objects last = settled(first);
    const auto frames = flow.stop();
    fmt::print("{} of {} frames between two other ports arrived\n", frames.received, frames.sent);
    require(last == first, "something leaks");
    require(frames.received == frames.sent, "frames were lost");
    const Ids maps = pinned_maps(folder);
    Bridge::remove("churn");
    require(pins().empty(), "pins are left");
    require(eventually([&] { return programs_over(maps).empty(); }), "programs are left");
}

} // namespace

int main(int argc, char** argv) try {
    CLI::App app("Deletes interfaces that are ports, and adds them again.", "stress_churn");
    std::uint64_t count = 100;
    app.add_option("--count", count, "deletions")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    run(count);
    return 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "stress_churn: {}\n", error.what());
    return 1;
}
