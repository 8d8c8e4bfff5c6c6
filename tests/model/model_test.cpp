// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The model by itself: what it says is right has to be so by the standards, not by the data plane.
#include "model/switch.h"
#include "support/guard_frames.h"

#include <xdpbridge/stats.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>

namespace xdpbridge::model {
namespace {

using sandbox::Ethernet;
using sandbox::IPv4;
using sandbox::IPv6;
using sandbox::Payload;
using sandbox::Tcp;
using sandbox::Udp;
using sandbox::Vlan;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string broadcast = "ff:ff:ff:ff:ff:ff";

std::string host(unsigned number) {
    return host_mac(static_cast<std::uint8_t>(number)).to_string();
}

Frame plain(const std::string& src, const std::string& dst) {
    return Ethernet{.dst = dst, .src = src} / IPv4{.src = "10.0.0.1", .dst = "10.0.0.2"} / Udp{} /
           Payload{18};
}

Frame in_vlan(const std::string& src, const std::string& dst, std::uint16_t vid,
              std::uint8_t pcp = 0) {
    return Ethernet{.dst = dst, .src = src} / Vlan{.vid = vid, .pcp = pcp} /
           IPv4{.src = "10.0.0.1", .dst = "10.0.0.2"} / Udp{} / Payload{18};
}

std::unique_ptr<Switch> new_switch(Kind kind, Hook hook = Hook::xdp) {
    return std::make_unique<Switch>(SwitchSetup{kind, hook}, false);
}

class ModelTest : public ::testing::Test {
  protected:
    void make(Kind kind, Hook hook = Hook::xdp) { model_ = new_switch(kind, hook); }
    void apply(const std::string& line) { EXPECT_TRUE(model_->apply(parse_step(line))) << line; }
    Outcome receive(PortNumber port, const Frame& frame) { return model_->receive({port, frame}); }
    std::vector<PortNumber> ports(PortNumber port, const Frame& frame) {
        std::vector<PortNumber> ports;
        for (const Copy& copy : receive(port, frame).copies)
            ports.push_back(copy.port);
        return ports;
    }
    std::string dropped(PortNumber port, const Frame& frame) {
        const Outcome outcome = receive(port, frame);
        return outcome.reason ? std::string(xdpbridge::name_of(*outcome.reason)) : "not dropped";
    }
    Frame sent(PortNumber port, const Frame& frame) {
        const auto copies = receive(port, frame).copies;
        return copies.size() == 1 ? copies[0].frame : Frame{};
    }

