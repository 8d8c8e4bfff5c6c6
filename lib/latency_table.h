// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The maps that residence times are measured into: one of each kind for a port, there as long as
// somebody measures. See bpf/latency_maps.h.
#pragma once
#include "bridge_state.h"

#include <xdpbridge/latency.h>

#include <vector>

namespace xdpbridge {

// Measures a port's frames from now on. Returns the errno, negative.
int measure_port(const BridgeState& state, std::uint16_t port, bool is_tap) noexcept;

// Takes what was measured of a port, which begins anew.
std::vector<PortLatency> take_latency(const BridgeState& state, std::uint16_t port);

// Nobody measures any more. The caller holds the bridge's lock.
void stop_measuring(const BridgeState& state) noexcept;

} // namespace xdpbridge
