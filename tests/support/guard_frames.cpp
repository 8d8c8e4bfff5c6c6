// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/guard_frames.h"

#include "support/group_frames.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>

namespace xdpbridge::test {

using sandbox::Arp;
using sandbox::Bytes;
using sandbox::Ethernet;
using sandbox::Icmp6;
using sandbox::IPv4;
using sandbox::IPv6;
using sandbox::load16;
using sandbox::Payload;
using sandbox::store16;
using sandbox::Udp;

namespace {

constexpr std::size_t network = 14, ipv4_header = 20, ipv6_header = 40;

Frame joined(const Frame& a, const Frame& b) {
    Frame both = a;
    both.insert(both.end(), b.begin(), b.end());
    return both;
}

Frame sized(const Frame& start, std::size_t size) {
    Frame bytes = start;
    bytes.resize(size);
    return bytes;
}

Frame address(const std::string& ip) {
    const sandbox::Ip6 parsed(ip);
    return {parsed.bytes.begin(), parsed.bytes.end()};
}

std::string solicited_node(const std::string& target) {
    const auto bytes = sandbox::Ip6(target).bytes;
    return fmt::format("ff02::1:ff{:02x}:{:02x}{:02x}", bytes[13], bytes[14], bytes[15]);
}

Frame nd(const Sender& from, const std::string& to_mac, const std::string& to_ip, std::uint8_t type,
         const Frame& message) {
    return Ethernet{.dst = to_mac, .src = from.mac} /
           IPv6{.src = from.ip, .dst = to_ip, .hop_limit = 255} / Icmp6{.type = type} /
           Bytes{message};
}

} // namespace

std::string link_local(const std::string& mac) {
    const auto b = sandbox::Mac(mac).bytes;
    return fmt::format("fe80::{:02x}{:02x}:{:02x}ff:fe{:02x}:{:02x}{:02x}", b[0] ^ 2, b[1], b[2],
                       b[3], b[4], b[5]);
}

Frame udp4(const Sender& from, const std::string& to_mac, const std::string& to_ip,
           std::uint16_t sport, std::uint16_t dport, std::size_t size) {
    return Ethernet{.dst = to_mac, .src = from.mac} / IPv4{.src = from.ip, .dst = to_ip} /
           Udp{.sport = sport, .dport = dport} / Payload{.size = size};
}

Frame udp6(const Sender& from, const std::string& to_mac, const std::string& to_ip,
           std::uint16_t sport, std::uint16_t dport, std::size_t size) {
    return Ethernet{.dst = to_mac, .src = from.mac} / IPv6{.src = from.ip, .dst = to_ip} /
           Udp{.sport = sport, .dport = dport} / Payload{.size = size};
}

Frame arp(const std::string& from_mac, const std::string& to_mac, std::uint16_t op,
          const Sender& says, const std::string& target_ip) {
    return Ethernet{.dst = to_mac, .src = from_mac} / Arp{.op = op,
                                                          .sender_mac = says.mac,
                                                          .sender_ip = says.ip,
                                                          .target_mac = to_mac,
                                                          .target_ip = target_ip};
}

Frame nd_option(std::uint8_t type, const std::string& mac) {
    const auto bytes = sandbox::Mac(mac).bytes;
    return joined({type, 1}, {bytes.begin(), bytes.end()});
}

Frame neighbour_solicitation(const Sender& from, const std::string& target, const Frame& options) {
    const std::string group = solicited_node(target);
    return nd(from, group_mac(group), group, 135,
              joined(joined(Frame(4), address(target)), options));
}

Frame neighbour_advertisement(const Sender& from, const std::string& to_mac,
                              const std::string& to_ip, const std::string& target,
                              const Frame& options) {
    const Frame override_flag = {0x20, 0, 0, 0};
    return nd(from, to_mac, to_ip, 136, joined(joined(override_flag, address(target)), options));
}

Frame router_solicitation(const Sender& from, const Frame& options) {
    return nd(from, "33:33:00:00:00:02", "ff02::2", 133, joined(Frame(4), options));
}

Frame router_advertisement(const Sender& from, const Frame& options, bool prefix) {
    const Frame header = {64, 0, 0x0e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0};
    Frame information = {3, 4, 64, 0xc0, 0, 0, 0x0e, 0x10, 0, 0, 0x0e, 0x10, 0, 0, 0, 0};
    information = joined(information, address("fd00:bad::"));
    return nd(from, all_nodes_mac, "ff02::1", 134,
              joined(joined(header, options), prefix ? information : Frame{}));
}

Frame redirect(const Sender& from, const std::string& to_mac, const std::string& to_ip,
               const Frame& options) {
    const Frame targets = joined(address("fe80::bad"), address("2001:db8::1"));
    return nd(from, to_mac, to_ip, 137, joined(joined(Frame(4), targets), options));
}

Extension fragment_header(std::uint16_t offset, bool more) {
    Frame bytes(8);
    store16(bytes, 2, static_cast<std::uint16_t>(offset | (more ? 1 : 0)));
    bytes[7] = 1; // identification
    return {44, bytes};
}

Frame extended(const Frame& frame, const std::vector<Extension>& extensions) {
    Frame chain;
    std::uint8_t next = frame[network + 6];
    for (auto each = extensions.rbegin(); each != extensions.rend(); ++each) {
        Frame bytes = each->bytes;
        bytes[0] = next;
        next = each->type;
        chain = joined(bytes, chain);
    }
    Frame out = sized(frame, network + ipv6_header);
    out[network + 6] = next;
    store16(out, network + 4,
            static_cast<std::uint16_t>(load16(frame, network + 4) + chain.size()));
    out = joined(out, chain);
    out.insert(out.end(), frame.begin() + network + ipv6_header, frame.end());
    return out;
}

std::vector<Frame> ipv6_fragments(const Frame& frame, std::size_t size,
                                  const std::vector<Extension>& extensions) {
    const Frame whole = extended(frame, extensions);
    const std::size_t begin = network + ipv6_header;
    std::vector<Frame> fragments;
    for (std::size_t at = begin; at < whole.size(); at += size) {
        const std::size_t end = std::min(at + size, whole.size());
        Frame part = sized(whole, begin);
        part.insert(part.end(), whole.begin() + static_cast<long>(at),
                    whole.begin() + static_cast<long>(end));
        store16(part, network + 4, static_cast<std::uint16_t>(end - at));
        fragments.push_back(extended(
            part, {fragment_header(static_cast<std::uint16_t>(at - begin), end < whole.size())}));
    }
    return fragments;
}

std::vector<Frame> ipv4_fragments(const Frame& frame, std::size_t size) {
    const std::size_t begin = network + ipv4_header;
    std::vector<Frame> fragments;
    for (std::size_t at = begin; at < frame.size(); at += size) {
        const std::size_t end = std::min(at + size, frame.size());
        Frame part = sized(frame, begin);
        part.insert(part.end(), frame.begin() + static_cast<long>(at),
                    frame.begin() + static_cast<long>(end));
        store16(part, network + 2, static_cast<std::uint16_t>(ipv4_header + end - at));
        store16(part, network + 4, 1); // identification
        store16(part, network + 6,
                static_cast<std::uint16_t>((end < frame.size() ? 0x2000U : 0U) | (at - begin) / 8));
        store16(part, network + 10, 0);
        store16(part, network + 10,
                sandbox::internet_checksum(std::span(part).subspan(network, ipv4_header)));
        fragments.push_back(part);
    }
    return fragments;
}

Frame tagged(const Frame& frame, const std::vector<std::uint16_t>& vids) {
    Frame out = sized(frame, 12);
    for (const auto vid : vids)
        out = joined(
            out, {0x81, 0x00, static_cast<std::uint8_t>(vid >> 8), static_cast<std::uint8_t>(vid)});
    out.insert(out.end(), frame.begin() + 12, frame.end());
    return out;
}

Frame in_snap(const Frame& frame) {
    const auto length = static_cast<std::uint16_t>(frame.size() - network + 8);
    Frame out =
        joined(sized(frame, 12), {static_cast<std::uint8_t>(length >> 8),
                                  static_cast<std::uint8_t>(length), 0xaa, 0xaa, 3, 0, 0, 0});
    out.insert(out.end(), frame.begin() + 12, frame.end());
    return out;
}

} // namespace xdpbridge::test
