// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/guards.h"

#include <algorithm>

namespace xdpbridge::model {

namespace {

constexpr unsigned max_nd_options = 16;
constexpr std::uint8_t router_solicitation = 133, router_advertisement = 134,
                       neighbour_solicitation = 135, neighbour_advertisement = 136, redirect = 137;
constexpr std::uint8_t mld_report = 131, mld_done = 132, mld2_report = 143;

const Ip any_ipv4 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};
const Ip any_ipv6 = {};

// Who has sent the frame, and what may be known of it.
struct Sender {
    PortNumber port;
    Mac mac;
    const Config& config;

    [[nodiscard]] bool is_bound() const {
        return std::any_of(config.bindings.begin(), config.bindings.end(),
                           [&](const Binding& b) { return b.port == port && b.mac == mac; });
    }
    // The link-local address of RFC 4291 appendix A is its own without a word.
    [[nodiscard]] bool owns_link_local(const Ip& ip) const {
        const auto& m = mac.octets;
        const Ip own = {{0xfe, 0x80, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(m[0] ^ 2), m[1],
                         m[2], 0xff, 0xfe, m[3], m[4], m[5]}};
        return ip == own;
    }
    [[nodiscard]] bool has_bound(const Ip& ip) const {
        return config.bindings.contains({.port = port, .mac = mac, .ip = ip});
    }
    [[nodiscard]] bool may_be(const Ip& ip) const { return has_bound(ip) || owns_link_local(ip); }
};

bool source_is_good(const Headers& h, const Sender& sender) {
    constexpr std::uint16_t client = 68, server = 67;
    if (!h.ip())
        return false; // cut off, or wrong
    if (h.ipv4 && h.src == any_ipv4)
        return h.protocol == udp_protocol && h.ports == std::pair(client, server);
    if (h.ipv6 && h.src == any_ipv6) // to find an address: RFC 4862, RFC 3590
        return h.icmp_type && h.protocol == icmpv6_protocol && !h.fragment &&
               (h.icmp_type == neighbour_solicitation || h.icmp_type == router_solicitation ||
                h.icmp_type == mld_report || h.icmp_type == mld_done || h.icmp_type == mld2_report);
    return sender.may_be(h.src);
}

bool arp_is_good(Bytes frame, const Headers& h, const Sender& sender) {
    constexpr std::uint16_t ethernet = 1, request = 1;
    const std::size_t at = h.network;
    if (!has(frame, at, 28) || word(frame, at) != ethernet || word(frame, at + 2) != ipv4_type ||
        frame[at + 4] != 6 || frame[at + 5] != 4 || mac_at(frame, at + 8) != sender.mac)
        return false;
    const Ip claimed = ipv4_at(frame, at + 14);
    if (claimed == any_ipv4) // a probe (RFC 5227)
        return word(frame, at + 6) == request;
    return sender.may_be(claimed);
}

// RFC 4861 4.1 to 4.5
std::size_t nd_header(std::uint8_t type) {
    return type == router_solicitation    ? 8
           : type == router_advertisement ? 16
           : type == redirect             ? 40
                                          : 24;
}

bool nd_options_are_good(Bytes frame, const Headers& h, const Sender& sender) {
    constexpr std::uint8_t source_mac = 1, target_mac = 2;
    std::size_t at = h.transport + nd_header(*h.icmp_type);
    for (unsigned i = 0; i < max_nd_options && at != h.end; i++) {
        if (at + 8 > h.end || !has(frame, at, 8) || frame[at + 1] == 0)
            return false;
        const bool names_sender =
            frame[at] == source_mac ||
            (frame[at] == target_mac && h.icmp_type == neighbour_advertisement);
        if (names_sender && (frame[at + 1] != 1 || mac_at(frame, at + 2) != sender.mac))
            return false;
        at += frame[at + 1] * std::size_t{8};
    }
    return at == h.end;
}

bool nd_is_good(Bytes frame, const Headers& h, const Sender& sender) {
    if (h.fragment) // RFC 6980
        return false;
    const bool from_nobody = h.src == any_ipv6;
    const bool claims_target = h.icmp_type == neighbour_advertisement ||
                               (h.icmp_type == neighbour_solicitation && from_nobody);
    if (claims_target) {
        const std::size_t target = h.transport + 8;
        if (!has(frame, target, 16) || ipv6_at(frame, target) == any_ipv6 ||
            !sender.may_be(ipv6_at(frame, target)))
            return false;
    } else if (from_nobody ? h.icmp_type != router_solicitation : !sender.may_be(h.src)) {
        return false;
    }
    return nd_options_are_good(frame, h, sender);
}

bool says_nd(const Headers& h) {
    return h.protocol == icmpv6_protocol && h.icmp_type >= router_solicitation &&
           h.icmp_type <= redirect;
}

// Whether what cannot be seen might be of this protocol: only IPv4 says it for sure.
bool may_be(const Headers& h, std::uint8_t protocol) {
    return h.hidden && (!h.ipv4 || h.protocol == protocol);
}

bool speaks_dhcp_server(const Headers& h) {
    if (h.protocol != udp_protocol || !h.ports)
        return false;
    return h.ipv4 ? h.ports->first == 67 || h.ports->second == 68
                  : h.ports->first == 547 || h.ports->second == 546;
}

bool speaks_router(const Headers& h) {
    return h.protocol == icmpv6_protocol &&
           (h.icmp_type == router_advertisement || h.icmp_type == redirect);
}

} // namespace

std::optional<xdpb_drop_reason> guarded(Bytes frame, PortNumber port, const Config& config) {
    const PortConfig& on = config.ports.at(port);
    const bool ip_guard = on.source_guard == static_cast<unsigned>(SourceGuard::ip);
    const Sender sender{port, mac_at(frame, 6), config};

    if (on.source_guard != 0 && !sender.is_bound())
        return XDPB_DROP_MAC_GUARD;
    const Headers h = headers_of(frame);
    if (h.ethertype == arp_type)
        return on.arp_guard && !arp_is_good(frame, h, sender) ? std::optional(XDPB_DROP_ARP_GUARD)
                                                              : std::nullopt;
    if (!h.ip() && !h.hidden)
        return std::nullopt;
    if (ip_guard && !source_is_good(h, sender))
        return XDPB_DROP_IP_GUARD;
    if (h.later_fragment) // of no use without the first
        return std::nullopt;
    if (on.arp_guard &&
        (may_be(h, icmpv6_protocol) || (says_nd(h) && !nd_is_good(frame, h, sender))))
        return XDPB_DROP_ARP_GUARD;
    if (on.dhcp_guard && (may_be(h, udp_protocol) || speaks_dhcp_server(h)))
        return XDPB_DROP_DHCP_GUARD;
    if (on.ra_guard && (may_be(h, icmpv6_protocol) || speaks_router(h)))
        return XDPB_DROP_RA_GUARD;
    return std::nullopt;
}

} // namespace xdpbridge::model
