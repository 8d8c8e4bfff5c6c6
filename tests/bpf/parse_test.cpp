// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// bpf/parse.h: which frames are read at all. BPF_PROG_RUN takes no frame of less than 14 bytes, and
// no driver delivers one, so the check of the Ethernet header itself has no test.
#include "support/switch_test.h"

namespace xdpbridge::test {
namespace {

class ParseTest : public HookTest {
  protected:
    const Mac source_ = host(1);
    const Port port_ = add_port();

    Frame tagged(std::uint16_t tpid) const {
        return Ethernet{.dst = host(2).to_string(), .src = source_.to_string()} /
               Vlan{.vid = 5, .tpid = tpid} / IPv4{.src = "10.0.0.1", .dst = "10.0.0.2"} / Udp{};
    }

    // BPF_PROG_RUN makes no skb of a header alone.
    static std::size_t shortest() { return GetParam() == Hook::tc ? 15 : 14; }

    // Of IP the kernel wants the whole header.
    [[nodiscard]] Frame experimental(std::size_t payload) const {
        return Ethernet{.dst = host(2).to_string(), .src = source_.to_string(), .type = 0x88b5} /
               Payload{payload + 1};
    }

    void make_inactive() {
        auto slot = port_map_.lookup(port_.number).value();
        slot.flags &= ~std::uint32_t{XDPB_PORT_ACTIVE};
        ASSERT_EQ(port_map_.update(port_.number, slot), 0);
    }
};

TEST_P(ParseTest, DropsAFrameThatEndsWithinItsVlanTag) {
    for (const std::uint16_t tpid : {0x8100, 0x88a8}) {
        Frame frame = tagged(tpid);
        for (std::size_t size = 14; size < 18; size++) {
            frame.resize(size);
            EXPECT_EQ(send(port_, frame), "dropped truncated") << tpid << ", " << size << " bytes";
        }
    }
    EXPECT_TRUE(fdb_.entries().empty()) << "learned from a broken frame";
}

TEST_P(ParseTest, ATagIsAllThatATaggedFrameNeeds) {
    for (const std::uint16_t tpid : {0x8100, 0x88a8}) {
        Frame frame = tagged(tpid);
        frame.resize(18);
        EXPECT_EQ(send(port_, frame), "flooded") << tpid;
    }
}

TEST_P(ParseTest, AHeaderIsAllThatAnUntaggedFrameNeeds) {
    Frame header = experimental(0);
    header.resize(shortest());
    EXPECT_EQ(send(port_, header), "flooded");
    EXPECT_TRUE(fdb_.lookup(source_));
}

TEST_P(ParseTest, OnlyTheOuterTagIsLookedAt) {
    Frame doubly = Ethernet{.dst = host(2).to_string(), .src = source_.to_string()} /
                   Vlan{.vid = 5, .tpid = 0x88a8} / Vlan{.vid = 6} / Payload{46};
    doubly.resize(18); // the inner tag is missing, and no business of ours
    EXPECT_EQ(send(port_, doubly), "flooded");
}

TEST_P(ParseTest, FrameSizesFromTheSmallestToTheLargest) {
    for (const std::size_t payload : {0, 46, 1499})
        EXPECT_EQ(send(port_, experimental(payload)), "flooded") << payload;
}

// The bridge knows no VLANs: a tag changes neither where a host is nor the way to it.
TEST_P(ParseTest, ATaggedFrameIsLearnedFromAndForwardedLikeAnyOther) {
    const Port other = add_port();
    EXPECT_EQ(send(port_, tagged(0x8100)), "flooded");
    const auto entry = fdb_.lookup(source_, 0);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->port, port_.number);
    EXPECT_EQ(send(other, frame(host(2), source_)), "forwarded");
    EXPECT_EQ(send(port_, tagged(0x88a8)), "forwarded");
}

// Ports are made and unmade in steps. Between them the device works as if it were in no bridge.
TEST_P(ParseTest, APortThatIsNotActivePassesEverything) {
    make_inactive();
    EXPECT_EQ(send(port_, frame(source_, host(2))), "passed");
    EXPECT_EQ(send(port_, frame(source_, broadcast)), "passed");
    EXPECT_EQ(send(port_, frame(mac("01:00:00:00:00:01"), host(2))), "passed");
    Frame truncated = tagged(0x8100);
    truncated.resize(15);
    EXPECT_EQ(send(port_, truncated), "passed");
    EXPECT_TRUE(table().empty());

    // The next call that changes the bridge would take it for the work of a killed process.
    auto slot = port_map_.lookup(port_.number).value();
    slot.flags |= XDPB_PORT_ACTIVE;
    ASSERT_EQ(port_map_.update(port_.number, slot), 0);
    EXPECT_EQ(send(port_, frame(source_, host(2))), "flooded");
}

XDPB_AT_EACH_HOOK(ParseTest);

} // namespace
} // namespace xdpbridge::test
