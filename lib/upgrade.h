// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include "bridge_state.h"

namespace xdpbridge {

// Puts this version's programs in the place of those that the bridge's ports have, on all of them
// or on none. Returns on how many. The caller holds the bridge's exclusive lock and is in the
// namespace of its ports.
unsigned replace_programs(const BridgeState& state, const std::string& doing);

} // namespace xdpbridge
