// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kept.h"

#include "program.h"

#include <bpf/bpf.h>
#include <sys/stat.h>

namespace xdpbridge {

namespace {

std::filesystem::path pin_of(const BridgeState& state, const std::string& name) {
    return state.folder / "kept" / name;
}

} // namespace

int keep(const BridgeState& state, const std::string& name, int fd) noexcept {
    const auto pin = pin_of(state, name);
    if (::mkdir(pin.parent_path().c_str(), 0700) != 0 && errno != EEXIST)
        return -errno;
    ::unlink(pin.c_str());
    return bpf_obj_pin(fd, pin.c_str()) == 0 ? 0 : -errno;
}

void stop_keeping(const BridgeState& state, const std::string& name) noexcept {
    ::unlink(pin_of(state, name).c_str());
}

Fd open_kept_map(const BridgeState& state, const std::string& name, std::uint32_t id) noexcept {
    Fd kept(bpf_obj_get(pin_of(state, name).c_str()));
    return kept && map_id(kept.get()) == id ? std::move(kept) : Fd(bpf_map_get_fd_by_id(id));
}

Fd open_kept_program(const BridgeState& state, const std::string& name, std::uint32_t id) noexcept {
    Fd kept(bpf_obj_get(pin_of(state, name).c_str()));
    return kept && program_info(kept.get()).id == id ? std::move(kept)
                                                     : Fd(bpf_prog_get_fd_by_id(id));
}

std::string kept_egress(std::uint16_t port) {
    return "egress-" + std::to_string(port);
}

std::string kept_tc(std::uint16_t port) {
    return "tc-" + std::to_string(port);
}

} // namespace xdpbridge
