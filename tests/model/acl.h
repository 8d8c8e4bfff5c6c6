// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The ACL, rule by rule (README, "ACL and mirrors").
#pragma once
#include "model/config.h"
#include "model/headers.h"

#include <cstdint>
#include <optional>
#include <span>

namespace xdpbridge::model {

// What the switch has given the frame.
struct Placed {
    PortNumber port;
    Vid vid;
    std::uint8_t pcp;
};

// The index of the first rule that fits; empty: none does.
std::optional<std::size_t> first_rule(std::span<const AclRule> rules, Bytes frame,
                                      const Placed& placed);

} // namespace xdpbridge::model