    std::unique_ptr<Switch> model_ = new_switch(Kind::plain);
};

TEST_F(ModelTest, FloodsTheUnknownAndForwardsTheKnown) {
    EXPECT_THAT(ports(1, plain(host(1), host(2))), ElementsAre(2, 3, 4, svi_port));
    EXPECT_THAT(ports(2, plain(host(2), host(1))), ElementsAre(1));
    EXPECT_EQ(dropped(1, plain(host(3), host(1))), "hairpin");
    EXPECT_THAT(ports(3, plain(host(2), broadcast)), ElementsAre(1, 2, 4, svi_port));
    EXPECT_THAT(ports(1, plain(host(1), host(2))), ElementsAre(3)) << "it has moved";
    EXPECT_EQ(model_->counters(3).moved_here, 1U);
}

TEST_F(ModelTest, ForgetsWhoHasBeenSilent) {
    apply("ageing 90");
    receive(1, plain(host(1), broadcast));
    apply("wait 60");
    EXPECT_THAT(ports(2, plain(host(2), host(1))), ElementsAre(1));
    apply("wait 60");
    EXPECT_THAT(ports(2, plain(host(2), host(1))), ElementsAre(1, 3, 4, svi_port));
    apply("host 02:00:00:00:00:01 0 port 1 static");
    apply("wait 600");
    EXPECT_THAT(ports(2, plain(host(2), host(1))), ElementsAre(1));
}

TEST_F(ModelTest, LearnsNoMoreThanTheQuota) {
    apply("set 1 quota 2");
    for (unsigned i = 1; i <= 3; i++)
        receive(1, plain(host(i), broadcast));
    EXPECT_EQ(model_->fdb().learned(1), 2U);
    EXPECT_EQ(model_->counters(1).quota_exceeded, 1U);
    apply("wait 600");
    receive(1, plain(host(3), broadcast));
    EXPECT_TRUE(model_->fdb().entries().contains({host_mac(3), 0})) << "memory is won back";
}

TEST_F(ModelTest, NeverEvicts) {
    for (unsigned i = 1; i <= fdb_size + 2; i++)
        receive(1, plain(host(i), broadcast));
    EXPECT_EQ(model_->fdb().entries().size(), fdb_size);
    EXPECT_EQ(model_->counters(1).fdb_full, 3U) << "one place is the router's";
    EXPECT_TRUE(model_->fdb().entries().contains({host_mac(1), 0}));
}

TEST_F(ModelTest, KeepsReservedAddressesAndBadSources) {
    const Frame lldp = plain(host(1), "01:80:c2:00:00:0e");
    EXPECT_EQ(receive(1, lldp).fate, Fate::passed);
    apply("reserved 14 forward");
    EXPECT_EQ(receive(1, lldp).fate, Fate::flooded);
    apply("reserved 14 drop");
    EXPECT_EQ(dropped(1, lldp), "reserved");
    EXPECT_EQ(receive(1, plain(host(1), "01:80:c2:00:00:10")).fate, Fate::flooded);
    EXPECT_EQ(dropped(1, plain("03:00:00:00:00:01", host(2))), "src_multicast");
    EXPECT_EQ(dropped(1, plain("00:00:00:00:00:00", host(2))), "src_zero");
}

TEST_F(ModelTest, KeepsIsolatedPortsApart) {
    apply("set 1 isolated 1");
    apply("set 2 isolated 1");
    receive(2, plain(host(2), broadcast));
    EXPECT_EQ(dropped(1, plain(host(1), host(2))), "isolated");
    EXPECT_THAT(ports(1, plain(host(1), broadcast)), ElementsAre(3, 4, svi_port));
    EXPECT_EQ(model_->counters(2).filtered[XDPB_FILTER_ISOLATED], 1U);
    EXPECT_THAT(ports(3, plain(host(3), host(2))), ElementsAre(2));
}

TEST_F(ModelTest, ABpduShutsAGuardedPort) {
    apply("set 1 bpdu_guard 1");
    EXPECT_EQ(dropped(1, plain(host(1), "01:80:c2:00:00:00")), "bpdu_guard");
    EXPECT_EQ(dropped(1, plain(host(1), host(2))), "bpdu_guard");
    EXPECT_THAT(ports(2, plain(host(2), broadcast)), ElementsAre(3, 4, svi_port));
    apply("set 1 bpdu_guard 1");
    EXPECT_EQ(receive(1, plain(host(1), host(3))).fate, Fate::flooded);
}

TEST_F(ModelTest, VlansAreApart) {
    make(Kind::vlan);
    apply("join 1 10");
    apply("join 2 10 pvid untagged");
    apply("join 3 20");
    EXPECT_EQ(sent(2, plain(host(2), broadcast)), Frame{}) << "two get it";
    EXPECT_EQ(sent(1, in_vlan(host(1), host(2), 10, 5)), plain(host(1), host(2)));
    EXPECT_EQ(sent(2, plain(host(2), host(1))), in_vlan(host(2), host(1), 10));
    EXPECT_EQ(dropped(1, in_vlan(host(1), host(2), 20)), "vlan") << "ingress filter";
    EXPECT_THAT(ports(3, in_vlan(host(3), host(1), 20)), IsEmpty()) << "its own FDB";
    EXPECT_THAT(ports(4, plain(host(4), broadcast)), ElementsAre(1, 2, 3)) << "VLAN 1";
    apply("leave 2 10");
    EXPECT_THAT(ports(1, in_vlan(host(1), host(2), 10)), ElementsAre(svi_port));
}

TEST_F(ModelTest, PrioritiesAreKept) {
    make(Kind::vlan);
    apply("join 1 10 pvid");
    apply("join 2 10");
    receive(2, in_vlan(host(2), broadcast, 10));
    EXPECT_EQ(sent(1, in_vlan(host(1), host(2), 0, 6)), in_vlan(host(1), host(2), 10, 6))
        << "a priority tag";
    apply("set 1 priority 3");
    EXPECT_EQ(sent(1, plain(host(1), host(2))), in_vlan(host(1), host(2), 10, 3));
    EXPECT_EQ(sent(1, in_vlan(host(1), host(2), 10, 6)), in_vlan(host(1), host(2), 10, 6));
    apply("set 1 set_priority 1");
    EXPECT_EQ(sent(1, in_vlan(host(1), host(2), 10, 6)), in_vlan(host(1), host(2), 10, 3));
}

TEST_F(ModelTest, ATunnelCarriesTags) {
    make(Kind::vlan);
    apply("join 1 10 pvid untagged");
    apply("join 2 10");
    apply("set 1 tunnel 1");
    receive(2, in_vlan(host(2), broadcast, 10));
    const Frame out = sent(1, in_vlan(host(1), host(2), 77));
    EXPECT_EQ(sandbox::load16(out, 14), 10);
    EXPECT_EQ(without_outer_tag(out), in_vlan(host(1), host(2), 77));
}

TEST_F(ModelTest, GuardsAskForBindings) {
    apply("bind 1 02:00:00:00:00:01 10.0.0.1");
    apply("set 1 source_guard 1");
    EXPECT_EQ(dropped(1, plain(host(2), broadcast)), "mac_guard");
    apply("set 1 source_guard 2");
    EXPECT_EQ(dropped(1, test::udp4({host(1), "10.0.0.9"}, broadcast, "10.0.0.2")), "ip_guard");
    EXPECT_EQ(dropped(1, test::udp4({host(1), "10.0.0.1"}, broadcast, "10.0.0.2")), "not dropped");
    EXPECT_EQ(dropped(1, test::udp4({host(1), "0.0.0.0"}, broadcast, "255.255.255.255", 68, 67)),
              "not dropped");
    apply("set 1 arp_guard 1");
    EXPECT_EQ(dropped(1, test::arp(host(1), broadcast, 2, {host(1), "10.0.0.9"}, "10.0.0.2")),
              "arp_guard");
    EXPECT_EQ(dropped(1, test::arp(host(1), broadcast, 2, {host(1), "10.0.0.1"}, "10.0.0.2")),
              "not dropped");
    EXPECT_EQ(dropped(1, test::neighbour_advertisement({host(1), test::link_local(host(1))},
                                                       host(2), "fd00::2", "fd00::9")),
              "arp_guard");
}

TEST_F(ModelTest, GuardsKnowServersAndRouters) {
    apply("set 1 dhcp_guard 1");
    apply("set 1 ra_guard 1");
    EXPECT_EQ(dropped(1, test::udp4({host(1), "10.0.0.1"}, broadcast, "10.0.0.2", 67, 68)),
              "dhcp_guard");
    const Frame advert = test::router_advertisement({host(1), test::link_local(host(1))});
    EXPECT_EQ(dropped(1, advert), "ra_guard");
    EXPECT_EQ(dropped(1, test::extended(advert, {test::destination_options})), "ra_guard");
    EXPECT_EQ(dropped(1, test::in_snap(advert)), "ra_guard");
    EXPECT_EQ(dropped(1, test::extended(test::udp6({host(1), "fd00::1"}, host(2), "fd00::2"),
                                        std::vector(9, test::destination_options))),
              "dhcp_guard")
        << "nobody can tell what it is";
}

TEST_F(ModelTest, TheFirstRuleDecides) {
    apply("acl --proto udp --dport 53 pass");
    apply("acl --proto udp drop");
    const auto udp = [](std::uint16_t port) {
        return test::udp4({host(1), "10.0.0.1"}, broadcast, "10.0.0.2", 1024, port);
    };
    EXPECT_EQ(dropped(1, udp(53)), "not dropped");
    EXPECT_EQ(dropped(1, udp(54)), "acl");
    EXPECT_EQ(model_->rule_counters().at(1).packets, 1U);
    apply("acl");
    EXPECT_EQ(dropped(1, udp(54)), "not dropped");
}

class RoutingTest : public ModelTest {
  protected:
    RoutingTest() {
        apply("route 10.9.0.0/16 via 10.0.0.201 dev 5");
        apply("route 10.9.1.0/24 blackhole");
        apply("route 10.9.2.0/24 local");
        apply("route fd09::/64 via fd00::c9 dev 5");
    }
    static Frame to_router(const std::string& dst, std::uint8_t ttl = 64) {
        return Ethernet{.dst = svi_mac.to_string(), .src = host(1)} /
               IPv4{.src = "10.0.0.1", .dst = dst, .ttl = ttl} / Udp{} / Payload{18};
    }
    std::string reason(const Frame& frame) {
        const auto before = model_->counters(1);
        const auto where = ports(1, frame);
        const auto& after = model_->counters(1);
        for (unsigned i = 0; i < XDPB_STACK_REASON_COUNT; i++)
            if (after.to_stack[i] != before.to_stack[i]) {
                EXPECT_THAT(where, ElementsAre(svi_port));
                return std::string(xdpbridge::name_of(static_cast<xdpb_stack_reason>(i)));
            }
        return "none";
    }
};

TEST_F(RoutingTest, TakesOneHop) {
    const Frame expected = Ethernet{.dst = host(1), .src = routed_mac.to_string()} /
                           IPv4{.src = "10.0.0.1", .dst = "10.9.3.1", .ttl = 63} / Udp{} /
                           Payload{18};
    EXPECT_EQ(sent(1, to_router("10.9.3.1")), expected);
    EXPECT_EQ(model_->counters(1).routed, 1U);
}

TEST_F(RoutingTest, TellsWhyNot) {
    EXPECT_EQ(dropped(1, to_router("10.9.1.1")), "blackhole");
    EXPECT_EQ(reason(to_router("10.9.2.1")), "local");
    EXPECT_EQ(reason(to_router("10.8.0.1")), "no_route");
    EXPECT_EQ(reason(to_router("224.0.0.1")), "local");
    EXPECT_EQ(reason(to_router("10.9.3.1", 1)), "ttl");
    Frame wrong = to_router("10.9.3.1");
    wrong[24] ^= 1;
    EXPECT_EQ(reason(wrong), "bad_header");
    EXPECT_EQ(reason(plain(host(1), svi_mac.to_string())), "no_route");
    apply("route 10.9.3.1/32 dev 5");
    EXPECT_EQ(reason(to_router("10.9.3.1")), "no_neighbour");
}

TEST_F(RoutingTest, ARoutedPortIsTheHosts) {
    EXPECT_EQ(receive(routed_port, plain(host(1), host(2))).fate, Fate::passed);
    EXPECT_TRUE(model_->fdb().entries().size() == 1) << "nothing is learned there";
    const Frame frame = Ethernet{.dst = routed_mac.to_string(), .src = host(7)} /
                        IPv6{.src = "fd00::7", .dst = "fd09::1"} / Tcp{} / Payload{20};
    const Frame out = sent(routed_port, frame);
    ASSERT_FALSE(out.empty()) << "back to where it came from, if a route says so";
    EXPECT_EQ(out[14 + 7], 63);
    apply("acl --src-mac 02:00:00:00:00:07 drop");
    EXPECT_EQ(dropped(routed_port, frame), "acl") << "by its own MAC";
}

// An IPv6 packet may name one, and it is no IPv4 address for that.
TEST_F(RoutingTest, AMappedAddressIsNotIpv4) {
    const Frame frame = Ethernet{.dst = svi_mac.to_string(), .src = host(1)} /
                        IPv6{.src = "fd00::1", .dst = "::ffff:10.9.3.1"} / Udp{} / Payload{18};
    EXPECT_EQ(reason(frame), "no_route");
}

TEST_F(ModelTest, XdpCannotCompleteFrames) {
    Frame partial = plain(host(1), broadcast);
    // The folded sum of the pseudo header: 10.0.0.1, 10.0.0.2, UDP, 26 bytes.
    sandbox::store16(partial, 40, 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 17 + 26);
    EXPECT_EQ(dropped(1, partial), "partial_checksum");
    EXPECT_EQ(
        dropped(1, Ethernet{.dst = broadcast, .src = host(1), .type = 0x88b5} / Payload{1509}),
        "gso");
    make(Kind::plain, Hook::tc);
    EXPECT_EQ(dropped(1, partial), "not dropped");
}

TEST_F(ModelTest, ATagThatIsCutOffIsTruncated) {
    Frame frame = in_vlan(host(1), broadcast, 10);
    frame.resize(17);
    EXPECT_EQ(dropped(1, frame), "truncated");
}

} // namespace
} // namespace xdpbridge::model
