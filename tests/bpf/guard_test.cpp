// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// bpf/guard.h: frames that must not enter the switch.
#include "support/switch_test.h"

#include <fmt/format.h>

namespace xdpbridge::test {
namespace {

Mac group(unsigned last_octet) {
    return {{0x01, 0x80, 0xc2, 0x00, 0x00, static_cast<std::uint8_t>(last_octet)}};
}

class GuardTest : public HookTest {
  protected:
    const Mac source_ = host(1);
    const Port port_ = add_port();

    void set_all_reserved(ReservedPolicy policy) {
        for (unsigned last = 0; last < XDPB_RESERVED_GROUPS; last++)
            bridge_.set_reserved(last, policy);
    }
};

TEST_P(GuardTest, DropsWhatComesFromAGroupAddress) {
    for (const char* source : {"01:00:00:00:00:00", "03:00:00:00:00:01", "ff:ff:ff:ff:ff:ff",
                               "33:33:00:00:00:01", "01:80:c2:00:00:00"})
        EXPECT_EQ(send(port_, frame(mac(source), host(2))), "dropped src_multicast") << source;
    EXPECT_TRUE(table().empty());
}

TEST_P(GuardTest, DropsWhatComesFromNobody) {
    EXPECT_EQ(send(port_, frame(Mac{}, host(2))), "dropped src_zero");
    EXPECT_EQ(send(port_, frame(Mac{}, broadcast)), "dropped src_zero");
    EXPECT_TRUE(table().empty());
}

TEST_P(GuardTest, OneOctetMakesASource) {
    for (std::size_t octet = 0; octet < 6; octet++) {
        Mac source;
        source.octets[octet] = 2;
        EXPECT_EQ(send(port_, frame(source, host(2))), "flooded") << source.to_string();
    }
}

TEST_P(GuardTest, TheSourceIsLookedAtBeforeTheDestination) {
    EXPECT_EQ(send(port_, frame(broadcast, group(0))), "dropped src_multicast");
    EXPECT_EQ(send(port_, frame(Mac{}, group(0))), "dropped src_zero");
}

TEST_P(GuardTest, ReservedAddressesArePeersOfTheHostAtFirst) {
    for (unsigned last = 0; last < XDPB_RESERVED_GROUPS; last++)
        EXPECT_EQ(send(port_, frame(source_, group(last))), "passed") << last;
    EXPECT_TRUE(table().empty()) << "a frame that does not enter the switch teaches it nothing";
}

TEST_P(GuardTest, ReservedAddressesCanBeDropped) {
    set_all_reserved(ReservedPolicy::drop);
    for (unsigned last = 0; last < XDPB_RESERVED_GROUPS; last++)
        EXPECT_EQ(send(port_, frame(source_, group(last))), "dropped reserved") << last;
    EXPECT_TRUE(table().empty());
}

TEST_P(GuardTest, ReservedAddressesCanBeForwarded) {
    set_all_reserved(ReservedPolicy::forward);
    for (unsigned last = 0; last < XDPB_RESERVED_GROUPS; last++)
        EXPECT_EQ(send(port_, frame(host(100 + last), group(last))), "flooded") << last;
    EXPECT_EQ(learned(port_), XDPB_RESERVED_GROUPS);
}

TEST_P(GuardTest, EachReservedAddressHasItsOwnPolicy) {
    for (unsigned odd = 0; odd < XDPB_RESERVED_GROUPS; odd++) {
        set_all_reserved(ReservedPolicy::peer);
        bridge_.set_reserved(odd, ReservedPolicy::drop);
        for (unsigned last = 0; last < XDPB_RESERVED_GROUPS; last++)
            EXPECT_EQ(send(port_, frame(source_, group(last))),
                      last == odd ? "dropped reserved" : "passed")
                << fmt::format("policy of {:02x}, frame to {:02x}", odd, last);
    }
}

TEST_P(GuardTest, ItsNeighboursAreNotReserved) {
    set_all_reserved(ReservedPolicy::drop);
    for (const char* destination :
         {"01:80:c2:00:00:10", "01:80:c2:00:00:20", "01:80:c2:00:00:ff", "01:80:c2:00:01:00",
          "01:80:c2:01:00:00", "01:80:c3:00:00:00", "01:81:c2:00:00:00", "03:80:c2:00:00:00",
          "00:80:c2:00:00:00", "01:80:c2:00:01:0f", "01:80:c2:80:00:01"})
        EXPECT_EQ(send(port_, frame(source_, mac(destination))), "flooded") << destination;
}

XDPB_AT_EACH_HOOK(GuardTest);

} // namespace
} // namespace xdpbridge::test
