// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/acl_model.h"

#include <algorithm>
#include <array>

namespace xdpbridge::test {

namespace {

using sandbox::Ethernet;
using sandbox::Layer;
using sandbox::Packet;

template <typename Wanted, typename Value>
bool agrees(const std::optional<Wanted>& wanted, const Value& value) {
    return !wanted || *wanted == value;
}

bool within(const std::optional<PortRange>& range, const AclFrame& frame, std::uint16_t port) {
    return !range || (frame.has_ports && port >= range->first && port <= range->last);
}

bool within(const std::optional<IpPrefix>& prefix, const AclFrame& frame, const Ip& address) {
    return !prefix || (frame.is_ip && covers(*prefix, address));
}

constexpr std::uint8_t tcp = 6, udp = 17, icmp = 1, icmpv6 = 58;
constexpr std::array<std::uint8_t, 4> protocols = {tcp, udp, icmp, 47};
constexpr std::uint16_t arp_type = 0x0806, ip_type = 0x0800, ipv6_type = 0x86dd;

} // namespace

bool covers(const IpPrefix& prefix, const Ip& address) {
    if (prefix.address.is_ipv4() != address.is_ipv4())
        return false;
    const unsigned first = address.is_ipv4() ? 96 : 0;
    for (unsigned bit = first; bit < first + prefix.length; bit++)
        if ((prefix.address.octets[bit / 8] ^ address.octets[bit / 8]) >> (7 - bit % 8) & 1)
            return false;
    return true;
}

bool fits(const AclRule& rule, const AclFrame& frame) {
    return agrees(rule.port, frame.port) && agrees(rule.vlan, frame.vlan) &&
           agrees(rule.pcp, frame.pcp) && agrees(rule.src_mac, frame.src_mac) &&
           agrees(rule.dst_mac, frame.dst_mac) && agrees(rule.ethertype, frame.ethertype) &&
           within(rule.src, frame, frame.src) && within(rule.dst, frame, frame.dst) &&
           (!rule.protocol || (frame.is_ip && frame.protocol == *rule.protocol)) &&
           (!rule.dscp || (frame.is_ip && frame.dscp == *rule.dscp)) &&
           within(rule.sport, frame, frame.sport) && within(rule.dport, frame, frame.dport);
}

std::optional<std::size_t> first_that_fits(std::span<const AclRule> rules, const AclFrame& frame) {
    const auto found = std::find_if(rules.begin(), rules.end(),
                                    [&](const AclRule& rule) { return fits(rule, frame); });
    return found == rules.end() ? std::nullopt
                                : std::optional(static_cast<std::size_t>(found - rules.begin()));
}

sandbox::Frame AclFrame::bytes() const {
    Packet packet(Ethernet{.dst = dst_mac.to_string(), .src = src_mac.to_string()});
    if (vlan != 0)
        packet =
            packet /
            sandbox::Vlan{.vid = vlan, .pcp = pcp, .type = is_ip ? std::uint16_t{0} : ethertype};
    else if (!is_ip)
        packet = Packet(
            Ethernet{.dst = dst_mac.to_string(), .src = src_mac.to_string(), .type = ethertype});
    const auto traffic_class = static_cast<std::uint8_t>(dscp << 2);
    if (is_ip && src.is_ipv4())
        packet = packet / sandbox::IPv4{.src = src.to_string(),
                                        .dst = dst.to_string(),
                                        .tos = traffic_class,
                                        .protocol = protocol};
    else if (is_ip)
        packet = packet / sandbox::IPv6{.src = src.to_string(),
                                        .dst = dst.to_string(),
                                        .traffic_class = traffic_class,
                                        .next_header = protocol};
    if (is_ip && protocol == tcp)
        packet = packet / sandbox::Tcp{.sport = sport, .dport = dport};
    if (is_ip && protocol == udp)
        packet = packet / sandbox::Udp{.sport = sport, .dport = dport};
    return packet / sandbox::Payload{46};
}

// Of 16 hosts; the low bit of the first octet, a group, is never set.
Mac AclDice::mac() {
    return {{0x02, 0, 0, 0, 0, static_cast<std::uint8_t>(1 + number(16))}};
}

Ip AclDice::ip(bool ipv4) {
    Ip address;
    if (ipv4)
        address.octets[10] = address.octets[11] = 0xff;
    address.octets[ipv4 ? 12 : 0] = ipv4 ? 10 : 0xfd;
    address.octets[ipv4 ? 13 : 7] = static_cast<std::uint8_t>(number(3) * 0x55);
    address.octets[15] = static_cast<std::uint8_t>(number(16));
    return address;
}

IpPrefix AclDice::prefix(bool ipv4) {
    IpPrefix prefix{ip(ipv4), static_cast<std::uint8_t>(number(ipv4 ? 33 : 129))};
    if (one_in(2))
        prefix.length = static_cast<std::uint8_t>((ipv4 ? 28 : 124) + number(5));
    const unsigned first = (ipv4 ? 96U : 0U) + prefix.length;
    for (unsigned bit = first; bit < 128; bit++)
        prefix.address.octets[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> bit % 8));
    return prefix;
}

