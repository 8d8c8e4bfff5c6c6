// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What the ACL has to decide, the slow and obvious way: rule by rule, criterion by criterion. And
// rules and frames by the dice, from few values, so that they meet often.
#pragma once
#include "sandbox/frames.h"

#include <xdpbridge/acl.h>

#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace xdpbridge::test {

// What of a frame a rule may ask for.
struct AclFrame {
    std::string port;
    std::uint16_t vlan = 0;
    std::uint8_t pcp = 0;
    Mac src_mac, dst_mac;
    std::uint16_t ethertype = 0;
    bool is_ip = false;
    Ip src, dst;
    std::uint8_t protocol = 0;
    std::uint8_t dscp = 0;
    bool has_ports = false;
    std::uint16_t sport = 0, dport = 0;

    // The frame itself, tagged if vlan is not 0.
    [[nodiscard]] sandbox::Frame bytes() const;
};

bool covers(const IpPrefix& prefix, const Ip& address);
bool fits(const AclRule& rule, const AclFrame& frame);
// Its index; nullopt: none fits.
std::optional<std::size_t> first_that_fits(std::span<const AclRule> rules, const AclFrame& frame);

class AclDice {
  public:
    AclDice(unsigned seed, std::vector<std::string> ports, bool vlans)
        : random_(seed), ports_(std::move(ports)), vlans_(vlans) {}
    // Without priority; passes or drops; asks for that much at least.
    AclRule rule(std::size_t least = 0);
    AclFrame frame();

  private:
    std::uint32_t number(std::uint32_t below) {
        return std::uniform_int_distribution<std::uint32_t>(0, below - 1)(random_);
    }
    bool one_in(std::uint32_t n) { return number(n) == 0; }
    Mac mac();
    Ip ip(bool ipv4);
    IpPrefix prefix(bool ipv4);
    PortRange range();
    std::uint16_t transport_port();

    std::mt19937 random_;
    std::vector<std::string> ports_;
    bool vlans_;
};

} // namespace xdpbridge::test
