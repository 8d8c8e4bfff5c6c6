// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <xdpbridge/class.h>

#include <gtest/gtest.h>

namespace xdpbridge {
namespace {

TEST(ClassMatch, ReadsWhatItPrints) {
    const std::pair<const char*, const char*> examples[] = {{"pcp", "7"},
                                                            {"dscp", "63"},
                                                            {"ethertype", "0x88f7"},
                                                            {"vlan", "4094"},
                                                            {"mac", "02:00:00:00:00:01"},
                                                            {"udp_port", "319"},
                                                            {"tcp_port", "65535"}};
    for (const auto& [field, value] : examples) {
        ClassMatch match;
        EXPECT_EQ(match.set(field, value), "") << field;
        EXPECT_EQ(name_of(match.field), field);
        EXPECT_EQ(match.to_string(), value);
    }
}

TEST(ClassMatch, KnowsNamesOfEthertypes) {
    ClassMatch match;
    EXPECT_EQ(match.set("ethertype", "ptp"), "");
    EXPECT_EQ(match.value, 0x88f7);
}

TEST(ClassMatch, SaysWhatIsWrong) {
    const std::pair<const char*, const char*> examples[] = {
        {"pcp", "8"},  {"dscp", "-1"},      {"ethertype", "x"},    {"vlan", "0"},
        {"mac", "02"}, {"udp_port", "1-2"}, {"tcp_port", "65536"}, {"colour", "red"}};
    for (const auto& [field, value] : examples)
        EXPECT_NE(ClassMatch{}.set(field, value), "") << field;
}

} // namespace
} // namespace xdpbridge
