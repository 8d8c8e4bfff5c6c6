// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <xdpbridge/ip_prefix.h>

#include <gtest/gtest.h>

namespace xdpbridge {
namespace {

TEST(IpPrefix, ParsesNetworksAndAddressesAlone) {
    EXPECT_EQ(IpPrefix::parse("192.0.2.1")->length, 32);
    EXPECT_EQ(IpPrefix::parse("2001:db8::1")->length, 128);
    for (const char* text : {"0.0.0.0/0", "10.0.0.0/7", "10.128.0.0/9", "192.0.2.1/32", "::/0",
                             "2001:db8::/29", "2001:db8::1/128"}) {
        ASSERT_TRUE(IpPrefix::parse(text)) << text;
        EXPECT_EQ(IpPrefix::parse(text)->to_string(), text);
    }
}

TEST(IpPrefix, RefusesAnythingElse) {
    for (const char* text :
         {"", "/8", "10/8", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1", "10.0.0.0/0x8", "10.0.0.0/33",
          "10.0.0.0/264", "::/", "::/129", "10.0.0.0/8/8", "10.128.0.0/8", "2001:db8::1/64"})
        EXPECT_FALSE(IpPrefix::parse(text)) << text;
}

} // namespace
} // namespace xdpbridge
