// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What hosts, and attackers in their place, send: for tests of what a port lets in.
#pragma once
#include "sandbox/frames.h"

#include <cstdint>
#include <string>
#include <vector>

namespace xdpbridge::test {

using sandbox::Frame;

// Who sends it, by its frame and by its own word.
struct Sender {
    std::string mac;
    std::string ip;
};

inline const std::string everybody = "ff:ff:ff:ff:ff:ff";
inline const std::string all_nodes_mac = "33:33:00:00:00:01";

// fe80:: with the interface identifier made of the MAC.
std::string link_local(const std::string& mac);

Frame udp4(const Sender& from, const std::string& to_mac, const std::string& to_ip,
           std::uint16_t sport = 1024, std::uint16_t dport = 1024, std::size_t size = 32);
Frame udp6(const Sender& from, const std::string& to_mac, const std::string& to_ip,
           std::uint16_t sport = 1024, std::uint16_t dport = 1024, std::size_t size = 32);

// ARP: op 1 request, 2 reply. says: the sender by the message.
Frame arp(const std::string& from_mac, const std::string& to_mac, std::uint16_t op,
          const Sender& says, const std::string& target_ip);

// Option 1 is the source's link-layer address, 2 the target's (RFC 4861 4.6.1).
Frame nd_option(std::uint8_t type, const std::string& mac);
Frame neighbour_solicitation(const Sender& from, const std::string& target,
                             const Frame& options = {});
Frame neighbour_advertisement(const Sender& from, const std::string& to_mac,
                              const std::string& to_ip, const std::string& target,
                              const Frame& options = {});
Frame router_solicitation(const Sender& from, const Frame& options = {});
// Says: this is a router for an hour, and with fd00:bad::/64 for prefix if asked to.
Frame router_advertisement(const Sender& from, const Frame& options = {}, bool prefix = false);
Frame redirect(const Sender& from, const std::string& to_mac, const std::string& to_ip,
               const Frame& options = {});

struct Extension {
    std::uint8_t type;
    Frame bytes; // of which the first will be the type of what follows
};
inline const Extension hop_by_hop = {0, {0, 0, 1, 4, 0, 0, 0, 0}};
inline const Extension destination_options = {60, {0, 0, 1, 4, 0, 0, 0, 0}};
// offset in bytes, a multiple of 8.
Extension fragment_header(std::uint16_t offset, bool more);

// Puts extension headers behind the IPv6 header of an untagged frame.
Frame extended(const Frame& frame, const std::vector<Extension>& extensions);
// The IPv6 frame's payload in fragments of at most size bytes, a multiple of 8; the extension
// headers given are in front of the payload, and are cut up with it.
std::vector<Frame> ipv6_fragments(const Frame& frame, std::size_t size,
                                  const std::vector<Extension>& extensions = {});
// Of an untagged IPv4 frame.
std::vector<Frame> ipv4_fragments(const Frame& frame, std::size_t size);

// VLAN tags in front of the ethertype, the outermost first.
Frame tagged(const Frame& frame, const std::vector<std::uint16_t>& vids);
// In 802.3 form with LLC/SNAP.
Frame in_snap(const Frame& frame);

} // namespace xdpbridge::test
