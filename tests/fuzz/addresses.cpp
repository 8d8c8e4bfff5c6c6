// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fuzz.h"

#include <xdpbridge/ip_prefix.h>
#include <xdpbridge/mac.h>

#include <algorithm>

namespace xdpbridge::test {

void fuzz_mac(std::string_view text) {
    const auto mac = Mac::parse(text);
    require(!mac || Mac::parse(mac->to_string()) == mac, "a MAC is read as it is printed");
    require(!mac || std::equal(text.begin(), text.end(), mac->to_string().begin(),
                               [](char a, char b) { return (a | 0x20) == (b | 0x20); }),
            "a MAC is printed as it was written, but for capitals");
}

void fuzz_ip(std::string_view text) {
    if (const auto ip = Ip::parse(text)) {
        require(text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos,
                "an address is made of digits, colons and dots");
        require(Ip::parse(ip->to_string()) == ip, "an address is read as it is printed");
        require(!(ip->is_multicast() && ip->is_host()), "a group is no host");
    }
    if (const auto prefix = IpPrefix::parse(text)) {
        require(prefix->length <= (prefix->address.is_ipv4() ? 32 : 128),
                "a prefix is no longer than an address");
        require(IpPrefix::parse(prefix->to_string()) == prefix,
                "a prefix is read as it is printed");
    }
}

} // namespace xdpbridge::test
