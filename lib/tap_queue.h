// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Where the kernel keeps the frames that wait in a tap: bpf/tap_queue.h looks how many they are.
#pragma once
#include "bridge_state.h"
#include "netlink.h"

namespace xdpbridge {

// Whether programs may read the kernel's memory.
bool may_read_kernel() noexcept;

// Puts it into the port's slot. What is no tap has none, and neither has a tap where programs may
// not look. The caller is in the namespace of the port.
void find_tap_queues(const BridgeState& state, std::uint16_t port, const Link& link) noexcept;

} // namespace xdpbridge
