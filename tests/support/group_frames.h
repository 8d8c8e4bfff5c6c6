// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Frames of IGMP, MLD and ND, as a host or a querier sends them.
#pragma once
#include "sandbox/frames.h"

#include <cstdint>
#include <string>
#include <vector>

namespace xdpbridge::test {

// The MAC of a multicast group, IPv4 or IPv6 (RFC 1112 6.4, RFC 2464 7).
std::string group_mac(const std::string& group);

// A UDP datagram to a group, of either family.
sandbox::Frame group_datagram(const std::string& src_mac, const std::string& group);

// A record of an IGMPv3 or MLDv2 report.
struct Record {
    std::uint8_t type; // 1 to 6: MODE_IS_INCLUDE to BLOCK_OLD_SOURCES
    std::string group;
    std::vector<std::string> sources = {};
};

// The message alone, checksum included; of IGMP.
sandbox::Frame igmp_message(std::uint8_t type, const std::string& group, std::uint8_t code = 0);
sandbox::Frame igmp_v3_report(const std::vector<Record>& records);
// In IPv4 with a router alert.
sandbox::Frame igmp(const std::string& src_mac, const std::string& src, const std::string& dst,
                    const sandbox::Frame& message);

// The message alone, without a checksum, which depends on the addresses; of MLD.
sandbox::Frame mld_message(std::uint8_t type, const std::string& group,
                           std::uint16_t response_ms = 0);
sandbox::Frame mld_v2_report(const std::vector<Record>& records);
// In IPv6 with hop-by-hop options, and the checksum filled in.
sandbox::Frame mld(const std::string& src_mac, const std::string& src, const std::string& dst,
                   sandbox::Frame message);

// The usual ones. A general query asks for an answer within response.
sandbox::Frame igmp_query(const std::string& src_mac, const std::string& src,
                          std::uint8_t response_tenths = 1); // of version 3
sandbox::Frame igmp_v2_query(const std::string& src_mac, const std::string& src,
                             std::uint8_t response_tenths = 1);
sandbox::Frame igmp_join(const std::string& src_mac, const std::string& group);
sandbox::Frame igmp_leave(const std::string& src_mac, const std::string& group);
sandbox::Frame mld_query(const std::string& src_mac,
                         std::uint16_t response_ms = 100); // of version 2
sandbox::Frame mld_v1_query(const std::string& src_mac, std::uint16_t response_ms = 100);
sandbox::Frame mld_join(const std::string& src_mac, const std::string& group);
sandbox::Frame mld_leave(const std::string& src_mac, const std::string& group);

// ICMPv6 in IPv6 with hop limit 255, checksum filled in.
sandbox::Frame nd(const std::string& src_mac, const std::string& dst_mac, const std::string& src,
                  const std::string& dst, sandbox::Frame message);
// To the solicited-node group of the target, with the source's MAC as its option.
sandbox::Frame solicitation(const std::string& src_mac, const std::string& src,
                            const std::string& target);
// As the owner of src_mac and src would answer it.
sandbox::Frame advertisement(const std::string& src_mac, const std::string& src,
                             const std::string& dst_mac, const std::string& dst);

} // namespace xdpbridge::test
