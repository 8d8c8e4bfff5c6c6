// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Mirrors of ports: the copy is what was on the wire, and the original is as without.
#include "network_test.h"

#include <fmt/format.h>

namespace xdpbridge::test {
namespace {

using sandbox::Vlan;

class MirrorTest : public HookNetworkTest {
  protected:
    explicit MirrorTest(const BridgeOptions& options = {}) : HookNetworkTest(options) {}

    static Frame raw(const std::string& src, const std::string& dst, std::uint8_t fill) {
        return Ethernet{.dst = dst, .src = src, .type = 0x88b5} / Payload{.size = 80, .fill = fill};
    }
    void know(const Host& host, std::uint16_t vlan = 0) {
        bridge_->fdb().add({.mac = mac(host.mac),
                            .vlan = vlan,
                            .port = bridge_->ports().get(host.port).number,
                            .is_static = true});
    }
    void mirror_rx(const Host& host, const std::string& to) {
        bridge_->ports().set(host.port, {.settings = {.mirror_rx = to}});
    }
    void mirror_tx(const Host& host, const std::string& to) {
        bridge_->ports().set(host.port, {.settings = {.mirror_tx = to}});
    }
    static bool gets(const Capture& capture, const Frame& frame, std::size_t copies = 1) {
        const auto is = [&frame](const Frame& got) { return got == frame; };
        return capture.wait_for(is, soon, copies) && !capture.wait_for(is, quiet, copies + 1);
    }
    static bool gets_none(const Capture& capture, const Frame& frame) {
        return !capture.wait_for([&](const Frame& got) { return got == frame; }, quiet);
    }
    const std::string all_ = "ff:ff:ff:ff:ff:ff";
};

TEST_P(MirrorTest, WhatComesIn) {
    const Host h1 = add_host("h1"), h2 = add_host("h2"), watcher = add_host("watcher");
    know(h1);
    know(h2);
    mirror_rx(h1, watcher.port);
    const Capture at_h1(h1.netns, h1.device), at_h2(h2.netns, h2.device),
        copies(watcher.netns, watcher.device);
    const Frame there = raw(h1.mac, h2.mac, 1), back = raw(h2.mac, h1.mac, 2);
    send(h1, there);
    EXPECT_TRUE(gets(at_h2, there));
    EXPECT_TRUE(gets(copies, there));
    send(h2, back);
    EXPECT_TRUE(gets(at_h1, back));
    EXPECT_TRUE(gets_none(copies, back));
    EXPECT_GE(counters(h1.port).mirrored, 1U);
    EXPECT_EQ(counters(h2.port).mirrored, 0U);
    mirror_rx(h1, "");
    const Frame later = raw(h1.mac, h2.mac, 3);
    send(h1, later);
    EXPECT_TRUE(gets(at_h2, later));
    EXPECT_TRUE(gets_none(copies, later));
}

// Whatever becomes of it.
TEST_P(MirrorTest, WhatComesInAndIsDropped) {
    const Host h1 = add_host("h1"), h2 = add_host("h2"), watcher = add_host("watcher");
    know(h2);
    mirror_rx(h1, watcher.port);
    bridge_->acl().add(AclRule::parse("--ethertype 0x88b5 drop"));
    const Capture at_h2(h2.netns, h2.device), copies(watcher.netns, watcher.device);
    const Frame dropped = raw(h1.mac, h2.mac, 1),
                from_a_group = raw("03:00:00:00:00:01", h2.mac, 2);
    send(h1, dropped);
    send(h1, from_a_group);
    EXPECT_TRUE(gets(copies, dropped));
    EXPECT_TRUE(gets(copies, from_a_group));
    EXPECT_TRUE(gets_none(at_h2, dropped));
    EXPECT_EQ(counters(h1.port).dropped[XDPB_DROP_ACL], 1U);
}

TEST_P(MirrorTest, WhatLeaves) {
    const Host h1 = add_host("h1"), h2 = add_host("h2"), watcher = add_host("watcher");
    know(h1);
    know(h2);
    mirror_tx(h1, watcher.port);
    const Capture at_h1(h1.netns, h1.device), copies(watcher.netns, watcher.device);
    const Frame to_h1 = raw(h2.mac, h1.mac, 1), from_h1 = raw(h1.mac, h2.mac, 2),
                flood = raw(h2.mac, all_, 3);
    send(h2, to_h1);
    EXPECT_TRUE(gets(at_h1, to_h1));
    EXPECT_TRUE(gets(copies, to_h1));
    send(h1, from_h1);
    EXPECT_TRUE(gets_none(copies, from_h1));
    send(h2, flood);
    EXPECT_TRUE(gets(at_h1, flood));
    EXPECT_TRUE(gets(copies, flood, 2)) << "as a member of the flood, and as the mirror";
    EXPECT_GE(counters(h2.port).mirrored, 2U);
}

TEST_P(MirrorTest, WhatTheMirrorItselfSendsIsNotSentBack) {
    const Host h1 = add_host("h1"), watcher = add_host("watcher");
    know(h1);
    mirror_tx(h1, watcher.port);
    bridge_->acl().add(AclRule::parse(fmt::format("mirror {}", watcher.port)));
    const Capture at_h1(h1.netns, h1.device), copies(watcher.netns, watcher.device);
    const Frame frame = raw(watcher.mac, h1.mac, 1);
    send(watcher, frame);
    EXPECT_TRUE(gets(at_h1, frame));
    EXPECT_TRUE(gets_none(copies, frame));
    EXPECT_EQ(counters(watcher.port).mirrored, 0U);
}

TEST_P(MirrorTest, RealTraffic) {
    const Host h1 = add_host("h1"), h2 = add_host("h2"), watcher = add_host("watcher");
    mirror_rx(h1, watcher.port);
    mirror_tx(h1, watcher.port);
    EXPECT_TRUE(sandbox::tcp_transfer(h2.netns, h1.netns, h2.ipv4, 1'000'000).intact());
    EXPECT_TRUE(sandbox::tcp_transfer(h1.netns, h2.netns, h1.ipv6, 1'000'000).intact());
    EXPECT_EQ(sandbox::ping(h1.netns, h2.ipv6, 3).received, 3);
    EXPECT_GT(counters(h1.port).mirrored, 10U);
    EXPECT_GT(counters(h2.port).mirrored, 10U);
}

TEST_P(MirrorTest, AMirrorThatIsGone) {
    const Host h1 = add_host("h1"), h2 = add_host("h2"), watcher = add_host("watcher");
    know(h2);
    mirror_rx(h1, watcher.port);
    sandbox_.ip("switch", {"link", "del", watcher.port});
    const auto mirrored = counters(h1.port).mirrored; // what the host's kernel has sent by then
    const Capture at_h2(h2.netns, h2.device);
    const Frame frame = raw(h1.mac, h2.mac, 1);
    send(h1, frame);
    EXPECT_TRUE(gets(at_h2, frame));
    EXPECT_GE(counters(watcher.port).refused[XDPB_REFUSAL_DOWN], 1U);
    EXPECT_EQ(counters(h1.port).mirrored, mirrored);
    const auto error = error_of([&] { bridge_->ports().remove(watcher.port); });
    EXPECT_EQ(error.code().value(), EBUSY) << error.what();
    mirror_rx(h1, "");
    bridge_->ports().remove(watcher.port);
}

XDPB_AT_EACH_HOOK(MirrorTest);

class VlanMirrorTest : public MirrorTest {
  protected:
    VlanMirrorTest() : MirrorTest({.vlan_aware = true, .default_pvid = 0}) {}
};

// The mirror is in no VLAN, and so gets copies and nothing else.
TEST_P(VlanMirrorTest, CopiesHaveTheTagsOfTheWire) {
    const Host access = add_host("h1"), trunk = add_host("h2"), watcher = add_host("watcher");
    bridge_->vlans().add(access.port, {10, 10}, {.pvid = true, .untagged = true});
    bridge_->vlans().add(trunk.port, {10, 10});
    know(access, 10);
    know(trunk, 10);
    const Capture copies(watcher.netns, watcher.device);
    const auto tagged = [](const std::string& src, const std::string& dst, std::uint8_t fill) {
        return Frame(Ethernet{.dst = dst, .src = src} / Vlan{.vid = 10, .pcp = 3, .type = 0x88b5} /
                     Payload{.size = 80, .fill = fill});
    };
    const auto with_tag = [](Frame frame) {
        const std::array<std::uint8_t, 4> tag = {0x81, 0, 0, 10};
        frame.insert(frame.begin() + 12, tag.begin(), tag.end());
        return frame;
    };
    mirror_rx(trunk, watcher.port);
    send(trunk, tagged(trunk.mac, access.mac, 1));
    EXPECT_TRUE(gets(copies, tagged(trunk.mac, access.mac, 1))) << "as it came in";
    mirror_rx(trunk, "");
    mirror_tx(access, watcher.port);
    send(trunk, tagged(trunk.mac, access.mac, 2));
    EXPECT_TRUE(gets(copies, raw(trunk.mac, access.mac, 2))) << "as it left";
    mirror_tx(access, "");
    mirror_tx(trunk, watcher.port);
    for (const auto& dst : {trunk.mac, all_}) {
        send(access, raw(access.mac, dst, 3));
        EXPECT_TRUE(gets(copies, with_tag(raw(access.mac, dst, 3)))) << "as it left " << dst;
    }
    send(trunk, tagged(trunk.mac, all_, 4));
    EXPECT_TRUE(gets_none(copies, tagged(trunk.mac, all_, 4)));
    EXPECT_TRUE(gets_none(copies, raw(trunk.mac, all_, 4)));
}

XDPB_AT_EACH_HOOK(VlanMirrorTest);

class LentTcTest : public NetworkTest {
  protected:
    [[nodiscard]] PortInfo port(const Host& host) const { return bridge_->ports().get(host.port); }
    void set(const Host& host, const PortChange& change) {
        bridge_->ports().set(host.port, change);
    }
};

TEST_F(LentTcTest, AsLongAsSomethingIsMirrored) {
    const Host h1 = add_host("h1"), h2 = add_host("h2"), watcher = add_host("watcher");
    EXPECT_FALSE(port(h2).tc);
    set(h1, {.settings = {.mirror_rx = watcher.port}});
    for (const Host* host : {&h1, &h2, &watcher}) {
        EXPECT_TRUE(port(*host).tc);
        EXPECT_TRUE(port(*host).tc_lent);
    }
    const Host later = add_host("later");
    EXPECT_TRUE(port(later).tc_lent) << "a port that comes later";
    bridge_->acl().add(AclRule::parse(fmt::format("--prio 5 mirror {}", watcher.port)));
    set(h1, {.settings = {.mirror_rx = ""}});
    EXPECT_TRUE(port(h2).tc) << "a rule still mirrors";
    bridge_->acl().remove(5);
    for (const Host* host : {&h1, &h2, &watcher, &later}) {
        EXPECT_FALSE(port(*host).tc);
        EXPECT_FALSE(port(*host).tc_lent);
    }
}

TEST_F(LentTcTest, WhatWasAskedForStays) {
    const Host h1 = add_host("h1"), h2 = add_host("h2", {.hook = Hook::both}),
               watcher = add_host("watcher");
    set(h1, {.settings = {.mirror_rx = watcher.port}});
    EXPECT_TRUE(port(h2).tc);
    EXPECT_FALSE(port(h2).tc_lent);
    set(watcher, {.hook = Hook::both});
    EXPECT_FALSE(port(watcher).tc_lent) << "its own from now on";
    set(h2, {.hook = Hook::xdp});
    EXPECT_TRUE(port(h2).tc_lent);
    set(h1, {.settings = {.mirror_rx = ""}});
    EXPECT_TRUE(port(watcher).tc);
    EXPECT_FALSE(port(h2).tc);
    EXPECT_FALSE(port(h1).tc);
}

TEST_F(LentTcTest, WhatCannotBe) {
    const Host h1 = add_host("h1"), h2 = add_host("h2");
    const auto code = [&](const PortSettings& settings) {
        return error_of([&] { set(h1, {.settings = settings}); }).code().value();
    };
    EXPECT_EQ(code({.mirror_rx = "nobody"}), ENOENT);
    EXPECT_EQ(code({.mirror_tx = h1.port}), EINVAL);
    EXPECT_EQ(port(h1).features & (XDPB_FEATURE_MIRROR_RX | XDPB_FEATURE_MIRROR_TX), 0U);
    EXPECT_FALSE(port(h1).tc);
}

} // namespace
} // namespace xdpbridge::test
