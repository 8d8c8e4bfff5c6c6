// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net.h"

#include <sandbox/ethtool.h>
#include <sandbox/netns_scope.h>

#include <array>
#include <fstream>
#include <stdexcept>

namespace xdpbridge::bench {

namespace {

const std::string wire_mac = "02:00:00:00:00:01";

} // namespace

Net::Net() {
    box_.add_namespace(switch_netns);
    box_.add_namespace(sender_netns);
    box_.ip(switch_netns, {"link", "add", uplink, "type", "veth", "peer", "name", wire, "netns",
                           sender_netns, "address", wire_mac});
    sandbox::offloads_off(switch_netns, uplink);
    sandbox::offloads_off(sender_netns, wire);
    sandbox::set_gro(sender_netns, wire, true); // else it takes nothing that XDP sends back
    for (const auto& target : {reader_target, guest_target}) {
        box_.add_tap(switch_netns, target.tap);
        box_.ip(switch_netns, {"link", "set", "dev", target.tap, "addrgenmode", "none"});
        box_.ip(sender_netns, {"neigh", "add", target.ipv4, "dev", wire, "lladdr", target.mac,
                               "nud", "permanent"});
    }
    // Without IPv6 addresses, or they would send frames of their own.
    box_.ip(switch_netns, {"link", "set", "dev", uplink, "addrgenmode", "none", "up"});
    box_.ip(sender_netns, {"link", "set", "dev", wire, "addrgenmode", "none", "up"});
    box_.ip(sender_netns, {"address", "add", sender_ipv4 + "/24", "dev", wire});
}

Line Net::line(const Target& target) {
    return {.netns = sender_netns, .device = wire, .from = wire_mac, .to = target.mac};
}

std::uint64_t Net::frames_sent(const std::string& netns, const std::string& device) {
    const sandbox::NetnsScope scope(netns);
    std::ifstream file("/proc/thread-self/net/dev");
    for (std::string word; file >> word;)
        if (word == device + ":") {
            std::array<std::uint64_t, 10> counters{}; // eight of receiving, then bytes and packets
            for (auto& counter : counters)
                file >> counter;
            return counters[9];
        }
    throw std::runtime_error("no counters of " + device);
}

} // namespace xdpbridge::bench
