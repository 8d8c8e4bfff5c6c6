// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// One port's place in the maps: what Ports and the repair of a bridge have in common. The caller
// holds the bridge's exclusive lock.
#pragma once
#include "bridge_state.h"

namespace xdpbridge {

// Takes a port apart, whatever state a killed process left it in: detaches the program, empties its
// slots, deletes its FDB entries, and the veth of an SVI. What is not there needs no removal.
// Returns 0, or the errno for want of memory: then something is left on the device, and the slot
// stays taken, for the next lock_and_repair to try again.
int clear_port(const BridgeState& state, std::uint16_t port) noexcept;

// The same but for the slot's settings and FDB entries, for a port whose device comes back.
int disconnect_port(const BridgeState& state, std::uint16_t port) noexcept;

// clear_port, at somebody's wish, and refresh_ports. Throws what clear_port returns.
void remove_port(const BridgeState& state, std::uint16_t port, const std::string& doing);

} // namespace xdpbridge
