// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <xdpbridge/mac.h>

#include <gtest/gtest.h>

namespace xdpbridge {
namespace {

TEST(Mac, ParsesEitherCase) {
    const Mac expected{{0x02, 0x00, 0x5e, 0xab, 0xcd, 0xef}};
    EXPECT_EQ(Mac::parse("02:00:5e:ab:cd:ef"), expected);
    EXPECT_EQ(Mac::parse("02:00:5E:AB:CD:EF"), expected);
    EXPECT_EQ(Mac::parse("02:00:5e:aB:Cd:eF"), expected);
}

TEST(Mac, RefusesEverythingElse) {
    for (const char* text : {
             "",
             "02",
             "02:00:00:00:00",
             "02:00:00:00:00:0",
             "02:00:00:00:00:011",
             "02:00:00:00:00:01:02",
             "02:00:00:00:00:01 ",
             " 2:00:00:00:00:01",
             "02-00-00-00-00-01",
             "0200:00:00:00:001",
             "02:00:00:00:00:0g",
             "02:00:00:00:00:+1",
             "g2:00:00:00:00:01",
             "02:00:00:00:00.01",
             "0x:00:00:00:00:01",
         })
        EXPECT_EQ(Mac::parse(text), std::nullopt) << "'" << text << "'";
}

TEST(Mac, FormatsInLowerCase) {
    const Mac mac{{0x02, 0x00, 0x5e, 0xab, 0xcd, 0x0f}};
    EXPECT_EQ(mac.to_string(), "02:00:5e:ab:cd:0f");
}

TEST(Mac, FormatsIntoExactly17Characters) {
    const Mac mac{{0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54}};
    std::string buffer(19, '#');
    mac.format_to(buffer.data() + 1);
    EXPECT_EQ(buffer, "#fe:dc:ba:98:76:54#");
}

TEST(Mac, EveryOctetSurvivesTheRoundTrip) {
    for (unsigned value = 0; value < 256; value++) {
        const auto octet = static_cast<std::uint8_t>(value);
        const auto other = static_cast<std::uint8_t>(~value);
        const Mac mac{{octet, other, octet, other, octet, other}};
        EXPECT_EQ(Mac::parse(mac.to_string()), mac);
    }
}

TEST(Mac, TheGroupBitMakesItMulticast) {
    EXPECT_TRUE((Mac{{0x01, 0, 0, 0, 0, 0}}.is_multicast()));
    EXPECT_TRUE((Mac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}.is_multicast()));
    EXPECT_FALSE((Mac{{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff}}.is_multicast()));
    EXPECT_FALSE((Mac{{0x02, 0x01, 0x01, 0x01, 0x01, 0x01}}.is_multicast()));
}

TEST(Mac, OnlyAllZeroIsZero) {
    EXPECT_TRUE(Mac{}.is_zero());
    for (std::size_t octet = 0; octet < 6; octet++) {
        Mac mac;
        mac.octets[octet] = 1;
        EXPECT_FALSE(mac.is_zero()) << "octet " << octet;
    }
}

TEST(Mac, OrdersAsItIsSent) {
    EXPECT_LT((Mac{{0, 0, 0, 0, 0, 0xff}}), (Mac{{0, 0, 0, 0, 1, 0}}));
    EXPECT_LT((Mac{{0x7f, 0, 0, 0, 0, 0}}), (Mac{{0x80, 0, 0, 0, 0, 0}}));
}

} // namespace
} // namespace xdpbridge
