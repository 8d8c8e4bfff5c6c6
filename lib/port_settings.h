// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What a port may have beside plain switching: from PortSettings to the port's place in the maps.
#pragma once
#include "bridge_state.h"

#include <xdpbridge/port.h>

namespace xdpbridge {

// EINVAL, EOPNOTSUPP. Checked before anything is changed.
void require_settings(const BridgeState& state, const PortSettings& settings,
                      const std::string& doing);
void store_settings(const BridgeState& state, std::uint16_t port,
                    const PortSettings& settings) noexcept;
// Tells the data plane what no port needs, after ports have changed or gone.
void summarize_features(const BridgeState& state) noexcept;

} // namespace xdpbridge
