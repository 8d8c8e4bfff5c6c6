// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A router with routes of its own (RFC 1812, RFC 8200; README, "Routing"): what becomes of a frame
// to its MAC.
#pragma once
#include "model/fdb.h"
#include "model/headers.h"
#include "model/step.h"

#include <optional>
#include <variant>

namespace xdpbridge::model {

struct Hop {
    PortNumber out;
    std::optional<Vid> vid; // empty: towards a routed port
    Mac next;
    Mac router; // the source of what is sent
};
struct Blackhole {};
// Where it goes, why it is the host's, or nowhere.
using Decision = std::variant<Hop, xdpb_stack_reason, Blackhole>;

// tagged: it has a tag that is not the bridge's own.
Decision find_way(Bytes frame, bool tagged, const Config& config, Kind kind, const Fdb& fdb);

// TTL or hop limit one less, and the checksum right for that.
void count_hop(Frame& frame);

} // namespace xdpbridge::model
