// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// One port's place in the maps: what Ports and the repair of a bridge have in common. The caller
// holds the bridge's exclusive lock.
#pragma once
#include "bridge_state.h"

namespace xdpbridge {

// Takes a port apart, whatever state a killed process left it in: detaches the program, empties its
// slots, deletes its FDB entries, and the veth of an SVI. Never fails: what is not there needs no
// removal.
void clear_port(const BridgeState& state, std::uint16_t port) noexcept;

// The same but for the slot's settings and FDB entries, for a port whose device comes back.
void disconnect_port(const BridgeState& state, std::uint16_t port) noexcept;

} // namespace xdpbridge
