// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A host that shows up at another port is there from its first frame on.
#include "network_test.h"

namespace xdpbridge::test {
namespace {

TEST_F(NetworkTest, AHostThatMovesIsFoundAtOnce) {
    const Host h1 = add_host("h1");
    const Host h2 = add_host("h2");
    const Host h3 = add_host("h3");
    const std::string vm = "02:00:00:00:00:50";
    const Frame to_vm = datagram(h1.mac, vm);
    Events events = bridge_->events();

    const auto arrives = [&](const Host& at) {
        const Capture capture(at.netns, at.device);
        send(h1, to_vm);
        return capture.wait_for([&](const Frame& got) { return got == to_vm; }, soon);
    };
    const auto hears = [&](const Host& at) { // a copy, by flooding or by mistake
        const Capture capture(at.netns, at.device);
        send(h1, to_vm);
        return capture.wait_for([&](const Frame& got) { return got == to_vm; }, quiet);
    };

    send(h2, datagram(vm, h1.mac));
    ASSERT_TRUE(eventually([&] { return bridge_->fdb().lookup(mac(vm)).has_value(); }));
    EXPECT_TRUE(arrives(h2));
    EXPECT_FALSE(hears(h3));

    send(h3, datagram(vm, h1.mac)); // one frame
    const auto third = bridge_->ports().get(h3.port).number;
    ASSERT_TRUE(eventually([&] { return bridge_->fdb().lookup(mac(vm))->port == third; }));
    EXPECT_TRUE(arrives(h3));
    EXPECT_FALSE(hears(h2));
    EXPECT_EQ(counters(h3.port).moved_here, 1U);

    int moves = 0;
    events.read([&](const Event& event) {
        if (event.type != EventType::move)
            return;
        moves++;
        EXPECT_EQ(event.mac, mac(vm));
        EXPECT_EQ(event.port, third);
        EXPECT_EQ(event.old_port, bridge_->ports().get(h2.port).number);
    });
    EXPECT_EQ(moves, 1);
}

} // namespace
} // namespace xdpbridge::test
