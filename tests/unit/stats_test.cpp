// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <xdpbridge/events.h>
#include <xdpbridge/stats.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string_view>
#include <vector>

namespace xdpbridge {
namespace {

using ::testing::ElementsAre;

// The CLI, the JSON, the docs and people's scripts know the reasons by these names, and running
// bridges count them by these positions: append, never change.
TEST(Stats, DropReasonsKeepTheirNamesAndPositions) {
    std::vector<std::string_view> names;
    for (unsigned reason = 0; reason < XDPB_DROP_REASON_COUNT; reason++)
        names.push_back(name_of(static_cast<xdpb_drop_reason>(reason)));
    EXPECT_THAT(names, ElementsAre("truncated", "src_multicast", "src_zero", "reserved", "hairpin",
                                   "partial_checksum", "gso", "frags", "vlan", "vlan_egress",
                                   "headroom", "bpdu_guard", "isolated", "mac_guard", "ip_guard",
                                   "arp_guard", "dhcp_guard", "ra_guard", "storm", "policer", "acl",
                                   "acl_policer", "not_joined", "blackhole"));
}

TEST(Stats, RefusalReasonsKeepTheirNamesAndPositions) {
    std::vector<std::string_view> names;
    for (unsigned reason = 0; reason < XDPB_REFUSAL_REASON_COUNT; reason++)
        names.push_back(name_of(static_cast<xdpb_refusal_reason>(reason)));
    EXPECT_THAT(names,
                ElementsAre("queue_full", "no_receiver", "down", "mtu", "unsupported", "other"));
}

TEST(Stats, FilterAndStackReasonsKeepTheirNamesAndPositions) {
    std::vector<std::string_view> names;
    for (unsigned reason = 0; reason < XDPB_FILTER_REASON_COUNT; reason++)
        names.push_back(name_of(static_cast<xdpb_filter_reason>(reason)));
    for (unsigned reason = 0; reason < XDPB_STACK_REASON_COUNT; reason++)
        names.push_back(name_of(static_cast<xdpb_stack_reason>(reason)));
    EXPECT_THAT(names,
                ElementsAre("vlan", "isolated", "not_joined", "blocked", "class", "not_ip", "local",
                            "no_route", "no_neighbour", "ttl", "options", "too_long", "bad_header",
                            "forwarding_off", "off_bridge", "unsupported"));
}

TEST(Stats, EventTypesHaveNames) {
    EXPECT_EQ(name_of(EventType::learn), "learn");
    EXPECT_EQ(name_of(EventType::move), "move");
    EXPECT_EQ(name_of(EventType::age), "age");
    EXPECT_EQ(name_of(EventType::limit), "limit");
    EXPECT_EQ(name_of(static_cast<EventType>(99)), "unknown"); // of a newer data plane
}

TEST(Stats, TotalsAreTheSumsOfAllReasons) {
    PortCounters counters{};
    for (unsigned reason = 0; reason < XDPB_DROP_REASON_COUNT; reason++)
        counters.dropped[reason] = 1ULL << reason;
    for (unsigned reason = 0; reason < XDPB_REFUSAL_REASON_COUNT; reason++)
        counters.refused[reason] = 1ULL << (32 + reason);
    EXPECT_EQ(counters.dropped_total(), (1ULL << XDPB_DROP_REASON_COUNT) - 1);
    EXPECT_EQ(counters.refused_total(), ((1ULL << XDPB_REFUSAL_REASON_COUNT) - 1) << 32);
}

TEST(Stats, BooksBalanceWhenEveryFrameLeftOnce) {
    PortCounters counters{};
    EXPECT_TRUE(counters.balanced());

    counters.forwarded = 1000;
    counters.flooded = 200;
    counters.passed = 30;
    counters.dropped[XDPB_DROP_TRUNCATED] = 4;
    counters.dropped[XDPB_DROP_HAIRPIN] = 5;
    counters.rx_packets = 1239;
    EXPECT_TRUE(counters.balanced());

    counters.rx_packets = 1240;
    EXPECT_FALSE(counters.balanced());
    counters.rx_packets = 1238;
    EXPECT_FALSE(counters.balanced());
}

// What is sent, and what the kernel refuses after the program's verdict, is no frame received.
TEST(Stats, BooksDoNotMixWhatCameInWithWhatWentOut) {
    PortCounters counters{};
    counters.rx_packets = counters.flooded = 7;
    counters.tx_packets = 100;
    counters.refused[XDPB_REFUSAL_DOWN] = 3;
    counters.quota_exceeded = counters.fdb_full = counters.moved_here = 2;
    EXPECT_TRUE(counters.balanced());
}

} // namespace
} // namespace xdpbridge
