// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <xdpbridge/ip.h>

#include <gtest/gtest.h>

namespace xdpbridge {
namespace {

TEST(Ip, IsReadAndPrinted) {
    for (const char* text : {"10.0.0.1", "0.0.0.0", "::", "::1", "2001:db8::1",
                             "fe80::1234:5678:9abc:def0", "ff02::1"})
        EXPECT_EQ(Ip::parse(text)->to_string(), text);
    EXPECT_EQ(Ip::parse("2001:DB8:0::0001")->to_string(), "2001:db8::1");
    EXPECT_EQ(Ip::parse("::ffff:10.0.0.1"), Ip::parse("10.0.0.1"));
    for (const char* text : {"", "10.0.0", "10.0.0.256", "10.0.0.1/24", "1::2::3", "host",
                             "fe80::1%eth0", " 10.0.0.1", "10.0.0.1 "})
        EXPECT_FALSE(Ip::parse(text)) << text;
}

TEST(Ip, IsOfAKind) {
    EXPECT_TRUE(Ip::parse("10.0.0.1")->is_ipv4());
    EXPECT_FALSE(Ip::parse("2001:db8::1")->is_ipv4());
    EXPECT_TRUE(Ip::parse("0.0.0.0")->is_unspecified());
    EXPECT_TRUE(Ip::parse("::")->is_unspecified());
    EXPECT_FALSE(Ip::parse("::1")->is_unspecified());
    EXPECT_FALSE(Ip::parse("0.0.0.1")->is_unspecified());
    for (const char* text : {"224.0.0.1", "239.255.255.255", "ff02::1"})
        EXPECT_TRUE(Ip::parse(text)->is_multicast()) << text;
    for (const char* text : {"223.255.255.255", "240.0.0.1", "10.0.0.255", "fe80::1", "::"})
        EXPECT_FALSE(Ip::parse(text)->is_multicast()) << text;
}

TEST(Ip, AHostsAddressIsNobodyElses) {
    for (const char* text : {"10.0.0.1", "2001:db8::1", "fe80::1", "::1"})
        EXPECT_TRUE(Ip::parse(text)->is_host()) << text;
    for (const char* text : {"0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255"})
        EXPECT_FALSE(Ip::parse(text)->is_host()) << text;
}

} // namespace
} // namespace xdpbridge
