// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The maps "vlans" and "flood_by_vlan": which ports are in a VLAN, and the devices that its floods
// go to. The caller holds the bridge's exclusive lock.
#pragma once
#include "bridge_state.h"

#include <xdpbridge/vlan.h>

namespace xdpbridge {

bool is_member(const BridgeState& state, std::uint16_t port, std::uint16_t vid) noexcept;
bool is_untagged(const BridgeState& state, std::uint16_t port, std::uint16_t vid) noexcept;

// Makes the devmaps of VLANs that have none yet: they need one before their first port joins. They
// stay as long as the bridge. Returns 0 or the negative errno; some may have been made.
int make_floods(const BridgeState& state, VlanRange range);

// Puts a port that is connected into a VLAN, or changes how it is in it. VLAN 0 is that of a bridge
// that is not VLAN-aware. Returns 0 or the negative errno, and then nothing has changed.
int join_vlan(const BridgeState& state, std::uint16_t port, std::uint16_t vid, bool untagged);
void leave_vlan(const BridgeState& state, std::uint16_t port, std::uint16_t vid) noexcept;
void leave_all_vlans(const BridgeState& state, std::uint16_t port) noexcept;

// Adds a port's device to the floods of its VLANs, and takes it out of them, for a port that keeps
// its memberships while its device goes and comes.
int connect_floods(const BridgeState& state, std::uint16_t port);
void disconnect_floods(const BridgeState& state, std::uint16_t port) noexcept;

} // namespace xdpbridge
