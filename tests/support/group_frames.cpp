// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/group_frames.h"

#include <fmt/format.h>
#include <netinet/in.h>

namespace xdpbridge::test {

using sandbox::Bytes;
using sandbox::Ethernet;
using sandbox::Frame;
using sandbox::Ip4;
using sandbox::Ip6;
using sandbox::IPv6;

namespace {

bool is_ipv4(const std::string& address) {
    return address.find(':') == std::string::npos;
}

template <typename Range>
void append(Frame& frame, const Range& bytes) {
    frame.insert(frame.end(), std::begin(bytes), std::end(bytes));
}

void append16(Frame& frame, std::size_t value) {
    append(frame, std::array{static_cast<std::uint8_t>(value >> 8),
                             static_cast<std::uint8_t>(value & 0xff)});
}

void append_address(Frame& frame, const std::string& address) {
    if (is_ipv4(address))
        append(frame, Ip4(address).bytes);
    else
        append(frame, Ip6(address).bytes);
}

Frame report(std::uint8_t type, const std::vector<Record>& records) {
    Frame message = {type, 0, 0, 0, 0, 0};
    append16(message, records.size());
    for (const auto& record : records) {
        append(message, std::array<std::uint8_t, 2>{record.type, 0});
        append16(message, record.sources.size());
        append_address(message, record.group);
        for (const auto& source : record.sources)
            append_address(message, source);
    }
    return message;
}

void fill_icmpv6_checksum(Frame& message, const std::string& src, const std::string& dst) {
    Frame covered;
    append_address(covered, src);
    append_address(covered, dst);
    append(covered, std::array<std::uint8_t, 2>{});
    append16(covered, message.size());
    append(covered, std::array<std::uint8_t, 4>{0, 0, 0, IPPROTO_ICMPV6});
    sandbox::store16(message, 2, 0);
    append(covered, message);
    sandbox::store16(message, 2, sandbox::internet_checksum(covered));
}

const std::string host_link_local = "fe80::1";

} // namespace

std::string group_mac(const std::string& group) {
    if (is_ipv4(group)) {
        const auto b = Ip4(group).bytes;
        return fmt::format("01:00:5e:{:02x}:{:02x}:{:02x}", b[1] & 0x7f, b[2], b[3]);
    }
    const auto b = Ip6(group).bytes;
    return fmt::format("33:33:{:02x}:{:02x}:{:02x}:{:02x}", b[12], b[13], b[14], b[15]);
}

Frame group_datagram(const std::string& src_mac, const std::string& group) {
    const Ethernet ethernet{.dst = group_mac(group), .src = src_mac};
    if (is_ipv4(group))
        return ethernet / sandbox::IPv4{.src = "10.77.0.99", .dst = group, .ttl = 8} /
               sandbox::Udp{} / sandbox::Payload{40};
    return ethernet / IPv6{.src = "fd00:77::99", .dst = group, .hop_limit = 8} / sandbox::Udp{} /
           sandbox::Payload{40};
}

Frame igmp_message(std::uint8_t type, const std::string& group, std::uint8_t code) {
    Frame message = {type, code, 0, 0};
    append_address(message, group);
    sandbox::store16(message, 2, sandbox::internet_checksum(message));
    return message;
}

Frame igmp_v3_report(const std::vector<Record>& records) {
    Frame message = report(0x22, records);
    sandbox::store16(message, 2, sandbox::internet_checksum(message));
    return message;
}

Frame igmp(const std::string& src_mac, const std::string& src, const std::string& dst,
           const Frame& message) {
    Frame packet = {0x46, 0xc0};
    append16(packet, 24 + message.size());
    append(packet, Frame{0, 0, 0x40, 0, 1, IPPROTO_IGMP, 0, 0});
    append_address(packet, src);
    append_address(packet, dst);
    append(packet, Frame{0x94, 4, 0, 0}); // router alert (RFC 2113)
    sandbox::store16(packet, 10, sandbox::internet_checksum(packet));
    append(packet, message);
    return Ethernet{.dst = group_mac(dst), .src = src_mac, .type = 0x0800} / Bytes{packet};
}

Frame mld_message(std::uint8_t type, const std::string& group, std::uint16_t response_ms) {
    Frame message = {type, 0, 0, 0};
    append16(message, response_ms);
    append16(message, 0);
    append_address(message, group);
    return message;
}

Frame mld_v2_report(const std::vector<Record>& records) {
    return report(143, records);
}

Frame mld(const std::string& src_mac, const std::string& src, const std::string& dst,
          Frame message) {
    fill_icmpv6_checksum(message, src, dst);
    Frame payload = {IPPROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0}; // router alert (RFC 2711), padding
    append(payload, message);
    return Ethernet{.dst = group_mac(dst), .src = src_mac} /
           IPv6{.src = src, .dst = dst, .hop_limit = 1, .next_header = IPPROTO_HOPOPTS} /
           Bytes{payload};
}

// A next header of 0, which is that of hop-by-hop options, means "that of the next layer" to the
// composer; and Bytes has none, so that it stays 0.
static_assert(IPPROTO_HOPOPTS == 0);

Frame igmp_query(const std::string& src_mac, const std::string& src, std::uint8_t response_tenths) {
    Frame message = {0x11, response_tenths, 0, 0, 0, 0, 0, 0};
    append(message, Frame{2, 125, 0, 0}); // robustness, interval in seconds, sources
    sandbox::store16(message, 2, sandbox::internet_checksum(message));
    return igmp(src_mac, src, "224.0.0.1", message);
}

Frame igmp_v2_query(const std::string& src_mac, const std::string& src,
                    std::uint8_t response_tenths) {
    return igmp(src_mac, src, "224.0.0.1", igmp_message(0x11, "0.0.0.0", response_tenths));
}

Frame igmp_join(const std::string& src_mac, const std::string& group) {
    return igmp(src_mac, "10.77.0.99", group, igmp_message(0x16, group));
}

Frame igmp_leave(const std::string& src_mac, const std::string& group) {
    return igmp(src_mac, "10.77.0.99", "224.0.0.2", igmp_message(0x17, group));
}

Frame mld_query(const std::string& src_mac, std::uint16_t response_ms) {
    Frame message = mld_message(130, "::", response_ms);
    append(message, Frame{2, 125, 0, 0});
    return mld(src_mac, host_link_local, "ff02::1", message);
}

Frame mld_v1_query(const std::string& src_mac, std::uint16_t response_ms) {
    return mld(src_mac, host_link_local, "ff02::1", mld_message(130, "::", response_ms));
}

Frame mld_join(const std::string& src_mac, const std::string& group) {
    return mld(src_mac, host_link_local, group, mld_message(131, group));
}

Frame mld_leave(const std::string& src_mac, const std::string& group) {
    return mld(src_mac, host_link_local, "ff02::2", mld_message(132, group));
}

Frame nd(const std::string& src_mac, const std::string& dst_mac, const std::string& src,
         const std::string& dst, Frame message) {
    fill_icmpv6_checksum(message, src, dst);
    return Ethernet{.dst = dst_mac, .src = src_mac} /
           IPv6{.src = src, .dst = dst, .hop_limit = 255, .next_header = IPPROTO_ICMPV6} /
           Bytes{message};
}

Frame solicitation(const std::string& src_mac, const std::string& src, const std::string& target) {
    const auto t = Ip6(target).bytes;
    const auto group = fmt::format("ff02::1:ff{:02x}:{:02x}{:02x}", t[13], t[14], t[15]);
    Frame message = {135, 0, 0, 0, 0, 0, 0, 0};
    append(message, t);
    append(message, Frame{1, 1});
    append(message, sandbox::Mac(src_mac).bytes);
    return nd(src_mac, group_mac(group), src, group, message);
}

Frame advertisement(const std::string& src_mac, const std::string& src, const std::string& dst_mac,
                    const std::string& dst) {
    Frame message = {136, 0, 0, 0, 0x60, 0, 0, 0}; // solicited, override
    append_address(message, src);
    append(message, Frame{2, 1});
    append(message, sandbox::Mac(src_mac).bytes);
    return nd(src_mac, dst_mac, src, dst, message);
}

} // namespace xdpbridge::test
