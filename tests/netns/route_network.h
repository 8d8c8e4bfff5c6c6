// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Hosts in VLANs of their own, and a switch that routes between them.
#pragma once
#include "network_test.h"

#include <string>
#include <utility>

namespace xdpbridge::test {

struct Lan {
    std::uint16_t vlan; // 0 to 99: 10.0.VLAN.0/24 and fd00:VLAN::/64
    std::string svi = {};
    std::string mac = {};
};

class RouteNetworkTest : public NetworkTest {
  protected:
    explicit RouteNetworkTest(const BridgeOptions& options, Hook hook = Hook::xdp);

    // An SVI with the addresses 10.0.VLAN.254 and fd00:VLAN::fe.
    Lan add_lan(std::uint16_t vlan, const SviOptions& options = {});
    // A host behind an access port of that VLAN, whose default route is the SVI.
    Host add_lan_host(const std::string& name, const Lan& lan, PortOptions options = {});
    // Gives a host's device new addresses, and routes by the SVI of that VLAN.
    void move_host(Host& host, const Lan& lan, const std::string& device = "eth0");

    void set_sysctl(const std::string& netns, const std::string& name, const std::string& value);
    void forwarding(bool on);
    [[nodiscard]] bool pings(const Host& from, const Host& to, int size = 56) const;
    // Frames that came in from this host and were routed, or left to the stack.
    [[nodiscard]] std::uint64_t routed(const Host& from) const;
    [[nodiscard]] std::uint64_t to_stack(const Host& from, xdpb_stack_reason reason) const;
    [[nodiscard]] std::uint64_t to_stack(const Host& from) const; // for any reason
    // Until both know each other's and the router's MAC, and the FDB knows all of them.
    void warm_up(const Host& a, const Host& b) const;
};

// What a test looks at of an IP packet in an Ethernet frame without tags.
struct IpView {
    std::string dst_mac, src_mac;
    int ttl = -1;                   // or hop limit; -1: not an IP packet
    bool checksum_is_right = false; // of the IPv4 header
    std::string tags;               // "10/3": VLAN id and PCP; "" for none
};
IpView view_ip(const Frame& frame);

} // namespace xdpbridge::test
