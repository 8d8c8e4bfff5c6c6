// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The ACL between real hosts.
#include "network_test.h"
#include "sandbox/process.h"

#include <fmt/format.h>

namespace xdpbridge::test {
namespace {

using sandbox::Vlan;

class AclNetworkTest : public HookNetworkTest {
  protected:
    explicit AclNetworkTest(const BridgeOptions& options = {}) : HookNetworkTest(options) {}

    void rule(const std::string& text) { bridge_->acl().add(AclRule::parse(text)); }
    // A host that nobody listens on answers at once, unless the question does not arrive.
    static bool answers(const Host& from, const std::string& address, int port) {
        const auto result = sandbox::run(
            {"timeout", "1", "bash", "-c", fmt::format("exec 3<>/dev/tcp/{}/{}", address, port)},
            {.netns = from.netns});
        return result.exit_code != 124; // that of timeout(1)
    }
    static Frame query(const Host& from, const Host& to, std::uint16_t dport) {
        return Ethernet{.dst = to.mac, .src = from.mac} / IPv4{.src = from.ipv4, .dst = to.ipv4} /
               Udp{.sport = 4000, .dport = dport} / Payload{.size = 100};
    }
    void know(const Host& host, std::uint16_t vlan = 0) {
        bridge_->fdb().add({.mac = mac(host.mac),
                            .vlan = vlan,
                            .port = bridge_->ports().get(host.port).number,
                            .is_static = true});
    }
};

TEST_P(AclNetworkTest, ATcpPortIsClosedAndTheNextIsNot) {
    const Host h1 = add_host("h1"), h2 = add_host("h2");
    rule("--proto tcp --dport 80 drop");
    for (const auto& address : {h2.ipv4, h2.ipv6}) {
        EXPECT_FALSE(answers(h1, address, 80)) << address;
        EXPECT_TRUE(answers(h1, address, 443)) << address;
    }
    const auto entry = bridge_->acl().list().at(0);
    EXPECT_GE(entry.packets, 2U);
    EXPECT_EQ(entry.packets, counters(h1.port).dropped[XDPB_DROP_ACL]);
    bridge_->acl().flush();
    EXPECT_TRUE(answers(h1, h2.ipv4, 80));
}

TEST_P(AclNetworkTest, NetworksAndPorts) {
    const Host h1 = add_host("h1"), h2 = add_host("h2"), h3 = add_host("h3");
    rule(fmt::format("--prio 10 --port {} --dst {}/32 drop", h1.port, h2.ipv4));
    rule("--prio 20 --src fd00:77::/64 --proto icmpv6 --dst fd00:77::2 drop");
    EXPECT_EQ(sandbox::ping(h1.netns, h2.ipv4, 2).received, 0);
    EXPECT_EQ(sandbox::ping(h1.netns, h3.ipv4, 2).received, 2);
    EXPECT_EQ(sandbox::ping(h3.netns, h2.ipv4, 2).received, 2);
    EXPECT_EQ(sandbox::ping(h3.netns, h2.ipv6, 2).received, 0);
    EXPECT_EQ(sandbox::ping(h3.netns, h1.ipv6, 2).received, 2);
}

TEST_P(AclNetworkTest, APolicerKeepsItsRate) {
    const Host h1 = add_host("h1"), h2 = add_host("h2");
    know(h2);
    // A burst of 300 ms: a sender that has to wait for a CPU loses nothing.
    constexpr double rate = 2000, burst = 600;
    rule("--proto udp --dport 53 police 2kpps,burst=600pkt");
    PacketSocket socket(h1.netns, h1.device);
    const Frame frame = query(h1, h2, 53);
    const auto sent = [&] { return counters(h1.port).forwarded; };
    const auto dropped = [&] { return counters(h1.port).dropped[XDPB_DROP_ACL_POLICER]; };
    const auto before = sent();
    const auto begin = std::chrono::steady_clock::now();
    std::uint64_t frames = 0;
    const auto elapsed = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    for (; elapsed() < 0.5; frames++)
        socket.send(frame);
    EXPECT_TRUE(eventually([&] { return sent() - before + dropped() >= frames; }));
    const double allowed = rate * elapsed() + burst; // a little more, by the time we waited
    const auto passed = static_cast<double>(sent() - before);
    ASSERT_GT(static_cast<double>(frames), 1.2 * allowed) << "not fast enough to be policed";
    EXPECT_LE(passed, allowed * 1.02);
    EXPECT_GE(passed, (rate * 0.5 + burst) * 0.95);
    EXPECT_EQ(bridge_->acl().list().at(0).packets, frames);
}

TEST_P(AclNetworkTest, ARuleMirrorsWhatItMeets) {
    const Host h1 = add_host("h1"), h2 = add_host("h2"), watcher = add_host("watcher");
    know(h2);
    rule(fmt::format("--proto udp --dport 53 mirror {}", watcher.port));
    const Capture at_h2(h2.netns, h2.device), copies(watcher.netns, watcher.device);
    const Frame wanted = query(h1, h2, 53), other = query(h1, h2, 54);
    const auto is = [](const Frame& frame) {
        return [&frame](const Frame& got) { return got == frame; };
    };
    send(h1, other);
    send(h1, wanted);
    EXPECT_TRUE(at_h2.wait_for(is(wanted), soon));
    EXPECT_TRUE(at_h2.wait_for(is(other), soon));
    EXPECT_TRUE(copies.wait_for(is(wanted), soon));
    EXPECT_FALSE(copies.wait_for(is(other), quiet));
    EXPECT_FALSE(copies.wait_for(is(wanted), quiet, 2)) << "twice";
    EXPECT_EQ(counters(h1.port).mirrored, 1U);
    EXPECT_EQ(bridge_->acl().list().at(0).packets, 1U) << "counted where it is sent, once";
}

XDPB_AT_EACH_HOOK(AclNetworkTest);

class AclVlanNetworkTest : public AclNetworkTest {
  protected:
    AclVlanNetworkTest() : AclNetworkTest({.vlan_aware = true}) {}
};

TEST_P(AclVlanNetworkTest, AClassIsThePriorityOnTheWire) {
    const Host h1 = add_host("h1"), h2 = add_host("h2");
    bridge_->vlans().add(h1.port, {10, 10}, {.pvid = true, .untagged = true});
    bridge_->vlans().add(h2.port, {10, 10});
    know(h2, 10);
    rule("--proto udp --dport 5060 class 5");
    const Capture capture(h2.netns, h2.device);
    const auto arrives = [&](const Frame& sent, std::uint8_t pcp) {
        Frame expected = sent;
        const std::array<std::uint8_t, 4> tag = {0x81, 0, static_cast<std::uint8_t>(pcp << 5), 10};
        expected.insert(expected.begin() + 12, tag.begin(), tag.end());
        send(h1, sent);
        return capture.wait_for([&](const Frame& got) { return got == expected; }, soon);
    };
    EXPECT_TRUE(arrives(query(h1, h2, 5060), 5));
    EXPECT_TRUE(arrives(query(h1, h2, 5061), 0));
    // A flood, and a frame that has a tag already.
    Frame flooded = query(h1, h2, 5060);
    std::fill(flooded.begin(), flooded.begin() + 6, 0xff);
    EXPECT_TRUE(arrives(flooded, 5));
    bridge_->vlans().add(h1.port, {10, 10});
    const Frame tagged = Ethernet{.dst = h2.mac, .src = h1.mac} / Vlan{.vid = 10, .pcp = 3} /
                         IPv4{.src = h1.ipv4, .dst = h2.ipv4} / Udp{.dport = 5060} /
                         Payload{.size = 100};
    Frame retagged = tagged;
    retagged[14] = 5 << 5;
    send(h1, tagged);
    EXPECT_TRUE(capture.wait_for([&](const Frame& got) { return got == retagged; }, soon));
}

TEST_P(AclVlanNetworkTest, RulesOfAVlan) {
    const Host h1 = add_host("h1"), h2 = add_host("h2");
    for (const Host* host : {&h1, &h2})
        bridge_->vlans().add(host->port, {10, 11});
    rule("--vlan 10 --ethertype arp pass");
    rule("--vlan 10 drop");
    const Capture capture(h2.netns, h2.device);
    const auto arrives = [&](std::uint16_t vid, std::uint16_t type) {
        const Frame frame = Ethernet{.dst = "ff:ff:ff:ff:ff:ff", .src = h1.mac} /
                            Vlan{.vid = vid, .type = type} / Payload{.size = 46};
        send(h1, frame);
        return capture.wait_for([&](const Frame& got) { return got == frame; },
                                vid == 10 && type != 0x0806 ? quiet : soon);
    };
    EXPECT_TRUE(arrives(10, 0x0806));
    EXPECT_FALSE(arrives(10, 0x88b5));
    EXPECT_TRUE(arrives(11, 0x88b5));
}

XDPB_AT_EACH_HOOK(AclVlanNetworkTest);

} // namespace
} // namespace xdpbridge::test
