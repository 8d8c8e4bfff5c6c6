// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Generic XDP: the same switch, after the driver.
#include "network_test.h"

namespace xdpbridge::test {
namespace {

TEST_F(NetworkTest, GenericPortsForwardAndSaySo) {
    const Host h1 = add_host("h1", {.hook = Hook::xdp, .mode = XdpMode::generic});
    const Host h2 = add_host("h2", {.hook = Hook::xdp, .mode = XdpMode::generic});
    const Host h3 = add_host("h3");
    EXPECT_EQ(sandbox::ping(h1.netns, h2.ipv4, 5).received, 5);
    EXPECT_EQ(sandbox::ping(h1.netns, h3.ipv4, 5).received, 5) << "from generic to native";
    EXPECT_EQ(sandbox::ping(h3.netns, h2.ipv6, 5).received, 5) << "from native to generic";
    EXPECT_TRUE(bridge_->ports().get(h1.port).generic);
    EXPECT_FALSE(bridge_->ports().get(h3.port).generic);
}

TEST_F(NetworkTest, AutoPrefersNative) {
    const Host h1 = add_host("h1", {.hook = Hook::xdp, .mode = XdpMode::automatic});
    EXPECT_FALSE(bridge_->ports().get(h1.port).generic);
}

} // namespace
} // namespace xdpbridge::test
