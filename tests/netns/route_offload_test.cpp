// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Routing of what hosts leave to their devices: partial checksums and frames of 64 KiB.
#include "route_network.h"

#include "sandbox/process.h"

namespace xdpbridge::test {
namespace {

using ::testing::HasSubstr;

class RouteOffloadTest : public RouteNetworkTest, public ::testing::WithParamInterface<Hook> {
  protected:
    RouteOffloadTest() : RouteNetworkTest({.vlan_aware = true, .default_pvid = 0}) {}

    // As a veth comes, with the hooks of the test.
    Host add(const std::string& name, const Lan& lan) {
        Host host = sandbox_.add_host("switch", name, ++hosts_, {.offloads = true});
        bridge_->ports().add(host.port, {.hook = GetParam()});
        bridge_->vlans().add(host.port, {lan.vlan, lan.vlan}, {.pvid = true, .untagged = true});
        move_host(host, lan);
        return host;
    }
    static bool tcp(const Host& server, const Host& client, const std::string& address) {
        return sandbox::tcp_transfer(server.netns, client.netns, address, 5'000'000).intact();
    }

    const Lan lan10_ = add_lan(10), lan20_ = add_lan(20);
    const Host h1_ = add("h1", lan10_), h2_ = add("h2", lan20_);
};

TEST_P(RouteOffloadTest, TcpBetweenVlans) {
    warm_up(h1_, h2_);
    const auto before = to_stack(h1_);
    for (const auto& [server, client] : {std::pair(h2_, h1_), std::pair(h1_, h2_)}) {
        EXPECT_TRUE(tcp(server, client, server.ipv4));
        EXPECT_TRUE(tcp(server, client, server.ipv6));
    }
    EXPECT_EQ(to_stack(h1_), before);
    const auto c = bridge_->stats().port(bridge_->ports().get(h1_.port).number, XDPB_HOOK_TC);
    EXPECT_GT(c.routed, 50U);
    if (GetParam() == Hook::automatic) { // a veth with XDP gets no GSO frames
        EXPECT_GT(c.rx_bytes / c.rx_packets, 3000U) << "GSO frames were cut up";
    }
}

TEST_P(RouteOffloadTest, TcpLearnsThePathsMtu) {
    warm_up(h1_, h2_);
    sandbox_.ip("switch", {"link", "set", lan20_.svi, "mtu", "1400"});
    for (const auto& address : {h2_.ipv4, h2_.ipv6}) {
        const auto before = to_stack(h1_, XDPB_STACK_TOO_LONG);
        EXPECT_TRUE(tcp(h2_, h1_, address)) << address;
        EXPECT_GT(to_stack(h1_, XDPB_STACK_TOO_LONG), before) << address;
    }
    EXPECT_THAT(sandbox_.ip(h1_.netns, {"route", "get", h2_.ipv4}).out, HasSubstr("mtu 1400"));
    EXPECT_THAT(sandbox_.ip(h1_.netns, {"-6", "route", "get", h2_.ipv6}).out,
                HasSubstr("mtu 1400"));
    const auto routed_before = routed(h1_), stack = to_stack(h1_, XDPB_STACK_TOO_LONG);
    EXPECT_TRUE(tcp(h2_, h1_, h2_.ipv4));
    EXPECT_GT(routed(h1_), routed_before) << "once it is known";
    EXPECT_EQ(to_stack(h1_, XDPB_STACK_TOO_LONG), stack);
}

// A route can be narrower than its device.
TEST_P(RouteOffloadTest, ARoutesOwnMtu) {
    warm_up(h1_, h2_);
    sandbox_.ip("switch", {"route", "add", h2_.ipv4, "dev", lan20_.svi, "mtu", "lock", "1300"});
    EXPECT_TRUE(tcp(h2_, h1_, h2_.ipv4));
    EXPECT_GT(to_stack(h1_, XDPB_STACK_TOO_LONG), 0U);
    EXPECT_THAT(sandbox_.ip(h1_.netns, {"route", "get", h2_.ipv4}).out, HasSubstr("mtu 1300"));
}

TEST_P(RouteOffloadTest, TheHostsOwnTcp) {
    Host router = h1_;
    router.netns = "switch";
    EXPECT_TRUE(tcp(router, h1_, "10.0.10.254"));
    EXPECT_TRUE(tcp(router, h1_, "10.0.20.254"));
    EXPECT_TRUE(tcp(h1_, router, h1_.ipv4));
    EXPECT_TRUE(tcp(router, h1_, "fd00:10::fe"));
}

INSTANTIATE_TEST_SUITE_P(Hook, RouteOffloadTest, ::testing::Values(Hook::automatic, Hook::both),
                         [](const auto& hook) {
                             return hook.param == Hook::both ? "both" : "automatic";
                         });

} // namespace
} // namespace xdpbridge::test
