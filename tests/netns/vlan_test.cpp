// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// VLANs on the wire: who gets a frame, and with which tags.
#include "network_test.h"

#include "sandbox/ethtool.h"
#include "sandbox/process.h"
#include "sandbox/tap.h"

#include <fmt/format.h>

namespace xdpbridge::test {
namespace {

using sandbox::Vlan;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string stranger = "02:00:00:00:00:99"; // a source that no host has
const std::string nobody = "02:00:00:00:00:77";
const std::string everybody = "ff:ff:ff:ff:ff:ff";

enum class Hooks : std::uint8_t { xdp, tc, mixed };

void PrintTo(Hooks hooks, std::ostream* out) {
    *out << (hooks == Hooks::xdp ? "xdp" : hooks == Hooks::tc ? "tc" : "mixed");
}

// "untagged", "10/3" (VLAN id / PCP), "s100/0 10/3" (an S-tag and a C-tag).
std::string tags_of(const Frame& frame) {
    std::string text;
    for (std::size_t at = 12; at + 4 <= frame.size(); at += 4) {
        const auto protocol = sandbox::load16(frame, at);
        if (protocol != 0x8100 && protocol != 0x88a8)
            break;
        const auto tci = sandbox::load16(frame, at + 2);
        text += fmt::format("{}{}{}/{}", text.empty() ? "" : " ", protocol == 0x88a8 ? "s" : "",
                            tci & 0xfff, tci >> 13);
    }
    return text.empty() ? "untagged" : text;
}

Frame without_tags(Frame frame) {
    while (frame.size() >= 18 &&
           (sandbox::load16(frame, 12) == 0x8100 || sandbox::load16(frame, 12) == 0x88a8))
        frame.erase(frame.begin() + 12, frame.begin() + 16);
    return frame;
}

Frame tagged(const std::string& dst, const std::vector<Vlan>& tags) {
    auto frame = sandbox::Packet(Ethernet{.dst = dst, .src = stranger});
    for (const auto& tag : tags)
        frame = frame / tag;
    return frame / IPv4{.src = "192.0.2.1", .dst = "192.0.2.2"} / Udp{} / Payload{.size = 100};
}

Frame untagged(const std::string& dst) {
    return tagged(dst, {});
}

class VlanTest : public NetworkTest, public ::testing::WithParamInterface<Hooks> {
  protected:
    explicit VlanTest(std::uint16_t protocol = 0x8100)
        : NetworkTest({.vlan_aware = true, .vlan_protocol = protocol, .default_pvid = 0}) {}

    // The hosts h1, h2, h3, at the hook of the test, or h2 at another than the others.
    Host add_vlan_host(const std::string& name) {
        const bool tc = GetParam() == Hooks::tc || (GetParam() == Hooks::mixed && hosts_ == 1);
        all_.push_back(add_host(name, {.hook = tc ? Hook::tc : Hook::xdp}));
        if (GetParam() == Hooks::mixed) // else it takes nothing from XDP
            sandbox::set_gro(all_.back().netns, all_.back().device, true);
        return all_.back();
    }
    void access(const Host& host, std::uint16_t vid) {
        bridge_->vlans().add(host.port, {vid, vid}, {.pvid = true, .untagged = true});
    }
    void trunk(const Host& host, std::uint16_t first, std::uint16_t last) {
        bridge_->vlans().add(host.port, {first, last});
    }
    // A host that all frames to `nobody` go to.
    void know(const Host& host, std::uint16_t vid) {
        bridge_->fdb().add({.mac = mac(nobody),
                            .vlan = vid,
                            .port = bridge_->ports().get(host.port).number,
                            .is_static = true});
    }

    // Each host that gets the frame, as often as it gets it, and with which tags: "h2 untagged".
    std::vector<std::string> receivers(const Host& from, const Frame& frame) const {
        std::vector<std::unique_ptr<Capture>> captures;
        for (const auto& host : all_)
            captures.push_back(std::make_unique<Capture>(host.netns, host.device));
        const Frame bare = without_tags(frame);
        const auto same = [&](const Frame& got) { return without_tags(got) == bare; };
        send(from, frame);
        std::vector<std::string> lines;
        captures.back()->wait_for(same, quiet, 2); // one too many: the whole time
        for (std::size_t i = 0; i < all_.size(); i++)
            for (const auto& got : captures[i]->frames())
                if (same(got))
                    lines.push_back(all_[i].name + " " + tags_of(got));
        return lines;
    }

