// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The map "mdb", for what else in the library has to do with it. The caller holds the bridge's
// exclusive lock.
#pragma once
#include "bridge_state.h"

#include <optional>

namespace xdpbridge {

// Ends a port's memberships, static ones too, in one VLAN or in all.
void forget_groups(const BridgeState& state, std::uint16_t port,
                   std::optional<std::uint16_t> vlan = std::nullopt) noexcept;

// Turns IGMP and MLD snooping on or off, for the bridge and its ports.
void set_snooping(const BridgeState& state, bool on);

} // namespace xdpbridge
