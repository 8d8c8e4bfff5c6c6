// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/headers.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace xdpbridge::model {

namespace {

constexpr std::uint16_t first_ethertype = 0x0600; // below it is a length (802.3 3.2.6)
constexpr unsigned max_tags = 2;
constexpr unsigned max_extensions = 8;
constexpr std::size_t snap_header = 8;

constexpr std::uint8_t hop_by_hop = 0, routing = 43, fragment_header = 44, authentication = 51,
                       destination_options = 60, mobility = 135, hip = 139, shim6 = 140;

bool is_extension(std::uint8_t protocol) {
    constexpr std::array all = {
        hop_by_hop, routing, fragment_header, authentication, destination_options, mobility,
        hip,        shim6};
    return std::find(all.begin(), all.end(), protocol) != all.end();
}

// RFC 1042; 00:00:f8 is that of bridge tunnels (802.1H).
bool is_snap(Bytes frame, std::size_t at) {
    return has(frame, at, snap_header) && frame[at] == 0xaa && frame[at + 1] == 0xaa &&
           frame[at + 3] == 0 && frame[at + 4] == 0 &&
           (frame[at + 5] == 0 || frame[at + 5] == 0xf8);
}

void read_transport(Bytes frame, Headers& h, std::size_t at) {
    const bool ports = protocol_has_ports(h.protocol);
    const bool type =
        h.protocol == icmp_protocol || h.protocol == igmp_protocol || h.protocol == icmpv6_protocol;
    if ((ports || type) && (at + 4 > h.end || !has(frame, at, 4))) {
        h.hidden = true;
        return;
    }
    h.transport = at;
    if (ports)
        h.ports = {word(frame, at), word(frame, at + 2)};
    if (type)
        h.icmp_type = frame[at];
}

void read_ipv4(Bytes frame, Headers& h) {
    const std::size_t at = h.network;
    if (!has(frame, at, 20) || frame[at] >> 4 != 4 || (frame[at] & 15) < 5) {
        h.hidden = true;
        return;
    }
    const std::size_t header = (frame[at] & std::size_t{15}) * 4;
    const std::size_t told = word(frame, at + 2);
    const std::size_t length = told != 0 ? told : frame.size();
    if (length < header) {
        h.hidden = true;
        return;
    }
    h.ipv4 = true;
    h.src = ipv4_at(frame, at + 12);
    h.dst = ipv4_at(frame, at + 16);
    h.protocol = frame[at + 9];
    h.ds_field = frame[at + 1];
    h.end = at + length;
    const unsigned fragment = word(frame, at + 6);
    h.fragment = (fragment & 0x3fff) != 0; // more to come, or an offset
    h.later_fragment = (fragment & 0x1fff) != 0;
    if (!h.later_fragment)
        read_transport(frame, h, at + header);
}

void read_ipv6(Bytes frame, Headers& h) {
    std::size_t at = h.network;
    if (!has(frame, at, 40) || frame[at] >> 4 != 6) {
        h.hidden = true;
        return;
    }
    h.ipv6 = true;
    h.src = ipv6_at(frame, at + 8);
    h.dst = ipv6_at(frame, at + 24);
    h.ds_field = static_cast<std::uint8_t>(word(frame, at) >> 4);
    h.protocol = frame[at + 6];
    const std::size_t payload = word(frame, at + 4);
    h.end = payload != 0 ? at + 40 + payload : frame.size();
    at += 40;
    for (unsigned i = 0; is_extension(h.protocol); i++) {
        if (i == max_extensions || at + 8 > h.end || !has(frame, at, 4)) {
            h.hidden = h.hidden_protocol = true;
            return;
        }
        const std::uint8_t type = h.protocol;
        h.protocol = frame[at];
        if (type == fragment_header) {
            h.fragment = true;
            h.later_fragment = word(frame, at + 2) >> 3 != 0;
            if (h.later_fragment)
                return;
            at += 8;
        } else if (type == authentication) {
            at += (frame[at + 1] + std::size_t{2}) * 4;
        } else {
            at += (frame[at + 1] + std::size_t{1}) * 8;
        }
    }
    read_transport(frame, h, at);
}

} // namespace

bool is_tag(std::uint16_t ethertype) {
    return ethertype == 0x8100 || ethertype == 0x88a8;
}

bool has(Bytes bytes, std::size_t offset, std::size_t length) {
    return offset + length <= bytes.size();
}

std::uint16_t word(Bytes bytes, std::size_t offset) {
    if (!has(bytes, offset, 2))
        throw std::out_of_range("beyond the frame's end");
    return static_cast<std::uint16_t>(bytes[offset] << 8 | bytes[offset + 1]);
}

sandbox::Frame without_outer_tag(const sandbox::Frame& frame) {
    sandbox::Frame result = frame;
    result.erase(result.begin() + 12, result.begin() + 12 + tag_length);
    return result;
}

Mac mac_at(Bytes bytes, std::size_t offset) {
    Mac mac;
    std::copy_n(bytes.subspan(offset, 6).begin(), 6, mac.octets.begin());
    return mac;
}

Ip ipv4_at(Bytes bytes, std::size_t offset) {
    Ip ip;
    ip.octets[10] = ip.octets[11] = 0xff;
    std::copy_n(bytes.subspan(offset, 4).begin(), 4, ip.octets.begin() + 12);
    return ip;
}

Ip ipv6_at(Bytes bytes, std::size_t offset) {
    Ip ip;
    std::copy_n(bytes.subspan(offset, 16).begin(), 16, ip.octets.begin());
    return ip;
}

Network network_of(Bytes frame) {
    Network network{word(frame, 12), ethernet_header};
    for (unsigned tags = 0; tags < max_tags && is_tag(network.ethertype); tags++) {
        if (!has(frame, network.offset, tag_length))
            break;
        network.ethertype = word(frame, network.offset + 2);
        network.offset += tag_length;
    }
    return network;
}

Headers headers_of(Bytes frame) {
    const Network network = network_of(frame);
    Headers h;
    h.ethertype = network.ethertype;
    h.network = network.offset;
    if (h.ethertype < first_ethertype && is_snap(frame, h.network)) {
        h.ethertype = word(frame, h.network + 6);
        h.network += snap_header;
    }
    if (h.ethertype == ipv4_type)
        read_ipv4(frame, h);
    else if (h.ethertype == ipv6_type)
        read_ipv6(frame, h);
    else
        h.hidden = is_tag(h.ethertype);
    return h;
}

bool covers(const IpPrefix& prefix, const Ip& address, bool ipv4) {
    if (prefix.address.is_ipv4() != ipv4)
        return false;
    const unsigned first = ipv4 ? 96 : 0;
    for (unsigned bit = first; bit < first + prefix.length; bit++) {
        const unsigned differ = prefix.address.octets.at(bit / 8) ^ address.octets.at(bit / 8);
        if ((differ >> (7 - bit % 8) & 1) != 0)
            return false;
    }
    return true;
}

bool protocol_has_ports(std::uint8_t protocol) {
    constexpr std::uint8_t dccp = 33, sctp = 132, udp_lite = 136;
    return protocol == tcp_protocol || protocol == udp_protocol || protocol == dccp ||
           protocol == sctp || protocol == udp_lite;
}

} // namespace xdpbridge::model
