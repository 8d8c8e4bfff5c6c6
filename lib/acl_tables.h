// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The maps of the ACL. Which rules hold is told by the tables of the generation that holds, and by
// nothing else: a process may be killed at any point of a change. The caller holds the bridge's
// lock, the exclusive one to change anything.
#pragma once
#include "acl_compile.h"
#include "bridge_state.h"

#include <xdpbridge/rate.h>

#include <optional>
#include <string>
#include <vector>

namespace xdpbridge {

// The rules that hold, in their order.
std::vector<PlacedRule> rules_that_hold(const BridgeState& state);

struct WantedRule {
    xdpb_acl_rule rule;
    Rate rate;                              // of XDPB_ACL_POLICE
    std::optional<std::uint16_t> slot = {}; // of a rule that stays, and keeps its counters
};

// Makes these the rules that hold, in this order; none: no ACL. A frame meets the old rules or the
// new ones, and after the call no frame is on its way through the old ones. Throws, and then the
// old rules hold.
void hold_rules(const BridgeState& state, std::vector<WantedRule> rules, const std::string& doing);

} // namespace xdpbridge
