// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/ip_prefix.h>
#include <xdpbridge/mac.h>
#include <xdpbridge/rate.h>

#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xdpbridge {

struct BridgeState;

// TCP or UDP ports and the like, both ends included.
struct PortRange {
    std::uint16_t first = 0;
    std::uint16_t last = 0;

    // "80" or "1024-65535"
    static std::optional<PortRange> parse(std::string_view text) noexcept;
    [[nodiscard]] std::string to_string() const;
    bool operator==(const PortRange&) const = default;
};

enum class AclAction : std::uint8_t {
    pass,
    drop,
    police,    // what is above the rate is dropped, the rest passes
    mirror,    // passes, and a copy of it, as it came in, leaves by another port
    set_class, // passes, with that PCP in its tag if it leaves with one, and as skb->priority at tc
};

// What of a frame a rule asks for, all of it; an empty member asks for nothing. Addresses, protocol
// and the like are those of the IP header behind the tags. A frame has ports if it is TCP, UDP,
// UDP-Lite, SCTP or DCCP; a fragment but the first has none. Where protocol or ports cannot be
// seen, for they are cut off or behind more than 8 IPv6 extension headers, rules that ask for them
// fit if they drop, and do not fit else.
struct AclRule {
    static constexpr std::uint32_t max_priority = 1'000'000'000;

    std::uint32_t priority = 0;          // the order, from 1 on; 0: after the last
    std::optional<std::string> port;     // that it came in by, a device's name
    std::optional<std::uint16_t> vlan;   // that it is in, 1 to 4094
    std::optional<std::uint8_t> pcp;     // of its tag, or that a frame without one gets
    std::optional<Mac> src_mac, dst_mac; //
    std::optional<std::uint16_t> ethertype;
    std::optional<IpPrefix> src, dst;
    std::optional<std::uint8_t> protocol; // of IPv6 that behind the extension headers
    std::optional<PortRange> sport, dport;
    std::optional<std::uint8_t> dscp; // 0 to 63

    AclAction action = AclAction::pass;
    Rate rate = {};             // of police
    std::string mirror = {};    // of mirror, a device's name
    std::uint8_t set_class = 0; // of set_class, 0 to 7

    // One criterion by its name on the command line: "dport", "80-89". Returns what is wrong with
    // it, "" if nothing.
    std::string set(std::string_view name, std::string_view value);
    // "pass", "drop", "police 10mbit", "mirror tap0", "class 5", as two words or one. Likewise.
    std::string set_action(std::string_view verb, std::string_view argument);

    // The words of the command line: "--prio 10 --proto tcp --dport 80 drop". Throws Error
    // (EINVAL).
    static AclRule parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
    // Names and values of what it asks for, in the order of the command line.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> criteria() const;
    [[nodiscard]] std::string action_name() const;
    [[nodiscard]] std::string action_argument() const; // "": it has none

    bool operator==(const AclRule&) const = default;
};

struct AclEntry {
    AclRule rule;
    std::uint64_t packets; // that the rule decided on, and that were then sent, or dropped by it
    std::uint64_t bytes;   // of the Ethernet frames without FCS
};

// The access control list of a bridge, from Bridge::acl(): 1,024 rules at most, of which the first
// that fits a frame decides; a frame that none fits passes. Rules change as a whole: a frame meets
// the old ones or the new ones. A call takes some 50 ms, for it waits until no frame is on its way
// through the old ones; use replace, or load, for many rules.
class Acl {
  public:
    explicit Acl(std::shared_ptr<BridgeState> state) noexcept : state_(std::move(state)) {}

    // Returns the rule's priority. EEXIST (there is one of that priority), ENOSPC (1,024 rules),
    // ENOENT (no such port), EINVAL, EOPNOTSUPP (VLAN or PCP, on a bridge that is not VLAN-aware).
    std::uint32_t add(const AclRule& rule);
    // False: there is none of that priority.
    bool remove(std::uint32_t priority);
    // How many there were.
    std::size_t flush();
    // These instead of those there are, or on any error no change. A rule that is the same as
    // before keeps its counters. Those without a priority come after the one before them, by 10.
    void replace(std::span<const AclRule> rules);

    [[nodiscard]] std::vector<AclEntry> list() const; // in their order

    // Text, one rule a line in the words of the command line, # for comments. load replaces all
    // rules or none, and names a bad line by its number (EINVAL). Both return how many there are.
    std::size_t load(std::istream& text);
    std::size_t save(std::ostream& text) const;

  private:
    std::shared_ptr<BridgeState> state_;
};

} // namespace xdpbridge
