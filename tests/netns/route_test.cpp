// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Routing between VLANs on real frames, with the kernel's routes and neighbours.
#include "route_network.h"

#include "sandbox/process.h"

#include <fmt/format.h>
#include <thread>

namespace xdpbridge::test {
namespace {

using ::testing::HasSubstr;

constexpr BridgeOptions vlans = {.vlan_aware = true, .default_pvid = 0};

class RouteTest : public RouteNetworkTest, public ::testing::WithParamInterface<Hook> {
  protected:
    RouteTest() : RouteNetworkTest(vlans, GetParam()) {}

    // What arrives at a host of a datagram that another one sends to the router.
    std::optional<IpView> route_one(const Host& from, const Lan& lan, const Host& to, int ttl) {
        const Capture capture(to.netns, to.device);
        const Frame frame = Ethernet{.dst = lan.mac, .src = from.mac} /
                            IPv4{.src = from.ipv4, .dst = to.ipv4, .ttl = std::uint8_t(ttl)} /
                            Udp{.sport = 77, .dport = 4242} / Payload{.size = 64};
        send(from, frame);
        return arrival(capture, frame);
    }
    std::optional<IpView> route_one6(const Host& from, const Lan& lan, const Host& to, int ttl) {
        const Capture capture(to.netns, to.device);
        const Frame frame =
            Ethernet{.dst = lan.mac, .src = from.mac} /
            sandbox::IPv6{.src = from.ipv6, .dst = to.ipv6, .hop_limit = std::uint8_t(ttl)} /
            Udp{.sport = 77, .dport = 4242} / Payload{.size = 64};
        send(from, frame);
        return arrival(capture, frame);
    }
    // A frame with the same end as the one sent: what a router leaves alone.
    static std::optional<IpView> arrival(const Capture& capture, const Frame& sent) {
        const auto same = [&](const Frame& got) {
            return got.size() >= sent.size() &&
                   std::equal(sent.end() - 72, sent.end(), got.end() - 72);
        };
        if (!capture.wait_for(same, soon))
            return std::nullopt;
        for (const auto& got : capture.frames())
            if (same(got))
                return view_ip(got);
        return std::nullopt;
    }

