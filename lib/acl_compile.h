// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// From the rules of an ACL to the tables that the data plane looks a frame up in: see struct
// xdpb_acl_head in abi.h. Computes only, and touches no map.
#pragma once
#include <xdpbridge/abi.h>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace xdpbridge {

struct PlacedRule {
    xdpb_acl_rule rule;
    std::uint16_t slot; // its place in the maps
};

struct AclTables {
    std::vector<xdpb_acl_cell> cells;
    std::vector<std::pair<xdpb_acl_mac, std::uint32_t>> macs;        // to their class
    std::vector<std::pair<xdpb_acl_prefix, std::uint32_t>> prefixes; // likewise
};

// Of at least one rule and at most XDPB_ACL_RULES, in the order in which they are tried.
AclTables compile_acl(std::span<const PlacedRule> rules);

} // namespace xdpbridge
