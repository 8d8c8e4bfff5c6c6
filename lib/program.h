// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include "bridge_state.h"

#include <cstdint>
#include <string>
#include <vector>

namespace xdpbridge {

// 0: no map.
std::uint32_t map_id(int map_fd) noexcept;

// A loaded BPF program, as the kernel tells it; all empty for no program.
struct ProgramInfo {
    std::uint32_t id = 0;
    std::string name;
    std::vector<std::uint32_t> maps; // ids
};

ProgramInfo program_info(int program_fd) noexcept;

// A program belongs to the bridge whose maps it uses.
bool is_ours(const BridgeState& state, int program_fd) noexcept;

} // namespace xdpbridge
