// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Who gets a frame and, as much, who does not: seen by a capture at every host.
#include "network_test.h"

#include <map>

namespace xdpbridge::test {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const std::string stranger = "02:00:00:00:00:99"; // a source that no host has
const std::string nobody = "02:00:00:00:00:77";

class FloodTest : public HookNetworkTest {
  protected:
    const Host h1_ = add_host("h1");
    const Host h2_ = add_host("h2");
    const Host h3_ = add_host("h3");
    const std::vector<Host> hosts_ = {h1_, h2_, h3_};

    // The hosts that get a frame that h1 sends, each as often as it gets it.
    std::vector<std::string> receivers(const Frame& frame) const {
        std::map<std::string, std::unique_ptr<Capture>> captures;
        for (const auto& host : hosts_)
            captures.emplace(host.name, std::make_unique<Capture>(host.netns, host.device));
        send(h1_, frame);
        const auto same = [&](const Frame& got) { return got == frame; };
        captures.at("h2")->wait_for(same, quiet);
        std::vector<std::string> names;
        for (const auto& [name, capture] : captures) {
            capture->wait_for(same, quiet, 2); // one too many
            for (const auto& got : capture->frames())
                if (got == frame)
                    names.push_back(name);
        }
        return names;
    }
};

TEST_P(FloodTest, UnknownUnicastGoesToAllOthersOnce) {
    EXPECT_THAT(receivers(datagram(stranger, nobody)), UnorderedElementsAre("h2", "h3"));
}

TEST_P(FloodTest, BroadcastGoesToAllOthersOnce) {
    EXPECT_THAT(receivers(datagram(stranger, "ff:ff:ff:ff:ff:ff")),
                UnorderedElementsAre("h2", "h3"));
}

TEST_P(FloodTest, MulticastGoesToAllOthersOnce) {
    for (const char* group : {"01:00:5e:00:00:fb", "33:33:00:00:00:01", "33:33:ff:00:00:01"})
        EXPECT_THAT(receivers(datagram(stranger, group)), UnorderedElementsAre("h2", "h3"))
            << group;
}

// What people found the kernel bridge to drop.
TEST_P(FloodTest, PtpIsForwardedOutOfTheBox) {
    const Frame ethernet =
        Ethernet{.dst = "01:1b:19:00:00:00", .src = stranger, .type = 0x88f7} / Payload{.size = 46};
    EXPECT_THAT(receivers(ethernet), UnorderedElementsAre("h2", "h3"));
    for (const std::uint16_t port : {std::uint16_t{319}, std::uint16_t{320}}) {
        const Frame udp = Ethernet{.dst = "01:00:5e:00:01:81", .src = stranger} /
                          IPv4{.src = "192.0.2.1", .dst = "224.0.1.129", .ttl = 1} /
                          Udp{.sport = port, .dport = port} / Payload{.size = 44};
        EXPECT_THAT(receivers(udp), UnorderedElementsAre("h2", "h3")) << port;
    }
}

TEST_P(FloodTest, KnownUnicastGoesToItsPortAlone) {
    bridge_->fdb().add(
        {.mac = mac(nobody), .port = bridge_->ports().get(h3_.port).number, .is_static = true});
    EXPECT_THAT(receivers(datagram(stranger, nobody)), UnorderedElementsAre("h3"));
}

TEST_P(FloodTest, AFrameToWhereItCameFromGoesNowhere) {
    bridge_->fdb().add(
        {.mac = mac(nobody), .port = bridge_->ports().get(h1_.port).number, .is_static = true});
    EXPECT_THAT(receivers(datagram(stranger, nobody)), IsEmpty());
    EXPECT_EQ(counters(h1_.port).dropped[XDPB_DROP_HAIRPIN], 1U);
}

TEST_P(FloodTest, ReservedGroupsGoWhereThePolicySays) {
    const Frame lldp =
        Ethernet{.dst = "01:80:c2:00:00:0e", .src = stranger, .type = 0x88cc} / Payload{.size = 50};
    const Capture stack("switch", h1_.port); // sees what XDP passes
    const auto same = [&](const Frame& got) { return got == lldp; };

    EXPECT_THAT(receivers(lldp), IsEmpty()) << "peer";
    EXPECT_TRUE(stack.wait_for(same, soon)) << "peer";

    bridge_->set_reserved(0x0e, ReservedPolicy::forward);
    EXPECT_THAT(receivers(lldp), UnorderedElementsAre("h2", "h3")) << "forward";

    bridge_->set_reserved(0x0e, ReservedPolicy::drop);
    EXPECT_THAT(receivers(lldp), IsEmpty()) << "drop";
    EXPECT_EQ(counters(h1_.port).dropped[XDPB_DROP_RESERVED], 1U);
    if (GetParam() == Hook::xdp) { // at tc the capture comes first, and sees all frames
        EXPECT_FALSE(stack.wait_for(same, quiet, 2)) << "only the first was for the stack";
    }
}

TEST_P(FloodTest, FramesOfInvalidSourcesGoNowhere) {
    EXPECT_THAT(receivers(datagram("01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff")), IsEmpty());
    EXPECT_THAT(receivers(datagram("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff")), IsEmpty());
    EXPECT_EQ(counters(h1_.port).dropped[XDPB_DROP_SRC_MULTICAST], 1U);
    EXPECT_EQ(counters(h1_.port).dropped[XDPB_DROP_SRC_ZERO], 1U);
}

TEST_P(FloodTest, ATaggedFrameKeepsItsTag) {
    const Frame tagged =
        Ethernet{.dst = nobody, .src = stranger} / sandbox::Vlan{.vid = 5, .pcp = 3} /
        IPv4{.src = "192.0.2.1", .dst = "192.0.2.2"} / Udp{} / Payload{.size = 100};
    EXPECT_THAT(receivers(tagged), UnorderedElementsAre("h2", "h3"));
}

// The neighbours of a port that left hear nothing of it, nor it of them.
TEST_P(FloodTest, ARemovedPortIsCutOff) {
    bridge_->ports().remove(h3_.port);
    EXPECT_THAT(receivers(datagram(stranger, nobody)), UnorderedElementsAre("h2"));
    bridge_->ports().remove(h1_.port);
    EXPECT_THAT(receivers(datagram(stranger, nobody)), IsEmpty());
}

XDPB_AT_EACH_HOOK(FloodTest);

} // namespace
} // namespace xdpbridge::test
