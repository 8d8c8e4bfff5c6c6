// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Hosts that talk beside one that makes MACs up, on real devices. The frames themselves, and each
// stage that meets them, are tests/bpf/hostile_test.cpp's.
#include "network_test.h"

#include "support/guard_frames.h"

#include <algorithm>
#include <thread>

namespace xdpbridge::test {
namespace {

constexpr std::uint32_t quota = 64;
constexpr std::uint32_t made_up = 100'000;

class HostileNetworkTest : public HookNetworkTest {
  protected:
    const Host h1_ = add_host("h1");
    const Host h2_ = add_host("h2");
    const Host attacker_ = add_host("h3");

    void SetUp() override {
        sandbox::disable_ipv6(attacker_.netns); // no frames but those of the test
        bridge_->ports().set(attacker_.port, {.mac_quota = quota});
    }
    void expect_at(const Host& host) {
        const auto entry = bridge_->fdb().lookup(mac(host.mac));
        ASSERT_TRUE(entry) << host.name;
        EXPECT_EQ(entry->port, bridge_->ports().get(host.port).number) << host.name;
    }
};

TEST_P(HostileNetworkTest, MadeUpMacsCostTheirPortAlone) {
    ASSERT_EQ(sandbox::ping(h1_.netns, h2_.ipv4, 2).received, 2);
    ASSERT_EQ(sandbox::ping(attacker_.netns, h2_.ipv4, 2).received, 2);
    const auto before = counters(attacker_.port);
    const auto learned = bridge_->ports().get(attacker_.port).learned;

    PacketSocket socket(attacker_.netns, attacker_.device);
    Frame frame = datagram("02:00:00:00:00:00", h1_.mac);
    for (std::uint32_t n = 0; n < made_up; n++) {
        const auto octets = host(1'000'000 + n).octets;
        std::copy(octets.begin(), octets.end(), frame.begin() + 6);
        socket.send(frame);
    }
    // Some may have found the device's queue full, and never came in.
    const auto came_in = [&] { return counters(attacker_.port).rx_packets - before.rx_packets; };
    ASSERT_TRUE(eventually([&] {
        const auto so_far = came_in();
        std::this_thread::sleep_for(quiet);
        return so_far > 0 && came_in() == so_far;
    }));
    EXPECT_GT(came_in(), made_up / 2);

    EXPECT_EQ(bridge_->ports().get(attacker_.port).learned, quota);
    const auto after = counters(attacker_.port);
    EXPECT_EQ(after.quota_exceeded - before.quota_exceeded, came_in() - (quota - learned));
    EXPECT_EQ(after.fdb_full, 0U);
    expect_at(h1_);
    expect_at(h2_);
    EXPECT_EQ(sandbox::ping(h1_.netns, h2_.ipv4, 5).received, 5);
}

// On its way to the program a frame may lose a tag to the skb: none of it may hide what is inside.
TEST_P(HostileNetworkTest, TagsHideNoRouter) {
    const Frame advertisement =
        router_advertisement({attacker_.mac, link_local(attacker_.mac)}, {}, true);
    const auto arrives = [&](const Frame& frame) {
        const Capture capture(h1_.netns, h1_.device);
        send(attacker_, frame);
        return capture.wait_for(
            [&](const Frame& got) {
                return got.size() >= advertisement.size() &&
                       std::equal(advertisement.rbegin(), advertisement.rend() - 14, got.rbegin());
            },
            quiet);
    };
    std::vector<std::uint16_t> tags;
    for (; tags.size() < 5; tags.push_back(static_cast<std::uint16_t>(tags.size()))) {
        bridge_->ports().set(attacker_.port, {.settings = {.ra_guard = false}});
        EXPECT_TRUE(arrives(tagged(advertisement, tags))) << tags.size();
        bridge_->ports().set(attacker_.port, {.settings = {.ra_guard = true}});
        EXPECT_FALSE(arrives(tagged(advertisement, tags))) << tags.size();
    }
    EXPECT_EQ(counters(attacker_.port).dropped[XDPB_DROP_RA_GUARD], tags.size());
}

XDPB_AT_EACH_HOOK(HostileNetworkTest);

} // namespace
} // namespace xdpbridge::test
