// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Routing by the bridge's own routes, on a host whose kernel has none but those of its interfaces.
#include "route_network.h"

#include "sandbox/process.h"

#include <fmt/format.h>
#include <sstream>

namespace xdpbridge::test {
namespace {

using ::testing::HasSubstr;

class StaticRouteTest : public RouteNetworkTest, public ::testing::WithParamInterface<Hook> {
  protected:
    StaticRouteTest() : RouteNetworkTest({.vlan_aware = true, .default_pvid = 0}, GetParam()) {
        bridge_->set_routing(Routing::own);
    }
    std::uint16_t port_of(const Lan& lan) { return port_named(lan.svi); }
    std::uint16_t port_named(const std::string& device) {
        for (const auto& [number, name] : bridge_->routes().devices())
            if (name == device)
                return number;
        throw std::logic_error(device + " is not the router's");
    }
    void add_route(const std::string& prefix, std::uint16_t port,
                   const std::optional<std::string>& gateway = {}) {
        Route route{.prefix = *IpPrefix::parse(prefix), .port = port};
        if (gateway)
            route.gateway = Ip::parse(*gateway);
        bridge_->routes().add(route);
    }
    void connect(const Lan& lan) {
        add_route(fmt::format("10.0.{}.0/24", lan.vlan), port_of(lan));
        add_route(fmt::format("fd00:{}::/64", lan.vlan), port_of(lan));
    }
    // A host has a network behind it.
    void add_loopback(const Host& host, const std::string& ipv4, const std::string& ipv6) {
        sandbox_.ip(host.netns, {"address", "add", ipv4 + "/32", "dev", "lo"});
        sandbox_.ip(host.netns, {"address", "add", ipv6 + "/128", "dev", "lo"});
    }
    static int pings_of(const Host& from, const std::string& address) {
        return sandbox::ping(from.netns, address, 3).received;
    }

