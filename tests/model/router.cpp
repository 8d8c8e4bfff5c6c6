// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/router.h"

#include <algorithm>

namespace xdpbridge::model {

namespace {

struct Question {
    Ip dst;
    bool ipv4 = false;
    std::uint8_t ttl = 0;
    std::size_t length = 0; // of the IP packet
};

using Answer = std::variant<Question, xdpb_stack_reason>;

// No host has it, or none behind a router (RFC 1812 5.3.7).
bool is_martian4(const Ip& ip) {
    return ip.octets[12] == 0 || ip.octets[12] == 127 || !ip.is_host();
}

bool is_martian6(const Ip& ip) {
    const bool loopback = std::all_of(ip.octets.begin(), ip.octets.end() - 1,
                                      [](std::uint8_t octet) { return octet == 0; }) &&
                          ip.octets[15] <= 1;
    return ip.octets[0] == 0xff || loopback;
}

bool is_link_local(const Ip& ip) {
    return ip.octets[0] == 0xfe && (ip.octets[1] & 0xc0) == 0x80;
}

Answer ask_ipv4(Bytes packet) {
    if (!has(packet, 0, 20) || packet[0] >> 4 != 4 || (packet[0] & 15) < 5)
        return XDPB_STACK_BAD_HEADER;
    if ((packet[0] & 15) > 5)
        return XDPB_STACK_OPTIONS;
    const std::size_t length = word(packet, 2);
    const Ip src = ipv4_at(packet, 12), dst = ipv4_at(packet, 16);
    if (length < 20 || length > packet.size() ||
        sandbox::internet_checksum(packet.first(20)) != 0 || is_martian4(src))
        return XDPB_STACK_BAD_HEADER;
    if (is_martian4(dst))
        return XDPB_STACK_LOCAL;
    return Question{dst, true, packet[8], length};
}

Answer ask_ipv6(Bytes packet) {
    constexpr std::uint8_t hop_by_hop = 0;
    if (!has(packet, 0, 40) || packet[0] >> 4 != 6)
        return XDPB_STACK_BAD_HEADER;
    if (packet[6] == hop_by_hop)
        return XDPB_STACK_OPTIONS;
    const std::size_t length = 40U + word(packet, 4);
    const Ip src = ipv6_at(packet, 8), dst = ipv6_at(packet, 24);
    if (length > packet.size() || is_martian6(src) || src.is_ipv4()) // ::ffff:a.b.c.d
        return XDPB_STACK_BAD_HEADER;
    if (is_martian6(dst) || is_link_local(dst) || is_link_local(src))
        return XDPB_STACK_LOCAL;
    return Question{dst, false, packet[7], length};
}

Answer ask(Bytes frame, bool tagged) {
    const Network network = network_of(frame);
    if (!tagged && network.ethertype == ipv4_type)
        return ask_ipv4(frame.subspan(network.offset));
    if (!tagged && network.ethertype == ipv6_type)
        return ask_ipv6(frame.subspan(network.offset));
    return XDPB_STACK_NOT_IP;
}

const Route* longest_match(const Config& config, const Question& question) {
    const Route* best = nullptr;
    for (const auto& [prefix, route] : config.routes)
        if (covers(prefix, question.dst, question.ipv4) &&
            (!best || prefix.length > best->prefix.length))
            best = &route;
    return best;
}

} // namespace

Decision find_way(Bytes frame, bool tagged, const Config& config, Kind kind, const Fdb& fdb) {
    const Answer answer = ask(frame, tagged);
    if (const auto* reason = std::get_if<xdpb_stack_reason>(&answer))
        return *reason;
    const auto& question = std::get<Question>(answer);

    const Route* route = longest_match(config, question);
    if (!route)
        return XDPB_STACK_NO_ROUTE;
    if (route->type == RouteType::blackhole)
        return Blackhole{};
    if (route->type == RouteType::local)
        return XDPB_STACK_LOCAL;
    const bool by_svi = route->port == svi_port;
    const NeighbourDomain domain =
        by_svi ? NeighbourDomain{.vlan = svi_vlan(kind)} : NeighbourDomain{.port = route->port};
    const auto neighbour = config.neighbours.find({domain, route->gateway.value_or(question.dst)});
    if (neighbour == config.neighbours.end())
        return XDPB_STACK_NO_NEIGHBOUR;
    if (question.ttl <= 1)
        return XDPB_STACK_TTL;
    if (question.length > mtu)
        return XDPB_STACK_TOO_LONG;
    const Mac next = neighbour->second;
    if (!by_svi)
        return Hop{.out = route->port, .vid = std::nullopt, .next = next, .router = routed_mac};
    const auto* entry = fdb.find({next, domain.vlan}, config.ageing);
    if (!entry || (kind != Kind::plain && !config.is_member(entry->port, domain.vlan)))
        return XDPB_STACK_NO_NEIGHBOUR;
    return Hop{.out = entry->port, .vid = domain.vlan, .next = next, .router = svi_mac};
}

void count_hop(Frame& frame) {
    const Network network = network_of(frame);
    const std::size_t at = network.offset;
    if (network.ethertype == ipv6_type) {
        frame.at(at + 7)--;
        return;
    }
    frame.at(at + 8)--;
    sandbox::store16(frame, at + 10, 0);
    sandbox::store16(frame, at + 10, sandbox::internet_checksum(std::span(frame).subspan(at, 20)));
}

} // namespace xdpbridge::model
