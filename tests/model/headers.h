// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What a frame says of itself, as far as the switch is said to look: behind two VLAN tags,
// LLC/SNAP, IPv4 options and 8 IPv6 extension headers (README, "Guards" and "ACL").
#pragma once
#include "sandbox/frames.h"

#include <xdpbridge/ip_prefix.h>
#include <xdpbridge/mac.h>

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace xdpbridge::model {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t ethernet_header = 14;
constexpr std::size_t tag_length = 4;

constexpr std::uint16_t ipv4_type = 0x0800, arp_type = 0x0806, ipv6_type = 0x86dd;
constexpr std::uint8_t tcp_protocol = 6, udp_protocol = 17, icmp_protocol = 1, igmp_protocol = 2,
                       icmpv6_protocol = 58;

bool is_tag(std::uint16_t ethertype);
std::uint16_t word(Bytes bytes, std::size_t offset); // throws std::out_of_range
bool has(Bytes bytes, std::size_t offset, std::size_t length);
sandbox::Frame without_outer_tag(const sandbox::Frame& frame);
Mac mac_at(Bytes bytes, std::size_t offset);
Ip ipv4_at(Bytes bytes, std::size_t offset);
Ip ipv6_at(Bytes bytes, std::size_t offset);

// Behind all tags but those beyond the second.
struct Network {
    std::uint16_t ethertype;
    std::size_t offset;
};
Network network_of(Bytes frame);

struct Headers {
    std::uint16_t ethertype = 0; // behind LLC/SNAP too
    std::size_t network = 0;     // where that begins
    bool ipv4 = false;
    bool ipv6 = false;
    Ip src, dst;
    std::uint8_t protocol = 0; // of IPv6 that behind the extension headers
    std::uint8_t ds_field = 0;
    bool fragment = false;       // or an IPv6 packet that says so
    bool later_fragment = false; // but the first
    // The next header to be looked at is cut off, wrong, or behind too many others: of IPv6 even
    // the protocol may be unknown then.
    bool hidden = false;
    bool hidden_protocol = false;
    std::optional<std::pair<std::uint16_t, std::uint16_t>> ports; // source, destination
    std::optional<std::uint8_t> icmp_type;
    std::size_t transport = 0;
    std::size_t end = 0; // of the datagram, by its own word

    [[nodiscard]] bool ip() const { return ipv4 || ipv6; }
};

Headers headers_of(Bytes frame);

// Of a packet of this family: an IPv6 packet may name ::ffff:10.0.0.1, which is no IPv4 address
// there.
bool covers(const IpPrefix& prefix, const Ip& address, bool ipv4);

bool protocol_has_ports(std::uint8_t protocol);

} // namespace xdpbridge::model
