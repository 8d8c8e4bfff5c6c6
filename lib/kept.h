// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Maps and programs of a bridge that the kernel names by their id alone: those in a map of maps, in
// a devmap, at tc. To open one by its id takes CAP_SYS_ADMIN, so they are pinned too, in the folder
// "kept" of the bridge, and opened there.
#pragma once
#include "bridge_state.h"

#include <string>

namespace xdpbridge {

// Pins it, in the place of what was there. Returns 0 or the negative errno.
int keep(const BridgeState& state, const std::string& name, int fd) noexcept;
// The same for what is about to take the place of another, in two steps around the moment when it
// does: in between both are kept.
int keep_next(const BridgeState& state, const std::string& name, int fd) noexcept;
int keep_now(const BridgeState& state, const std::string& name) noexcept;
void stop_keeping(const BridgeState& state, const std::string& name) noexcept;

// The one with this id; by the id itself if another one, or none, was kept under the name. None:
// no Fd.
Fd open_kept_map(const BridgeState& state, const std::string& name, std::uint32_t id) noexcept;
Fd open_kept_program(const BridgeState& state, const std::string& name, std::uint32_t id) noexcept;

// Names of a port's programs.
std::string kept_ingress(std::uint16_t port);            // at XDP, by a bpf_link
std::string kept_egress(std::uint16_t port, bool frags); // in the map "devices", "devices_frags"
std::string kept_tc(std::uint16_t port);

} // namespace xdpbridge