std::uint16_t AclDice::transport_port() {
    constexpr std::array<std::uint16_t, 6> bounds = {0, 1, 79, 80, 1024, 65535};
    return one_in(3) ? bounds.at(number(bounds.size())) : static_cast<std::uint16_t>(number(200));
}

PortRange AclDice::range() {
    const auto a = transport_port(), b = one_in(2) ? a : transport_port();
    return {std::min(a, b), std::max(a, b)};
}

AclRule AclDice::rule(std::size_t least) {
    AclRule rule;
    const bool ipv4 = one_in(2);
    if (one_in(6))
        rule.port = ports_.at(number(static_cast<std::uint32_t>(ports_.size())));
    if (vlans_ && one_in(6))
        rule.vlan = static_cast<std::uint16_t>(1 + number(4));
    if (vlans_ && one_in(8))
        rule.pcp = static_cast<std::uint8_t>(number(8));
    if (one_in(6))
        rule.src_mac = mac();
    if (one_in(6))
        rule.dst_mac = mac();
    if (one_in(8))
        rule.ethertype = std::array{arp_type, ip_type, ipv6_type}.at(number(3));
    if (one_in(3))
        rule.src = prefix(ipv4);
    if (one_in(3))
        rule.dst = prefix(ipv4);
    if (one_in(3))
        rule.protocol = protocols.at(number(protocols.size()));
    const bool ports = !rule.protocol || *rule.protocol == tcp || *rule.protocol == udp;
    if (ports && one_in(4))
        rule.sport = range();
    if (ports && one_in(3))
        rule.dport = range();
    if (one_in(8))
        rule.dscp = static_cast<std::uint8_t>(number(64));
    rule.action = one_in(2) ? AclAction::drop : AclAction::pass;
    return rule.criteria().size() < least ? this->rule(least) : rule;
}

AclFrame AclDice::frame() {
    AclFrame frame;
    const bool ipv4 = one_in(2);
    frame.port = ports_.at(number(static_cast<std::uint32_t>(ports_.size())));
    if (vlans_) {
        frame.vlan = static_cast<std::uint16_t>(1 + number(4));
        frame.pcp = static_cast<std::uint8_t>(number(8));
    }
    frame.src_mac = mac();
    frame.dst_mac = mac();
    if (one_in(6)) {
        frame.ethertype = one_in(2) ? arp_type : 0x88b5;
        return frame;
    }
    frame.is_ip = true;
    frame.ethertype = ipv4 ? ip_type : ipv6_type;
    frame.src = ip(ipv4);
    frame.dst = ip(ipv4);
    frame.dscp = static_cast<std::uint8_t>(number(64));
    frame.protocol = protocols.at(number(protocols.size()));
    if (frame.protocol == tcp || frame.protocol == udp) {
        frame.has_ports = true;
        frame.sport = transport_port();
        frame.dport = transport_port();
    }
    return frame;
}

} // namespace xdpbridge::test
