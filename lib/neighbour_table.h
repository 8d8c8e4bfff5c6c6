// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The map "neighbours", for what else in the library has to do with it.
#pragma once
#include "bridge_state.h"

namespace xdpbridge {

// Deletes those behind a routed port. The caller holds the bridge's exclusive lock.
void forget_neighbours(const BridgeState& state, std::uint16_t port) noexcept;

} // namespace xdpbridge