    const Lan lan10_ = add_lan(10), lan20_ = add_lan(20);
    const Host h1_ = add_lan_host("h1", lan10_), h2_ = add_lan_host("h2", lan20_);
};

TEST_P(RouteTest, HostsOfTwoVlansReachEachOther) {
    warm_up(h1_, h2_);
    const auto stack = to_stack(h1_), before = routed(h1_);
    EXPECT_TRUE(pings(h1_, h2_));
    EXPECT_TRUE(pings(h2_, h1_, 1400));
    EXPECT_GE(routed(h1_), before + 12);
    EXPECT_EQ(to_stack(h1_), stack) << "the stack has nothing to do with it";
    for (const auto& address : {h2_.ipv4, h2_.ipv6})
        EXPECT_TRUE(sandbox::tcp_transfer(h2_.netns, h1_.netns, address, 1'000'000).intact())
            << address;
}

TEST_P(RouteTest, TtlMacsAndChecksumAreRightOnTheWire) {
    warm_up(h1_, h2_);
    for (const int ttl : {2, 64, 255}) {
        const auto v4 = route_one(h1_, lan10_, h2_, ttl), v6 = route_one6(h1_, lan10_, h2_, ttl);
        for (const auto& view : {v4, v6}) {
            ASSERT_TRUE(view) << ttl;
            EXPECT_EQ(view->ttl, ttl - 1);
            EXPECT_TRUE(view->checksum_is_right);
            EXPECT_EQ(view->dst_mac, h2_.mac);
            EXPECT_EQ(view->src_mac, lan20_.mac);
            EXPECT_EQ(view->tags, "");
        }
    }
}

TEST_P(RouteTest, TheFirstPacketIsForTheStackToResolveItsNeighbour) {
    EXPECT_EQ(routed(h1_), 0U);
    EXPECT_EQ(sandbox::ping(h1_.netns, h2_.ipv4, 1).received, 1);
    EXPECT_EQ(to_stack(h1_, XDPB_STACK_NO_NEIGHBOUR), 1U);
    const auto before = routed(h1_);
    EXPECT_EQ(sandbox::ping(h1_.netns, h2_.ipv4, 3).received, 3);
    EXPECT_EQ(routed(h1_), before + 3);
    EXPECT_EQ(to_stack(h1_, XDPB_STACK_NO_NEIGHBOUR), 1U);
}

// The kernel's neighbour would stay as it is for ever, if nothing but BPF used it.
TEST_P(RouteTest, ANeighbourThatFellSilentIsAskedForAgain) {
    warm_up(h1_, h2_);
    const auto asked = [&] {
        bridge_->fdb().flush();
        const auto before = to_stack(h1_, XDPB_STACK_NO_NEIGHBOUR);
        EXPECT_TRUE(route_one(h1_, lan10_, h2_, 64)) << "it arrives all the same";
        return to_stack(h1_, XDPB_STACK_NO_NEIGHBOUR) == before + 1;
    };
    // A host that says something by itself in between is known again before it is asked for.
    EXPECT_TRUE(asked() || asked() || asked());
}

TEST_P(RouteTest, TheSviIsAHopOfTraceroute) {
    warm_up(h1_, h2_);
    const auto first_hop = [&](const std::string& address) {
        return sandbox::run({"ping", "-n", "-c", "1", "-t", "1", "-W", "1", address},
                            {.netns = h1_.netns})
            .out;
    };
    EXPECT_THAT(first_hop(h2_.ipv4),
                HasSubstr("From 10.0.10.254 icmp_seq=1 Time to live exceeded"));
    EXPECT_THAT(first_hop(h2_.ipv6), HasSubstr("From fd00:10::fe icmp_seq=1 Time exceeded"));
    EXPECT_EQ(to_stack(h1_, XDPB_STACK_TTL), 2U);
    const auto path =
        sandbox::check({"traceroute", "-n", "-q", "1", "-w", "1", h2_.ipv4}, {.netns = h1_.netns})
            .out;
    EXPECT_THAT(path, HasSubstr(" 1  10.0.10.254"));
    EXPECT_THAT(path, HasSubstr(" 2  " + h2_.ipv4));
}

TEST_P(RouteTest, ALongPacketLearnsThePathsMtu) {
    warm_up(h1_, h2_);
    sandbox_.ip("switch", {"link", "set", lan20_.svi, "mtu", "1400"});
    const auto ping = [&](const std::string& address, int size) {
        return sandbox::run({"ping", "-n", "-c", "2", "-i", "0.05", "-W", "1", "-M", "do", "-s",
                             std::to_string(size), address},
                            {.netns = h1_.netns})
            .out;
    };
    EXPECT_THAT(ping(h2_.ipv4, 1400), HasSubstr("mtu = 1400"));
    EXPECT_THAT(ping(h2_.ipv6, 1400), HasSubstr("mtu=1400"));
    EXPECT_GE(to_stack(h1_, XDPB_STACK_TOO_LONG), 2U);
    EXPECT_THAT(ping(h2_.ipv4, 1372), HasSubstr("2 received")) << "just fits";
    EXPECT_THAT(ping(h2_.ipv6, 1352), HasSubstr("2 received")) << "just fits";
    for (const auto& address : {h2_.ipv4, h2_.ipv6}) {
        sandbox_.ip(h1_.netns, {"route", "flush", "cache"});
        EXPECT_TRUE(sandbox::tcp_transfer(h2_.netns, h1_.netns, address, 1'000'000).intact())
            << address;
    }
}

TEST_P(RouteTest, WhatIsForTheRouterItselfGetsThere) {
    EXPECT_EQ(sandbox::ping(h1_.netns, "10.0.10.254", 3).received, 3);
    EXPECT_EQ(sandbox::ping(h1_.netns, "fd00:10::fe", 3).received, 3);
    EXPECT_EQ(sandbox::ping(h1_.netns, "10.0.20.254", 3).received, 3) << "its other address";
    EXPECT_GE(to_stack(h1_, XDPB_STACK_LOCAL), 9U);
    EXPECT_EQ(routed(h1_), 0U);
}

TEST_P(RouteTest, FramesOfEveryLengthThatIsTooShort) {
    warm_up(h1_, h2_);
    const auto before = to_stack(h1_, XDPB_STACK_BAD_HEADER), routed_before = routed(h1_);
    PacketSocket socket(h1_.netns, h1_.device);
    std::size_t sent = 0;
    for (const Frame& whole : {Frame(Ethernet{.dst = lan10_.mac, .src = h1_.mac} /
                                     IPv4{.src = h1_.ipv4, .dst = h2_.ipv4} / Udp{}),
                               Frame(Ethernet{.dst = lan10_.mac, .src = h1_.mac} /
                                     sandbox::IPv6{.src = h1_.ipv6, .dst = h2_.ipv6} / Udp{})})
        for (std::size_t size = 15; size < whole.size(); size++, sent++)
            socket.send(std::span(whole).first(size));
    EXPECT_TRUE(eventually([&] { return to_stack(h1_, XDPB_STACK_BAD_HEADER) == before + sent; }));
    EXPECT_EQ(routed(h1_), routed_before);
}

TEST_P(RouteTest, RoutesAreTheKernels) {
    warm_up(h1_, h2_);
    const auto counted = [&](xdpb_stack_reason reason, const std::function<void()>& send_one) {
        const auto before = to_stack(h1_, reason);
        send_one();
        return eventually([&] { return to_stack(h1_, reason) == before + 1; });
    };
    const auto ping_out = [&] {
        return sandbox::run({"ping", "-n", "-c", "1", "-W", "1", h2_.ipv4}, {.netns = h1_.netns})
            .out;
    };
    const auto with_route = [&](const std::string& type) {
        sandbox_.ip("switch", {"route", "add", type, h2_.ipv4});
        auto out = ping_out();
        sandbox_.ip("switch", {"route", "del", type, h2_.ipv4});
        return out;
    };
    EXPECT_TRUE(counted(XDPB_STACK_NO_ROUTE, [&] {
        EXPECT_THAT(with_route("unreachable"), HasSubstr("Destination Host Unreachable"));
    }));
    EXPECT_TRUE(counted(XDPB_STACK_NO_ROUTE, [&] {
        EXPECT_THAT(with_route("prohibit"), HasSubstr("Packet filtered"));
    }));
    EXPECT_THAT(with_route("blackhole"), HasSubstr(" 0 received"));
    EXPECT_EQ(counters(h1_.port).dropped[XDPB_DROP_BLACKHOLE], 1U);
    EXPECT_THAT(ping_out(), HasSubstr(" 1 received")) << "the routes are gone again";

    set_sysctl("switch", "net.ipv4.conf.vlan10.forwarding", "0");
    EXPECT_TRUE(counted(XDPB_STACK_FORWARDING_OFF,
                        [&] { EXPECT_THAT(ping_out(), HasSubstr(" 0 received")); }));
}

// 10.9.0.0/16 is behind h2, then behind h3.
TEST_P(RouteTest, AChangedRouteIsFollowedAtOnce) {
    const Host h3 = add_lan_host("h3", lan20_);
    for (const auto& host : {h2_, h3}) {
        sandbox_.ip(host.netns, {"address", "add", "10.9.0.1/32", "dev", "lo"});
        warm_up(h1_, host);
    }
    const auto route_by = [&](const Host& host) {
        sandbox_.ip("switch", {"route", "replace", "10.9.0.0/16", "via", host.ipv4});
    };
    Host behind = h2_;
    behind.ipv4 = "10.9.0.1";
    route_by(h2_);
    EXPECT_EQ(route_one(h1_, lan10_, behind, 64)->dst_mac, h2_.mac);
    route_by(h3);
    behind.netns = h3.netns;
    EXPECT_EQ(route_one(h1_, lan10_, behind, 64)->dst_mac, h3.mac);
    EXPECT_GE(routed(h1_), 2U);
}

TEST_P(RouteTest, EcmpUsesBothNextHops) {
    const Host h3 = add_lan_host("h3", lan20_);
    warm_up(h1_, h2_);
    warm_up(h1_, h3);
    set_sysctl("switch", "net.ipv4.fib_multipath_hash_policy", "1");
    set_sysctl("switch", "net.ipv6.fib_multipath_hash_policy", "1");
    sandbox_.ip("switch", {"route", "add", "10.9.0.0/16", "nexthop", "via", h2_.ipv4, "nexthop",
                           "via", h3.ipv4});
    sandbox_.ip("switch", {"route", "add", "fd09::/64", "nexthop", "via", h2_.ipv6, "nexthop",
                           "via", h3.ipv6});
    const Capture at2(h2_.netns, h2_.device, {.filter = "udp port 4242"});
    const Capture at3(h3.netns, h3.device, {.filter = "udp port 4242"});
    PacketSocket socket(h1_.netns, h1_.device);
    const auto before = routed(h1_);
    for (std::uint16_t flow = 0; flow < 40; flow++) {
        const Udp udp{.sport = std::uint16_t(1000 + flow), .dport = 4242};
        for (int same = 0; same < 2; same++) {
            socket.send(Frame(Ethernet{.dst = lan10_.mac, .src = h1_.mac} /
                              IPv4{.src = h1_.ipv4, .dst = "10.9.0.1"} / udp / Payload{20}));
            socket.send(Frame(Ethernet{.dst = lan10_.mac, .src = h1_.mac} /
                              sandbox::IPv6{.src = h1_.ipv6, .dst = "fd09::1"} / udp /
                              Payload{20}));
        }
        std::this_thread::sleep_for(2ms); // a capture's ring is short
    }
    EXPECT_TRUE(eventually([&] { return routed(h1_) == before + 160; }));
    EXPECT_TRUE(eventually([&] { return at2.frames().size() + at3.frames().size() == 160; }));
    EXPECT_GT(at2.frames().size(), 20U);
    EXPECT_GT(at3.frames().size(), 20U);
    EXPECT_EQ(at2.frames().size() % 2, 0U) << "a flow stays on its way";
}

// One cable: in with the tag of one VLAN, out with that of the other.
TEST_P(RouteTest, RouterOnAStick) {
    const Host stick = add_host("stick");
    bridge_->vlans().add(stick.port, {10, 10});
    bridge_->vlans().add(stick.port, {20, 20});
    bridge_->fdb().add({.mac = mac("02:00:00:00:00:77"),
                        .vlan = 20,
                        .port = bridge_->ports().get(stick.port).number});
    sandbox_.ip("switch",
                {"neigh", "add", "10.0.20.77", "lladdr", "02:00:00:00:00:77", "dev", lan20_.svi});
    const Capture capture(stick.netns, stick.device);
    const Frame frame = Ethernet{.dst = lan10_.mac, .src = stick.mac} /
                        sandbox::Vlan{.vid = 10, .pcp = 5} /
                        IPv4{.src = "10.0.10.77", .dst = "10.0.20.77"} / Udp{} / Payload{64};
    send(stick, frame);
    const auto view = arrival(capture, frame);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->tags, "20/5") << "the priority is kept";
    EXPECT_EQ(view->dst_mac, "02:00:00:00:00:77");
    EXPECT_EQ(view->src_mac, lan20_.mac);
    EXPECT_EQ(view->ttl, 63);
    EXPECT_TRUE(view->checksum_is_right);
    EXPECT_EQ(routed(stick), 1U);
}

// Isolated ports are kept apart in a VLAN, and reach each other by the router.
TEST_P(RouteTest, TheRouterLeadsFromAnIsolatedPortToAnother) {
    bridge_->ports().set(h1_.port, {.settings = {.isolated = true}});
    bridge_->ports().set(h2_.port, {.settings = {.isolated = true}});
    warm_up(h1_, h2_);
    EXPECT_TRUE(pings(h1_, h2_));
}

TEST_P(RouteTest, AMacThatChangesIsFollowed) {
    warm_up(h1_, h2_);
    const std::string changed = "02:00:00:00:aa:aa";
    sandbox_.ip("switch", {"link", "set", lan10_.svi, "address", changed});
    sandbox_.ip(h1_.netns, {"neigh", "flush", "all"});
    EXPECT_TRUE(pings(h1_, h2_)) << "by the stack, before anybody has looked";
    bridge_->ports().set(h1_.port, {});
    warm_up(h1_, h2_);
    const auto before = routed(h1_);
    EXPECT_TRUE(pings(h1_, h2_));
    EXPECT_GT(routed(h1_), before);
    EXPECT_TRUE(bridge_->fdb().lookup(mac(changed), 10)->is_router);
    EXPECT_FALSE(bridge_->fdb().lookup(mac(lan10_.mac), 10));
}

XDPB_AT_EACH_HOOK(RouteTest);

} // namespace
} // namespace xdpbridge::test