    const Lan lan10_ = add_lan(10), lan20_ = add_lan(20);
    const Host h1_ = add_lan_host("h1", lan10_), h2_ = add_lan_host("h2", lan20_);
};

TEST_P(StaticRouteTest, BetweenVlans) {
    connect(lan10_);
    connect(lan20_);
    warm_up(h1_, h2_);
    const auto stack = to_stack(h1_), before = routed(h1_);
    EXPECT_TRUE(pings(h1_, h2_));
    EXPECT_TRUE(pings(h2_, h1_, 1400));
    EXPECT_GE(routed(h1_), before + 12);
    EXPECT_EQ(to_stack(h1_), stack);
    for (const auto& address : {h2_.ipv4, h2_.ipv6})
        EXPECT_TRUE(sandbox::tcp_transfer(h2_.netns, h1_.netns, address, 1'000'000).intact());
    EXPECT_EQ(sandbox::ping(h1_.netns, "10.0.10.254", 3).received, 3) << "the router itself";
    EXPECT_EQ(sandbox::ping(h1_.netns, "10.0.20.254", 3).received, 3) << "its other address";
}

TEST_P(StaticRouteTest, TracerouteAndTheMtu) {
    connect(lan10_);
    connect(lan20_);
    warm_up(h1_, h2_);
    const auto path =
        sandbox::check({"traceroute", "-n", "-q", "1", "-w", "1", h2_.ipv4}, {.netns = h1_.netns})
            .out;
    EXPECT_THAT(path, HasSubstr(" 1  10.0.10.254"));
    EXPECT_THAT(path, HasSubstr(" 2  " + h2_.ipv4));
    sandbox_.ip("switch", {"link", "set", lan20_.svi, "mtu", "1400"});
    for (const auto& address : {h2_.ipv4, h2_.ipv6}) {
        const auto out = sandbox::run({"ping", "-n", "-c", "2", "-i", "0.05", "-W", "1", "-M", "do",
                                       "-s", "1400", address},
                                      {.netns = h1_.netns})
                             .out;
        EXPECT_THAT(out, ::testing::AnyOf(HasSubstr("mtu = 1400"), HasSubstr("mtu=1400")));
        EXPECT_TRUE(sandbox::tcp_transfer(h2_.netns, h1_.netns, address, 1'000'000).intact());
    }
    EXPECT_GE(to_stack(h1_, XDPB_STACK_TOO_LONG), 2U);
}

// The kernel has no route to the network behind the gateway, and still knows the gateway.
TEST_P(StaticRouteTest, ByAGateway) {
    add_loopback(h2_, "10.9.0.1", "fd09::1");
    connect(lan10_);
    add_route("10.9.0.0/16", port_of(lan20_), h2_.ipv4);
    add_route("fd09::/64", port_of(lan20_), h2_.ipv6);
    for (const std::string address : {"10.9.0.1", "fd09::1"}) {
        EXPECT_TRUE(eventually([&] { return sandbox::ping(h1_.netns, address, 1).received == 1; }))
            << address;
        const auto before = routed(h1_);
        EXPECT_EQ(pings_of(h1_, address), 3);
        EXPECT_EQ(routed(h1_), before + 3);
    }
    EXPECT_THAT(sandbox_.ip("switch", {"neigh", "show", "dev", lan20_.svi}).out,
                HasSubstr("managed"));
    EXPECT_TRUE(bridge_->routes().remove(*IpPrefix::parse("10.9.0.0/16")));
    EXPECT_TRUE(bridge_->routes().remove(*IpPrefix::parse("fd09::/64")));
    EXPECT_FALSE(bridge_->routes().remove(*IpPrefix::parse("fd09::/64")));
    EXPECT_EQ(sandbox_.ip("switch", {"neigh", "show", "dev", lan20_.svi}).out.find("managed"),
              std::string::npos)
        << "no route leads by them now";
    EXPECT_EQ(pings_of(h1_, "10.9.0.1"), 0);
}

TEST_P(StaticRouteTest, TheLongestPrefixCounts) {
    const Host h3 = add_lan_host("h3", lan20_);
    for (const auto& host : {h2_, h3})
        add_loopback(host, "10.9.0.1", "fd09::1");
    connect(lan10_);
    connect(lan20_);
    warm_up(h1_, h2_);
    warm_up(h1_, h3);
    const auto arrives_at = [&](const std::string& destination) -> std::string {
        const Capture at2(h2_.netns, h2_.device), at3(h3.netns, h3.device);
        const Frame frame = Ethernet{.dst = lan10_.mac, .src = h1_.mac} /
                            IPv4{.src = h1_.ipv4, .dst = destination} / Udp{.dport = 4242} /
                            Payload{64};
        send(h1_, frame);
        const auto same = [&](const Frame& got) {
            return got.size() == frame.size() &&
                   std::equal(frame.end() - 72, frame.end(), got.end() - 72);
        };
        return at2.wait_for(same, quiet) ? "h2" : at3.wait_for(same, quiet) ? "h3" : "nobody";
    };
    add_route("0.0.0.0/0", port_of(lan20_), h2_.ipv4);
    EXPECT_EQ(arrives_at("10.9.0.1"), "h2");
    add_route("10.9.0.0/16", port_of(lan20_), h3.ipv4);
    EXPECT_EQ(arrives_at("10.9.0.1"), "h3");
    EXPECT_EQ(arrives_at("10.8.0.1"), "h2");
    add_route("10.9.0.1/32", port_of(lan20_), h2_.ipv4);
    EXPECT_EQ(arrives_at("10.9.0.1"), "h2");
    EXPECT_EQ(arrives_at("10.9.0.2"), "h3");
    bridge_->routes().add(
        {.prefix = *IpPrefix::parse("10.9.1.0/24"), .type = RouteType::blackhole});
    EXPECT_EQ(arrives_at("10.9.1.1"), "nobody");
    EXPECT_EQ(counters(h1_.port).dropped[XDPB_DROP_BLACKHOLE], 1U);
    bridge_->routes().add({.prefix = *IpPrefix::parse("10.9.2.0/24"), .type = RouteType::local});
    const auto before = to_stack(h1_, XDPB_STACK_LOCAL);
    arrives_at("10.9.2.1");
    EXPECT_EQ(to_stack(h1_, XDPB_STACK_LOCAL), before + 1);
}

// Neither sysctl nor address: the data plane needs nothing of the kernel when it knows the MACs.
TEST_P(StaticRouteTest, WithNeighboursOfItsOwn) {
    forwarding(false);
    connect(lan10_);
    connect(lan20_);
    for (const auto& [host, lan] : {std::pair(h1_, lan10_), std::pair(h2_, lan20_)})
        for (const auto& address : {host.ipv4, host.ipv6})
            bridge_->neighbours().add(*Ip::parse(address), mac(host.mac), {.vlan = lan.vlan});
    EXPECT_TRUE(eventually([&] { return sandbox::ping(h1_.netns, h2_.ipv4, 1).received == 1; }));
    EXPECT_TRUE(eventually([&] { return sandbox::ping(h1_.netns, h2_.ipv6, 1).received == 1; }));
    EXPECT_TRUE(pings(h1_, h2_));
    EXPECT_EQ(to_stack(h1_, XDPB_STACK_FORWARDING_OFF), 0U);
    EXPECT_GE(routed(h1_), 6U);
}

TEST_P(StaticRouteTest, ByARoutedPort) {
    Host a = add_host("a", {.routed = true});
    if (GetParam() == Hook::tc)
        sandbox::check({"ethtool", "-K", a.device, "gro", "on"}, {.netns = a.netns});
    sandbox_.ip("switch", {"address", "add", "10.0.30.254/24", "dev", a.port});
    sandbox_.ip("switch", {"address", "add", "fd00:30::fe/64", "dev", a.port});
    move_host(a, {.vlan = 30});
    connect(lan10_);
    add_route("10.0.30.0/24", port_named(a.port));
    add_route("fd00:30::/64", port_named(a.port));
    warm_up(a, h1_);
    const auto before = routed(a), back = routed(h1_);
    EXPECT_TRUE(pings(a, h1_));
    EXPECT_GE(routed(a), before + 6);
    EXPECT_GE(routed(h1_), back + 6);
    bridge_->ports().remove(a.port);
    EXPECT_EQ(bridge_->routes().list().size(), 2U) << "its routes go with it";
}

XDPB_AT_EACH_HOOK(StaticRouteTest);

} // namespace
} // namespace xdpbridge::test
