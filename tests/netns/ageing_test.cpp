// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Ageing in real time, with no process of ours at work.
#include "network_test.h"

#include <thread>

namespace xdpbridge::test {
namespace {

class AgeingTest : public HookNetworkTest {
  protected:
    AgeingTest() : HookNetworkTest({.ageing = 3s}) {}
    const Host h1_ = add_host("h1");
    const Host h2_ = add_host("h2");
    const Host h3_ = add_host("h3");
    const std::string silent_ = "02:00:00:00:00:50"; // heard of once, at h2

    bool h3_hears_frames_for_it() {
        const Frame frame = datagram(h1_.mac, silent_);
        const Capture capture(h3_.netns, h3_.device);
        send(h1_, frame);
        return capture.wait_for([&](const Frame& got) { return got == frame; }, quiet);
    }
};

TEST_P(AgeingTest, ASilentHostIsForgottenToTheSecond) {
    send(h2_, datagram(silent_, h1_.mac));
    const auto heard = std::chrono::steady_clock::now();
    const auto until = [&](std::chrono::milliseconds age) {
        std::this_thread::sleep_until(heard + age);
    };

    until(1s);
    EXPECT_FALSE(h3_hears_frames_for_it()); // and sending to it must not keep it alive
    until(2s);
    EXPECT_FALSE(h3_hears_frames_for_it());
    EXPECT_TRUE(bridge_->fdb().lookup(mac(silent_)));
    until(4s);
    EXPECT_FALSE(bridge_->fdb().lookup(mac(silent_)));
    EXPECT_TRUE(h3_hears_frames_for_it());
    for (const auto& entry : bridge_->fdb().entries())
        EXPECT_NE(entry.mac, mac(silent_));
}

TEST_P(AgeingTest, AHostThatSpeaksIsKept) {
    for (int i = 0; i < 9; i++) {
        send(h2_, datagram(silent_, h1_.mac));
        std::this_thread::sleep_for(500ms);
    }
    EXPECT_FALSE(h3_hears_frames_for_it());
}

TEST_P(AgeingTest, AStaticEntryIsKept) {
    bridge_->fdb().add(
        {.mac = mac(silent_), .port = bridge_->ports().get(h2_.port).number, .is_static = true});
    std::this_thread::sleep_for(4s);
    EXPECT_FALSE(h3_hears_frames_for_it());
}

XDPB_AT_EACH_HOOK(AgeingTest);

} // namespace
} // namespace xdpbridge::test
