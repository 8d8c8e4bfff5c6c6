// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The map "class_rules". The caller holds the bridge's lock, exclusively to change anything.
#pragma once
#include "bridge_state.h"

#include <xdpbridge/class.h>

#include <chrono>
#include <vector>

namespace xdpbridge {

// docs/latency.md has what other delays cost.
constexpr std::chrono::microseconds default_class_delay{10};
constexpr std::chrono::microseconds max_class_delay{1'000'000};

std::vector<ClassRule> class_rules(const BridgeState& state); // by field and value
// 0 or the negative errno.
int store_class_rule(const BridgeState& state, const ClassRule& rule);
bool remove_class_rule(const BridgeState& state, const ClassMatch& match);
// What a new bridge has.
void store_default_class_rules(const BridgeState& state, const std::string& doing);

void store_class_delay(xdpb_port& slot, std::chrono::microseconds delay) noexcept;
Isolation isolation_of(const BridgeState& state, std::uint16_t port,
                       const std::string& kind) noexcept;

} // namespace xdpbridge
