// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Ports that come and go under traffic.
#include "network_test.h"

#include "sandbox/ethtool.h"

#include <fmt/format.h>

namespace xdpbridge::test {
namespace {

TEST_F(NetworkTest, AnInterfaceThatVanishedComesBack) {
    const Host h1 = add_host("h1");
    Host h2 = add_host("h2", {.mac_quota = 7});
    ASSERT_EQ(sandbox::ping(h1.netns, h2.ipv4, 3).received, 3);
    const auto number = bridge_->ports().get(h2.port).number;

    sandbox_.del_namespace("h2"); // and with it both ends of the veth
    ASSERT_TRUE(eventually([&] { return bridge_->ports().get(h2.port).state == PortState::gone; }));
    // Its hosts may be anywhere now: what was for it is flooded.
    const auto flooded = counters(h1.port).flooded;
    send(h1, datagram(h1.mac, h2.mac));
    EXPECT_TRUE(eventually([&] { return counters(h1.port).flooded > flooded; }));

    h2 = sandbox_.add_host("switch", "h2", 2);
    bridge_->ports().add(h2.port);
    EXPECT_EQ(bridge_->ports().get(h2.port).number, number);
    EXPECT_EQ(bridge_->ports().get(h2.port).mac_quota, 7U);
    EXPECT_EQ(bridge_->ports().get(h2.port).state, PortState::forwarding);
    EXPECT_EQ(sandbox::ping(h1.netns, h2.ipv4, 3).received, 3);
}

TEST_F(NetworkTest, ARenamedInterfaceStaysAPort) {
    const Host h1 = add_host("h1");
    const Host h2 = add_host("h2");
    sandbox_.ip("switch", {"link", "set", h2.port, "down"});
    sandbox_.ip("switch", {"link", "set", h2.port, "name", "uplink"});
    sandbox_.ip("switch", {"link", "set", "uplink", "up"});
    EXPECT_EQ(bridge_->ports().get("uplink").state, PortState::forwarding);
    EXPECT_EQ(sandbox::ping(h1.netns, h2.ipv4, 3).received, 3);
    bridge_->ports().remove("uplink");
}

TEST_F(NetworkTest, AScopedAttachmentForwardsWhileItLives) {
    const Host h1 = add_host("h1");
    const Host h2 = sandbox_.add_host("switch", "h2", 20);
    {
        const Attachment attachment = bridge_->ports().attach(h2.port);
        EXPECT_EQ(sandbox::ping(h1.netns, h2.ipv4, 3).received, 3);
    }
    EXPECT_EQ(sandbox::ping(h1.netns, h2.ipv4, 2).received, 0);
    EXPECT_EQ(bridge_->ports().list().size(), 1U);
}

TEST_F(NetworkTest, SixtyFourPortsAndAFloodToAll) {
    const Host first = add_host("h1");
    std::vector<std::string> others;
    for (int i = 2; i <= 64; i++) {
        const std::string port = fmt::format("p{}", i);
        sandbox_.ip("switch",
                    {"link", "add", port, "type", "veth", "peer", "name", port + "-peer"});
        sandbox_.ip("switch", {"link", "set", port, "up"});
        sandbox_.ip("switch", {"link", "set", port + "-peer", "up"});
        sandbox::set_gro("switch", port + "-peer", true); // else it takes no redirected frames
        bridge_->ports().add(port);
        others.push_back(port);
    }
    EXPECT_EQ(bridge_->ports().list().size(), 64U);
    const Frame frame = datagram("02:00:00:00:00:99", "02:00:00:00:00:77");
    const auto sent = [&](const std::string& port) { return counters(port).tx_packets; };
    std::vector<std::uint64_t> before;
    for (const auto& port : others)
        before.push_back(sent(port));
    send(first, frame);
    for (std::size_t i = 0; i < others.size(); i++)
        EXPECT_TRUE(eventually([&] { return sent(others[i]) > before[i]; })) << others[i];
}

} // namespace
} // namespace xdpbridge::test
