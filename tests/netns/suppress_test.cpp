// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Real hosts that ask for each other: who is known is answered for, and nobody else hears it.
#include "network_test.h"
#include "sandbox/process.h"
#include "support/group_frames.h"

#include <fmt/format.h>

namespace xdpbridge::test {
namespace {

using sandbox::Arp;
using sandbox::Vlan;

class SuppressNetTest : public HookNetworkTest {
  protected:
    SuppressNetTest() { bridge_->set_suppression(true); }

    static int pings(const Host& from, const std::string& address) {
        return sandbox::ping(from.netns, address, 3).received;
    }
    void forget_neighbours_of(const Host& host) {
        sandbox_.ip(host.netns, {"neigh", "flush", "all"});
    }
    std::uint64_t answered(const Host& host) { return counters(host.port).answered; }

    // Broadcast ARP requests and solicitations to a group.
    static Capture questions_at(const Host& host) {
        return {host.netns,
                host.device,
                {.filter = "(arp[6:2] == 1 and ether broadcast) or (icmp6 and ip6[40] == 135 and "
                           "ether multicast)"}};
    }

    Host h1_ = add_host("h1"), h2_ = add_host("h2"), h3_ = add_host("h3");
};

TEST_P(SuppressNetTest, WhoIsKnownIsAnsweredForAndNobodyElseHearsIt) {
    for (const std::string& address : {h2_.ipv4, h2_.ipv6}) {
        ASSERT_EQ(pings(h1_, address), 3)
            << "the first question is flooded, and the answer learned";
        ASSERT_TRUE(eventually([&] {
            const auto known = bridge_->neighbours().lookup(*Ip::parse(address));
            return known && known->mac == mac(h2_.mac);
        }));
        forget_neighbours_of(h1_);
        const auto before = answered(h1_);
        const Capture at_h2 = questions_at(h2_), at_h3 = questions_at(h3_);
        EXPECT_EQ(pings(h1_, address), 3);
        EXPECT_EQ(answered(h1_), before + 1) << address;
        EXPECT_FALSE(at_h3.wait_for(1, quiet)) << address;
        EXPECT_TRUE(at_h2.frames().empty()) << address;
    }
}

TEST_P(SuppressNetTest, WhoIsUnknownIsAskedForEverywhere) {
    const Capture at_h2 = questions_at(h2_), at_h3 = questions_at(h3_);
    sandbox::run({"ping", "-c1", "-W1", "10.77.0.99"}, {.netns = h1_.netns});
    EXPECT_TRUE(at_h2.wait_for(1, soon));
    EXPECT_TRUE(at_h3.wait_for(1, soon));
    EXPECT_EQ(answered(h1_), 0U);
}

TEST_P(SuppressNetTest, OffItFloods) {
    bridge_->set_suppression(false);
    ASSERT_EQ(pings(h1_, h2_.ipv4), 3);
    EXPECT_TRUE(bridge_->neighbours().list().empty());
    bridge_->neighbours().add(*Ip::parse(h2_.ipv4), mac(h2_.mac));
    forget_neighbours_of(h1_);
    const Capture at_h3 = questions_at(h3_);
    EXPECT_EQ(pings(h1_, h2_.ipv4), 3);
    EXPECT_TRUE(at_h3.wait_for(1, soon));
}

// A neighbour by the user's word, as an EVPN daemon would add it.
TEST_P(SuppressNetTest, AStaticNeighbourIsAnsweredForIfItsMacIsKnown) {
    bridge_->neighbours().add(*Ip::parse("10.77.0.50"), mac("02:00:00:00:00:50"));
    const Frame request =
        Ethernet{.dst = "ff:ff:ff:ff:ff:ff", .src = h1_.mac} /
        Arp{.op = 1, .sender_mac = h1_.mac, .sender_ip = h1_.ipv4, .target_ip = "10.77.0.50"};
    const Frame reply = Ethernet{.dst = h1_.mac, .src = "02:00:00:00:00:50"} /
                        Arp{.op = 2,
                            .sender_mac = "02:00:00:00:00:50",
                            .sender_ip = "10.77.0.50",
                            .target_mac = h1_.mac,
                            .target_ip = h1_.ipv4};
    const auto is = [](const Frame& wanted) {
        return [&wanted](const Frame& got) { return got == wanted; };
    };
    {
        const Capture at_h1(h1_.netns, h1_.device), at_h3 = questions_at(h3_);
        send(h1_, request);
        EXPECT_TRUE(at_h3.wait_for(is(request), soon)) << "the FDB does not know the MAC";
        EXPECT_FALSE(at_h1.wait_for(is(reply), quiet));
    }
    bridge_->fdb().add({.mac = mac("02:00:00:00:00:50"),
                        .port = bridge_->ports().get(h2_.port).number,
                        .is_static = true});
    const Capture at_h1(h1_.netns, h1_.device), at_h3 = questions_at(h3_);
    send(h1_, request);
    EXPECT_TRUE(at_h1.wait_for(is(reply), soon));
    EXPECT_FALSE(at_h3.wait_for(1, quiet));
}

TEST_P(SuppressNetTest, SolicitationsAreAnsweredToTheByte) {
    bridge_->neighbours().add(*Ip::parse("fd00:77::50"), mac("02:00:00:00:00:50"));
    bridge_->fdb().add({.mac = mac("02:00:00:00:00:50"),
                        .port = bridge_->ports().get(h2_.port).number,
                        .is_static = true});
    const Frame reply = advertisement("02:00:00:00:00:50", "fd00:77::50", h1_.mac, h1_.ipv6);
    const Capture at_h1(h1_.netns, h1_.device), at_h3 = questions_at(h3_);
    send(h1_, solicitation(h1_.mac, h1_.ipv6, "fd00:77::50"));
    EXPECT_TRUE(at_h1.wait_for([&](const Frame& got) { return got == reply; }, soon));
    EXPECT_FALSE(at_h3.wait_for(1, quiet));
}

// The owner has to object to whoever is about to take its address.
TEST_P(SuppressNetTest, ProbesReachTheOwner) {
    ASSERT_EQ(pings(h1_, h2_.ipv4), 3);
    ASSERT_EQ(pings(h1_, h2_.ipv6), 3);
    const Frame probe =
        Ethernet{.dst = "ff:ff:ff:ff:ff:ff", .src = h3_.mac} /
        Arp{.op = 1, .sender_mac = h3_.mac, .sender_ip = "0.0.0.0", .target_ip = h2_.ipv4};
    const Capture at_h2(h2_.netns, h2_.device), at_h3(h3_.netns, h3_.device, {.filter = "arp"});
    send(h3_, probe);
    EXPECT_TRUE(at_h2.wait_for([&](const Frame& got) { return got == probe; }, soon));
    EXPECT_TRUE(at_h3.wait_for(
        [&](const Frame& got) { return sandbox::load16(got, 20) == 2 && got[27] == 2; }, soon))
        << "the owner defends its address itself";
    EXPECT_EQ(answered(h3_), 0U);
}

TEST_P(SuppressNetTest, AHostThatIsGoneIsNotAnsweredFor) {
    ASSERT_EQ(pings(h1_, h2_.ipv4), 3);
    sandbox_.ip(h2_.netns, {"link", "set", h2_.device, "down"});
    bridge_->fdb().remove(mac(h2_.mac));
    forget_neighbours_of(h1_);
    const auto before = answered(h1_);
    const Capture at_h3 = questions_at(h3_);
    sandbox::run({"ping", "-c1", "-W1", h2_.ipv4}, {.netns = h1_.netns});
    EXPECT_TRUE(at_h3.wait_for(1, soon));
    EXPECT_EQ(answered(h1_), before);
}

TEST_P(SuppressNetTest, IsolatedPortsAreAnsweredForWhomTheyReachAlone) {
    for (const Host* host : {&h1_, &h2_})
        bridge_->ports().set(host->port, {.settings = {.isolated = true}});
    ASSERT_EQ(pings(h3_, h1_.ipv4), 3);
    ASSERT_EQ(pings(h3_, h2_.ipv4), 3);
    EXPECT_EQ(pings(h1_, h2_.ipv4), 0);
    EXPECT_EQ(answered(h1_), 0U);
    forget_neighbours_of(h1_);
    EXPECT_EQ(pings(h1_, h3_.ipv4), 3);
    EXPECT_EQ(answered(h1_), 1U) << "an answer goes back to where the question came from";
}

XDPB_AT_EACH_HOOK(SuppressNetTest);

class SuppressVlanTest : public HookNetworkTest {
  protected:
    SuppressVlanTest() : HookNetworkTest({.vlan_aware = true, .default_pvid = 0}) {
        bridge_->set_suppression(true);
        bridge_->vlans().add(h1_.port, {10, 20});
        bridge_->vlans().add(h2_.port, {10, 10}, {.pvid = true, .untagged = true});
        bridge_->neighbours().add(*Ip::parse(h2_.ipv4), mac(h2_.mac), {.vlan = 10});
        bridge_->fdb().add({.mac = mac(h2_.mac),
                            .vlan = 10,
                            .port = bridge_->ports().get(h2_.port).number,
                            .is_static = true});
    }
    Frame question(std::uint16_t vid) const {
        return Ethernet{.dst = "ff:ff:ff:ff:ff:ff", .src = h1_.mac} / Vlan{.vid = vid, .pcp = 3} /
               Arp{.op = 1, .sender_mac = h1_.mac, .sender_ip = h1_.ipv4, .target_ip = h2_.ipv4};
    }
    Host h1_ = add_host("h1"), h2_ = add_host("h2");
};

TEST_P(SuppressVlanTest, AnAnswerHasTheTagOfItsQuestion) {
    const Frame reply = Ethernet{.dst = h1_.mac, .src = h2_.mac} / Vlan{.vid = 10, .pcp = 3} /
                        Arp{.op = 2,
                            .sender_mac = h2_.mac,
                            .sender_ip = h2_.ipv4,
                            .target_mac = h1_.mac,
                            .target_ip = h1_.ipv4};
    const Capture at_h1(h1_.netns, h1_.device);
    send(h1_, question(10));
    EXPECT_TRUE(at_h1.wait_for([&](const Frame& got) { return got == reply; }, soon));
}

TEST_P(SuppressVlanTest, ANeighbourIsOneInItsVlan) {
    const Capture at_h1(h1_.netns, h1_.device, {.filter = "vlan and arp"});
    send(h1_, question(20));
    EXPECT_FALSE(at_h1.wait_for(1, quiet));
    EXPECT_EQ(counters(h1_.port).answered, 0U);
}

XDPB_AT_EACH_HOOK(SuppressVlanTest);

// From XDP to a host behind a port at tc, and back.
TEST_F(NetworkTest, SuppressionBetweenHooks) {
    const Host h1 = add_host("h1", {.hook = Hook::both}), h2 = add_host("h2", {.hook = Hook::tc});
    bridge_->set_suppression(true);
    for (const auto& [from, to] : {std::pair(h1, h2), std::pair(h2, h1)}) {
        ASSERT_EQ(sandbox::ping(from.netns, to.ipv4, 3).received, 3);
        sandbox_.ip(from.netns, {"neigh", "flush", "all"});
        const auto before = counters(from.port).answered;
        EXPECT_EQ(sandbox::ping(from.netns, to.ipv4, 3).received, 3);
        EXPECT_EQ(counters(from.port).answered, before + 1);
    }
}

} // namespace
} // namespace xdpbridge::test
