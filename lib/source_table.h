// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The map "sources". The caller holds the bridge's exclusive lock to change anything.
#pragma once
#include "bridge_state.h"

#include <xdpbridge/guard.h>

#include <functional>

namespace xdpbridge {

xdpb_source to_source(const Binding& binding) noexcept;
Binding to_binding(const xdpb_source& source) noexcept;

void for_each_source(const BridgeState& state,
                     const std::function<void(const xdpb_source&, const xdpb_source_info&)>& visit);

void remove_sources(const BridgeState& state, std::uint16_t port) noexcept;

} // namespace xdpbridge