    std::vector<Host> all_;
    const Host h1_ = add_vlan_host("h1");
    const Host h2_ = add_vlan_host("h2");
    const Host h3_ = add_vlan_host("h3");
};

TEST_P(VlanTest, AccessPortsOfOneVlanReachEachOtherAlone) {
    access(h1_, 10);
    access(h2_, 10);
    access(h3_, 20);
    EXPECT_THAT(receivers(h1_, untagged(everybody)), ElementsAre("h2 untagged"));
    EXPECT_THAT(receivers(h3_, untagged(everybody)), IsEmpty());
    EXPECT_THAT(receivers(h1_, untagged(nobody)), ElementsAre("h2 untagged")) << "unknown";
    know(h2_, 10);
    const auto before = counters(h1_.port).forwarded;
    EXPECT_THAT(receivers(h1_, untagged(nobody)), ElementsAre("h2 untagged")) << "known";
    EXPECT_EQ(counters(h1_.port).forwarded, before + 1);
}

TEST_P(VlanTest, ATrunkCarriesTagsAnAccessPortDoesNot) {
    access(h1_, 10);
    access(h2_, 10);
    trunk(h3_, 10, 20);
    EXPECT_THAT(receivers(h1_, untagged(everybody)), ElementsAre("h2 untagged", "h3 10/0"));
    EXPECT_THAT(receivers(h3_, tagged(everybody, {{.vid = 10, .pcp = 5}})),
                ElementsAre("h1 untagged", "h2 untagged"));
    EXPECT_THAT(receivers(h3_, tagged(everybody, {{.vid = 20}})), IsEmpty());
    know(h3_, 10);
    EXPECT_THAT(receivers(h1_, untagged(nobody)), ElementsAre("h3 10/0"));
}

TEST_P(VlanTest, KnownUnicastFromATrunkIsUntaggedAtAnAccessPort) {
    access(h1_, 10);
    trunk(h2_, 10, 10);
    trunk(h3_, 10, 10);
    know(h1_, 10);
    EXPECT_THAT(receivers(h3_, tagged(nobody, {{.vid = 10, .pcp = 5}})),
                ElementsAre("h1 untagged"));
}

TEST_P(VlanTest, FromTrunkToTrunkAFrameKeepsItsTagAndPriority) {
    trunk(h1_, 10, 19);
    trunk(h2_, 10, 19);
    trunk(h3_, 15, 15);
    for (const std::uint16_t vid : {10, 19})
        EXPECT_THAT(receivers(h1_, tagged(everybody, {{.vid = vid, .pcp = 6}})),
                    ElementsAre(fmt::format("h2 {}/6", vid)));
    know(h2_, 15);
    EXPECT_THAT(receivers(h1_, tagged(nobody, {{.vid = 15, .pcp = 6}})), ElementsAre("h2 15/6"));
    // An inner tag is payload.
    EXPECT_THAT(receivers(h1_, tagged(everybody, {{.vid = 10, .pcp = 6}, {.vid = 77, .pcp = 1}})),
                ElementsAre("h2 10/6 77/1"));
}

TEST_P(VlanTest, ANativeVlanIsUntaggedOnATrunk) {
    trunk(h1_, 10, 19);
    access(h1_, 1);
    access(h2_, 1);
    access(h3_, 10);
    EXPECT_THAT(receivers(h1_, untagged(everybody)), ElementsAre("h2 untagged"));
    EXPECT_THAT(receivers(h1_, tagged(everybody, {{.vid = 1}})), ElementsAre("h2 untagged"));
    EXPECT_THAT(receivers(h1_, tagged(everybody, {{.vid = 10}})), ElementsAre("h3 untagged"));
    EXPECT_THAT(receivers(h2_, untagged(everybody)), ElementsAre("h1 untagged"));
    EXPECT_THAT(receivers(h3_, untagged(everybody)), ElementsAre("h1 10/0"));
}

// As the kernel's bridge has it: a PVID that leaves tagged, an untagged VLAN that is no PVID.
TEST_P(VlanTest, PvidAndUntaggedAreTwoThings) {
    bridge_->vlans().add(h1_.port, {10, 10}, {.pvid = true});
    bridge_->vlans().add(h2_.port, {10, 10}, {.untagged = true});
    EXPECT_THAT(receivers(h1_, untagged(everybody)), ElementsAre("h2 untagged"));
    EXPECT_THAT(receivers(h2_, untagged(everybody)), IsEmpty());
    EXPECT_THAT(receivers(h2_, tagged(everybody, {{.vid = 10}})), ElementsAre("h1 10/0"));
}

TEST_P(VlanTest, FramesOfOtherVlansAreFilteredAtTheIngress) {
    access(h1_, 10);
    trunk(h2_, 10, 20);
    trunk(h3_, 10, 20);
    const auto dropped = [&](const Host& host) {
        return counters(host.port).dropped[XDPB_DROP_VLAN];
    };
    const auto before = dropped(h1_) + dropped(h2_);
    EXPECT_THAT(receivers(h1_, tagged(everybody, {{.vid = 20}})), IsEmpty()) << "not a member";
    EXPECT_THAT(receivers(h2_, untagged(everybody)), IsEmpty()) << "no PVID";
    EXPECT_THAT(receivers(h2_, tagged(everybody, {{.vid = 0}})), IsEmpty()) << "no PVID";
    EXPECT_THAT(receivers(h2_, tagged(everybody, {{.vid = 4095}})), IsEmpty()) << "reserved";
    EXPECT_GE(dropped(h1_) + dropped(h2_), before + 4);
    const auto learned = bridge_->fdb().entries();
    EXPECT_TRUE(std::none_of(learned.begin(), learned.end(), [](const FdbEntry& entry) {
        return entry.mac == mac(stranger);
    })) << "learned from a frame that was dropped";
}

TEST_P(VlanTest, KnownUnicastDoesNotLeaveByAPortOfAnotherVlan) {
    access(h1_, 10);
    access(h2_, 10);
    know(h2_, 10);
    bridge_->vlans().add(h3_.port, {10, 10});
    bridge_->vlans().remove(h2_.port, {10, 10}); // takes its entries along
    EXPECT_THAT(receivers(h1_, untagged(nobody)), ElementsAre("h3 10/0"));
}

TEST_P(VlanTest, APriorityTagIsNoVlan) {
    access(h1_, 10);
    access(h2_, 10);
    trunk(h3_, 10, 10);
    EXPECT_THAT(receivers(h1_, tagged(everybody, {{.vid = 0, .pcp = 5}})),
                ElementsAre("h2 untagged", "h3 10/5"));
    know(h3_, 10);
    EXPECT_THAT(receivers(h1_, tagged(nobody, {{.vid = 0, .pcp = 5}})), ElementsAre("h3 10/5"));
}

TEST_P(VlanTest, ThePriorityOfUntaggedFramesIsThePorts) {
    access(h1_, 10);
    trunk(h2_, 10, 10);
    trunk(h3_, 10, 10);
    bridge_->ports().set(h1_.port, {.settings = {.priority = std::uint8_t{5}}});
    EXPECT_THAT(receivers(h1_, untagged(everybody)), ElementsAre("h2 10/5", "h3 10/5"));
    EXPECT_THAT(receivers(h1_, tagged(everybody, {{.vid = 10, .pcp = 2}})),
                ElementsAre("h2 10/2", "h3 10/2"))
        << "kept";
    bridge_->ports().set(h1_.port, {.settings = {.set_priority = true}});
    EXPECT_THAT(receivers(h1_, tagged(everybody, {{.vid = 10, .pcp = 2}})),
                ElementsAre("h2 10/5", "h3 10/5"))
        << "set";
}

TEST_P(VlanTest, EachVlanHasItsOwnFdb) {
    access(h1_, 10);
    access(h2_, 20);
    trunk(h3_, 10, 20);
    receivers(h1_, untagged(everybody));
    receivers(h2_, untagged(everybody)); // the same source
    const auto at = [&](std::uint16_t vid) { return bridge_->fdb().lookup(mac(stranger), vid); };
    ASSERT_TRUE(at(10) && at(20));
    EXPECT_EQ(at(10)->port, bridge_->ports().get(h1_.port).number);
    EXPECT_EQ(at(20)->port, bridge_->ports().get(h2_.port).number);
    EXPECT_EQ(counters(h2_.port).moved_here, 0U);
}

TEST_P(VlanTest, ATunnelPortPutsTagsIntoItsVlanAsTheyAre) {
    for (const auto* customer : {&h1_, &h2_}) {
        access(*customer, 100);
        bridge_->ports().set(customer->port, {.settings = {.tunnel = true}});
    }
    trunk(h3_, 100, 100);
    EXPECT_THAT(receivers(h1_, tagged(everybody, {{.vid = 7, .pcp = 3}})),
                ElementsAre("h2 7/3", "h3 100/0 7/3"));
    EXPECT_THAT(receivers(h1_, untagged(everybody)), ElementsAre("h2 untagged", "h3 100/0"));
    EXPECT_THAT(receivers(h3_, tagged(everybody, {{.vid = 100}, {.vid = 7, .pcp = 3}})),
                ElementsAre("h1 7/3", "h2 7/3"));
    know(h2_, 100);
    // Known, and untagged at both ends: the tag of the customer must not be taken for the bridge's.
    EXPECT_THAT(receivers(h1_, tagged(nobody, {{.vid = 100, .pcp = 3}})), ElementsAre("h2 100/3"));
    EXPECT_THAT(receivers(h3_, tagged(nobody, {{.vid = 100}, {.vid = 100, .pcp = 1}})),
                ElementsAre("h2 100/1"));
}

TEST_P(VlanTest, APortThatComesBackIsInItsVlansAgain) {
    access(h1_, 10);
    access(h2_, 10);
    sandbox_.ip("switch", {"link", "del", h2_.port});
    ASSERT_EQ(bridge_->ports().get(h2_.port).state, PortState::gone);
    sandbox_.ip("switch", {"link", "add", h2_.port, "type", "veth", "peer", "name", h2_.device,
                           "netns", h2_.netns});
    sandbox::check({"ethtool", "-K", h2_.device, "gro", "on"}, {.netns = h2_.netns});
    sandbox_.ip("switch", {"link", "set", h2_.port, "up"});
    sandbox_.ip(h2_.netns, {"link", "set", h2_.device, "up"});
    bridge_->ports().add(h2_.port, {.hook = GetParam() == Hooks::xdp ? Hook::xdp : Hook::tc});
    EXPECT_THAT(receivers(h1_, untagged(everybody)), ElementsAre("h2 untagged"));
}

TEST_P(VlanTest, HostsInAVlanTalk) {
    access(h1_, 10);
    access(h2_, 10);
    access(h3_, 20);
    EXPECT_EQ(sandbox::ping(h1_.netns, h2_.ipv4, 3, 56).received, 3);
    EXPECT_EQ(sandbox::ping(h1_.netns, h2_.ipv6, 3, 1400).received, 3);
    EXPECT_EQ(sandbox::ping(h1_.netns, h3_.ipv4, 2, 56).received, 0);
    EXPECT_TRUE(sandbox::tcp_transfer(h2_.netns, h1_.netns, h2_.ipv4, 3'000'000).intact());
}

TEST_P(VlanTest, AVmOnAnAccessPortTalksToItsVlan) {
    const sandbox::TapHost tap("switch", "tap0", "02:00:00:00:00:64", "10.77.0.100");
    bridge_->ports().add("tap0");
    bridge_->vlans().add("tap0", {10, 10}, {.pvid = true, .untagged = true});
    access(h1_, 10);
    access(h2_, 20);
    EXPECT_EQ(sandbox::ping(h1_.netns, "10.77.0.100", 3, 56).received, 3);
    EXPECT_EQ(sandbox::ping(h2_.netns, "10.77.0.100", 2, 56).received, 0);
}

INSTANTIATE_TEST_SUITE_P(Hook, VlanTest, ::testing::Values(Hooks::xdp, Hooks::tc, Hooks::mixed),
                         ::testing::PrintToStringParamName());

// A bridge of S-tags.
class ProviderBridgeTest : public VlanTest {
  protected:
    ProviderBridgeTest() : VlanTest(0x88a8) {}
    static Vlan service(std::uint16_t vid, std::uint8_t pcp = 0) {
        return {.vid = vid, .pcp = pcp, .tpid = 0x88a8};
    }
};

TEST_P(ProviderBridgeTest, ACustomersTagIsPayload) {
    access(h1_, 100);
    access(h2_, 100);
    trunk(h3_, 100, 200);
    EXPECT_THAT(receivers(h1_, tagged(everybody, {{.vid = 7, .pcp = 3}})),
                ElementsAre("h2 7/3", "h3 s100/0 7/3"));
    EXPECT_THAT(receivers(h3_, tagged(everybody, {service(100, 2), {.vid = 7, .pcp = 3}})),
                ElementsAre("h1 7/3", "h2 7/3"));
    EXPECT_THAT(receivers(h3_, tagged(everybody, {{.vid = 100}})), IsEmpty()) << "no S-tag";
    know(h2_, 100);
    EXPECT_THAT(receivers(h3_, tagged(nobody, {service(100), {.vid = 7}})), ElementsAre("h2 7/0"));
    EXPECT_THAT(receivers(h1_, tagged(nobody, {{.vid = 7}})), ElementsAre("h2 7/0"));
}

TEST_P(ProviderBridgeTest, TheOuterTagIsSwitched) {
    trunk(h1_, 100, 200);
    trunk(h2_, 100, 100);
    trunk(h3_, 200, 200);
    EXPECT_THAT(receivers(h1_, tagged(everybody, {service(200, 4), {.vid = 100}})),
                ElementsAre("h3 s200/4 100/0"));
    EXPECT_THAT(receivers(h1_, tagged(everybody, {service(100, 4)})), ElementsAre("h2 s100/4"));
}

INSTANTIATE_TEST_SUITE_P(Hook, ProviderBridgeTest,
                         ::testing::Values(Hooks::xdp, Hooks::tc, Hooks::mixed),
                         ::testing::PrintToStringParamName());

} // namespace
} // namespace xdpbridge::test
