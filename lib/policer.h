// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// From a Rate to what bpf/policer.h works with, and back. The caller holds the bridge's exclusive
// lock to store one.
#pragma once
#include "bridge_state.h"

#include <xdpbridge/rate.h>

namespace xdpbridge {

// EINVAL. Checked before anything is changed.
void require_rate(const Rate& rate, const std::string& what, const std::string& doing);

// Takes effect from the next frame on, which finds a full burst. A rate without limits switches the
// policer off.
void store_rate(xdpb_policer& policer, const Rate& rate) noexcept;
Rate load_rate(const xdpb_policer& policer) noexcept;

xdpb_policer& port_policer(const BridgeState& state, std::uint16_t port,
                           xdpb_policer_kind kind) noexcept;
// Switches all policers of a port off.
void clear_policers(const BridgeState& state, std::uint16_t port) noexcept;

} // namespace xdpbridge
