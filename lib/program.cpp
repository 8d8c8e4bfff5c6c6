// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "program.h"

#include <array>
#include <bpf/bpf.h>

namespace xdpbridge {

std::uint32_t map_id(int map_fd) noexcept {
    bpf_map_info info{};
    __u32 size = sizeof(info);
    return bpf_obj_get_info_by_fd(map_fd, &info, &size) == 0 ? info.id : 0;
}

ProgramInfo program_info(int program_fd) noexcept {
    std::array<std::uint32_t, 64> maps{};
    bpf_prog_info info{};
    __u32 size = sizeof(info);
    info.nr_map_ids = maps.size();
    info.map_ids = reinterpret_cast<std::uintptr_t>(maps.data());
    if (bpf_obj_get_info_by_fd(program_fd, &info, &size) != 0)
        return {};
    const auto count = std::min<std::size_t>(info.nr_map_ids, maps.size());
    return {info.id, info.name, {maps.begin(), maps.begin() + static_cast<std::ptrdiff_t>(count)}};
}

bool is_ours(const BridgeState& state, int program_fd) noexcept {
    const auto fdb = map_id(state.fdb.fd());
    for (const auto id : program_info(program_fd).maps)
        if (id == fdb)
            return true;
    return false;
}

} // namespace xdpbridge
