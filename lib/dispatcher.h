// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// libxdp's dispatcher: a program that runs several others on one device, one after the other.
#pragma once
#include "bridge_state.h"

#include <mutex>
#include <vector>

namespace xdpbridge {

// The XDP program that a device runs; none for no device.
Fd program_on(std::uint32_t ifindex);
bool is_dispatcher(int program_fd) noexcept;

// The bridge's programs behind the dispatcher of a device: one, but for the moment in which it is
// replaced.
std::vector<Fd> find_ours_on(const BridgeState& state, std::uint32_t ifindex);

// libxdp 1.3 keeps texts in static buffers, so it is called by one thread at a time.
std::unique_lock<std::mutex> lock_libxdp();

// Of one of them. Returns 0 or the errno.
int detach_dispatcher(std::uint32_t ifindex, const Fd& ours) noexcept;
// Of a program that was attached there before. False: libxdp failed.
bool attach_dispatcher_again(std::uint32_t ifindex, const Fd& ours, bool generic) noexcept;

// When a device vanishes, libxdp's pins of its dispatcher stay and would keep our programs and
// maps.
void forget_dispatchers(const BridgeState& state, std::uint32_t ifindex) noexcept;

} // namespace xdpbridge
