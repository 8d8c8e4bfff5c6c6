// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "lib/policer.h"

#include <xdpbridge/error.h>
#include <xdpbridge/rate.h>

#include <gtest/gtest.h>

namespace xdpbridge {
namespace {

TEST(Rate, IsReadInTheUnitsOfTc) {
    EXPECT_EQ(Rate::parse("1000pps"), (Rate{.packets = 1000}));
    EXPECT_EQ(Rate::parse("2kpps"), (Rate{.packets = 2000}));
    EXPECT_EQ(Rate::parse("1.5mpps"), (Rate{.packets = 1'500'000}));
    EXPECT_EQ(Rate::parse("1kbit"), (Rate{.bits = 1000}));
    EXPECT_EQ(Rate::parse("10mbit"), (Rate{.bits = 10'000'000}));
    EXPECT_EQ(Rate::parse("100gbit"), (Rate{.bits = 100'000'000'000}));
    EXPECT_EQ(Rate::parse("1tbit"), (Rate{.bits = 1'000'000'000'000}));
    EXPECT_EQ(Rate::parse("64000bit"), (Rate{.bits = 64'000}));
    EXPECT_EQ(Rate::parse("10kbps"), (Rate{.bits = 80'000})) << "bytes a second, as in tc";
    EXPECT_EQ(Rate::parse("off"), Rate{});
    EXPECT_FALSE(Rate::parse("off")->limits());
}

TEST(Rate, BothAndTheirBursts) {
    EXPECT_EQ(Rate::parse("1000pps,10mbit"), (Rate{.packets = 1000, .bits = 10'000'000}));
    EXPECT_EQ(
        Rate::parse("burst=64kb,10mbit,1000pps,burst=100pkt"),
        (Rate{.packets = 1000, .bits = 10'000'000, .packet_burst = 100, .byte_burst = 65'536}));
    EXPECT_EQ(Rate::parse("1mbit,burst=1500"), (Rate{.bits = 1'000'000, .byte_burst = 1500}));
    EXPECT_EQ(Rate::parse("1mbit,burst=1m"), (Rate{.bits = 1'000'000, .byte_burst = 1'048'576}));
}

TEST(Rate, AChosenBurstCanBeRead) {
    const Rate fastest = Rate{.packets = Rate::max_packets, .bits = Rate::max_bits}.with_bursts();
    EXPECT_EQ(fastest.byte_burst, 1ULL << 32);
    EXPECT_EQ(Rate::parse(fastest.to_string()), fastest);
}

TEST(Rate, WhatIsNoRate) {
    for (const char* text : {"",
                             "fast",
                             "1000",
                             "pps",
                             "-1pps",
                             "0pps",
                             "0.1pps",
                             "1001mpps",
                             "999bit",
                             "2tbit",
                             "1000pps,",
                             ",1000pps",
                             "1000pps,,10mbit",
                             "1000pps 10mbit",
                             "1pps,2pps",
                             "1mbit,2mbit",
                             "burst=100pkt",
                             "1000pps,burst=64kb",
                             "10mbit,burst=100pkt",
                             "10mbit,burst=0",
                             "10mbit,burst=-1",
                             "10mbit,burst=100gb",
                             "off,10mbit",
                             "10mbit,off",
                             "nanpps",
                             "infpps",
                             "1e3pps",
                             "0x10pps",
                             "10Mbit",
                             "10mbit,burst=1kb,burst=2kb",
                             " 10mbit",
                             "10mbit "})
        EXPECT_FALSE(Rate::parse(text)) << text;
}

TEST(Rate, WhatIsPrintedCanBeRead) {
    for (const char* text : {"1000pps", "1500pps", "10mbit", "1tbit", "12345bit", "80kbit",
                             "1000pps,10mbit,burst=100pkt,burst=64kb", "1mbit,burst=1500b",
                             "1kpps,burst=7pkt", "off"}) {
        const Rate rate = Rate::parse(text).value();
        EXPECT_EQ(Rate::parse(rate.to_string()), rate) << text << " " << rate.to_string();
    }
    EXPECT_EQ(Rate::parse("1500pps,12500kbit,burst=2048b")->to_string(),
              "1500pps,12500kbit,burst=2kb");
}

TEST(Rate, ABurstIsChosen) {
    EXPECT_EQ(Rate::parse("10pps")->with_bursts().packet_burst, 64U);
    EXPECT_EQ(Rate::parse("10kpps")->with_bursts().packet_burst, 1000U) << "100 ms";
    EXPECT_EQ(Rate::parse("1mbit")->with_bursts().byte_burst, 131'072U) << "two GSO frames";
    EXPECT_EQ(Rate::parse("1gbit")->with_bursts().byte_burst, 12'500'000U) << "100 ms";
    EXPECT_EQ(Rate::parse("1gbit,burst=1b")->with_bursts().byte_burst, 1U);
    EXPECT_EQ(Rate{}.with_bursts(), Rate{});
}

// What the data plane works with, to within one part in 10,000.
TEST(Rate, CostsAreExact) {
    const auto relative = [](double got, double wanted) { return got / wanted - 1; };
    for (const std::uint64_t bits :
         {1'000ULL, 64'000ULL, 3'333'333ULL, 1'000'000'000ULL, 100'000'000'000ULL}) {
        xdpb_policer policer{};
        store_rate(policer, {.bits = bits, .byte_burst = 10'000});
        const double byte_ns = 8e9 / static_cast<double>(bits);
        EXPECT_NEAR(relative(static_cast<double>(policer.bytes.cost) / (1 << 20), byte_ns), 0, 1e-5)
            << bits;
        EXPECT_NEAR(relative(static_cast<double>(policer.bytes.tolerance) / 1024, 10'000 * byte_ns),
                    0, 1e-5)
            << bits;
        EXPECT_GT(policer.bytes.horizon, policer.bytes.tolerance);
        EXPECT_EQ(policer.packets.cost, 0U);
    }
    for (const std::uint64_t packets : {1ULL, 7ULL, 1'000ULL, 14'880'952ULL}) {
        xdpb_policer policer{};
        store_rate(policer, {.packets = packets, .packet_burst = 10});
        EXPECT_NEAR(relative(static_cast<double>(policer.packets.cost) / 1024,
                             1e9 / static_cast<double>(packets)),
                    0, 1e-5)
            << packets;
        EXPECT_EQ(policer.packets.tolerance, 10 * policer.packets.cost);
    }
}

TEST(Rate, IsReadBackAsGiven) {
    const Rate rate{.packets = 7, .bits = 12'345, .packet_burst = 3, .byte_burst = 99};
    xdpb_policer policer{};
    store_rate(policer, rate);
    EXPECT_EQ(load_rate(policer), rate);
    store_rate(policer, {});
    EXPECT_EQ(load_rate(policer), Rate{});
    EXPECT_EQ(policer.packets.cost, 0U);
    EXPECT_EQ(policer.bytes.cost, 0U);
}

TEST(Rate, ABurstOfADayIsTooLong) {
    EXPECT_THROW(require_rate({.bits = 1000, .byte_burst = 100'000'000}, "policer", "test"), Error);
    EXPECT_THROW(require_rate({.packets = 1, .packet_burst = 100'000}, "policer", "test"), Error);
    EXPECT_NO_THROW(require_rate({.bits = 1000, .byte_burst = 1'000'000}, "policer", "test"));
    EXPECT_NO_THROW(require_rate({}, "policer", "test"));
    EXPECT_THROW(require_rate({.bits = 1}, "policer", "test"), Error);
    EXPECT_THROW(require_rate({.packets = 2'000'000'000}, "policer", "test"), Error);
}

} // namespace
} // namespace xdpbridge
