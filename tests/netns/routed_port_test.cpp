// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Ports of the router that are in no VLAN.
#include "route_network.h"

#include "sandbox/ethtool.h"
#include "sandbox/process.h"

#include <fmt/format.h>

namespace xdpbridge::test {
namespace {

using ::testing::HasSubstr;

class RoutedPortTest : public RouteNetworkTest, public ::testing::WithParamInterface<Hook> {
  protected:
    RoutedPortTest() : RouteNetworkTest({.vlan_aware = true, .default_pvid = 0}, GetParam()) {}

    // A host on a cable of its own, in the net of lan: its other end is a routed port.
    Host add_routed(const std::string& name, std::uint16_t net) {
        const Lan lan{.vlan = net};
        Host host = add_host(name, {.routed = true});
        sandbox_.ip("switch",
                    {"address", "add", fmt::format("10.0.{}.254/24", net), "dev", host.port});
        sandbox_.ip("switch",
                    {"address", "add", fmt::format("fd00:{}::fe/64", net), "dev", host.port});
        if (GetParam() == Hook::tc) // else the other end takes nothing from XDP
            sandbox::set_gro(host.netns, host.device, true);
        move_host(host, lan);
        return host;
    }
    std::string port_mac(const Host& host) {
        const auto line = sandbox_.ip("switch", {"-o", "link", "show", "dev", host.port}).out;
        return line.substr(line.find("link/ether ") + 11, 17);
    }
};

TEST_P(RoutedPortTest, BetweenTwoOfThem) {
    const Host a = add_routed("a", 30), b = add_routed("b", 40);
    warm_up(a, b);
    const auto before = routed(a), stack = to_stack(a);
    EXPECT_TRUE(pings(a, b));
    EXPECT_TRUE(pings(b, a, 1400));
    EXPECT_GE(routed(a), before + 12);
    EXPECT_EQ(to_stack(a), stack);
    for (const auto& address : {b.ipv4, b.ipv6})
        EXPECT_TRUE(sandbox::tcp_transfer(b.netns, a.netns, address, 1'000'000).intact());
}

TEST_P(RoutedPortTest, ToAndFromAVlan) {
    const Lan lan = add_lan(10);
    const Host a = add_routed("a", 30), h = add_lan_host("h", lan);
    warm_up(a, h);
    const auto before = routed(a), back = routed(h);
    EXPECT_TRUE(pings(a, h));
    EXPECT_GE(routed(a), before + 6);
    EXPECT_GE(routed(h), back + 6);
    EXPECT_TRUE(sandbox::tcp_transfer(h.netns, a.netns, h.ipv4, 1'000'000).intact());
}

TEST_P(RoutedPortTest, WhatIsTheHostsPasses) {
    const Host a = add_routed("a", 30);
    EXPECT_EQ(sandbox::ping(a.netns, "10.0.30.254", 3).received, 3);
    EXPECT_EQ(sandbox::ping(a.netns, "fd00:30::fe", 3).received, 3);
    EXPECT_TRUE(sandbox::tcp_transfer("switch", a.netns, "10.0.30.254", 1'000'000).intact());
    EXPECT_TRUE(sandbox::tcp_transfer(a.netns, "switch", a.ipv4, 1'000'000).intact());
    EXPECT_GE(to_stack(a, XDPB_STACK_LOCAL), 6U);
    const auto c = counters(a.port);
    EXPECT_EQ(c.passed, c.rx_packets);
}

// The device is no part of any VLAN: neither gets its floods, nor sends into them.
TEST_P(RoutedPortTest, IsApartFromTheSwitch) {
    const Lan lan = add_lan(10);
    const Host a = add_routed("a", 30), h = add_lan_host("h", lan);
    const Frame in =
        Ethernet{.dst = "ff:ff:ff:ff:ff:ff", .src = h.mac, .type = 0x88b5} / Payload{.size = 46};
    const Frame out =
        Ethernet{.dst = "ff:ff:ff:ff:ff:ff", .src = a.mac, .type = 0x88b5} / Payload{.size = 46};
    const Capture at_a(a.netns, a.device), at_h(h.netns, h.device);
    send(h, in);
    send(a, out);
    EXPECT_FALSE(at_a.wait_for([&](const Frame& got) { return got == in; }, quiet));
    EXPECT_FALSE(at_h.wait_for([&](const Frame& got) { return got == out; }, quiet));
    EXPECT_EQ(counters(a.port).flooded, 0U);
    EXPECT_FALSE(bridge_->fdb().lookup(mac(a.mac), 10));
    EXPECT_THROW(bridge_->vlans().add(a.port, {10, 10}), Error);
    EXPECT_THROW(bridge_->ports().set(a.port, {.learning = true}), Error);
}

TEST_P(RoutedPortTest, ATracerouteAndTheMtu) {
    const Host a = add_routed("a", 30), b = add_routed("b", 40);
    warm_up(a, b);
    const auto path =
        sandbox::check({"traceroute", "-n", "-q", "1", "-w", "1", b.ipv4}, {.netns = a.netns}).out;
    EXPECT_THAT(path, HasSubstr(" 1  10.0.30.254"));
    EXPECT_THAT(path, HasSubstr(" 2  " + b.ipv4));
    sandbox_.ip("switch", {"link", "set", b.port, "mtu", "1400"});
    const auto out = sandbox::run({"ping", "-n", "-c", "2", "-i", "0.05", "-W", "1", "-M", "do",
                                   "-s", "1400", b.ipv4},
                                  {.netns = a.netns})
                         .out;
    EXPECT_THAT(out, HasSubstr("mtu = 1400"));
}

TEST_P(RoutedPortTest, FramesAreRewrittenRightly) {
    const Lan lan = add_lan(10);
    const Host a = add_routed("a", 30), h = add_lan_host("h", lan);
    warm_up(a, h);
    bridge_->vlans().add(h.port, {10, 10}, {.pvid = true}); // tagged from now on
    const Capture capture(h.netns, h.device);
    const Frame frame = Ethernet{.dst = port_mac(a), .src = a.mac} /
                        IPv4{.src = a.ipv4, .dst = h.ipv4, .ttl = 200} / Udp{} / Payload{64};
    send(a, frame);
    const auto wanted = [](const Frame& got) { return view_ip(got).ttl == 199; };
    ASSERT_TRUE(capture.wait_for(wanted, soon));
    for (const auto& got : capture.frames())
        if (wanted(got)) {
            EXPECT_EQ(view_ip(got).tags, "10/0");
            EXPECT_EQ(view_ip(got).dst_mac, h.mac);
            EXPECT_EQ(view_ip(got).src_mac, lan.mac);
            EXPECT_TRUE(view_ip(got).checksum_is_right);
        }
}

XDPB_AT_EACH_HOOK(RoutedPortTest);

} // namespace
} // namespace xdpbridge::test
