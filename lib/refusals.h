// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The tracepoint programs that count what the kernel refuses to send: bpf/refused.bpf.c.
#pragma once
#include "bridge_state.h"
#include "replacement.h"

#include <memory>

namespace xdpbridge {

// Counting needs the kernel's BTF and CAP_PERFMON; a switch without it still switches, and
// BridgeInfo says so.
void count_refusals(const BridgeState& state) noexcept;
bool counts_refusals(const BridgeState& state) noexcept;

// nullptr: they cannot be loaded here, and none are there either.
std::unique_ptr<Replacement> replace_refusals(const BridgeState& state, const std::string& doing);

} // namespace xdpbridge
