// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kept.h"

#include "program.h"

#include <bpf/bpf.h>
#include <cstdio>
#include <sys/stat.h>

namespace xdpbridge {

namespace {

std::filesystem::path pin_of(const BridgeState& state, const std::string& name) {
    return state.folder / "kept" / name;
}

std::filesystem::path next_pin_of(const BridgeState& state, const std::string& name) {
    return pin_of(state, name + "+next");
}

// None: no Fd.
Fd open_kept(const BridgeState& state, const std::string& name, std::uint32_t id,
             std::uint32_t (*id_of)(int)) noexcept {
    for (const auto& pin : {pin_of(state, name), next_pin_of(state, name)}) {
        Fd kept(bpf_obj_get(pin.c_str()));
        if (kept && id_of(kept.get()) == id)
            return kept;
    }
    return Fd();
}

} // namespace

int keep_next(const BridgeState& state, const std::string& name, int fd) noexcept {
    const auto pin = next_pin_of(state, name);
    if (::mkdir(pin.parent_path().c_str(), 0700) != 0 && errno != EEXIST)
        return -errno;
    ::unlink(pin.c_str());
    return bpf_obj_pin(fd, pin.c_str()) == 0 ? 0 : -errno;
}

int keep_now(const BridgeState& state, const std::string& name) noexcept {
    const int err = ::rename(next_pin_of(state, name).c_str(), pin_of(state, name).c_str());
    return err == 0 ? 0 : -errno;
}

int keep(const BridgeState& state, const std::string& name, int fd) noexcept {
    int err = keep_next(state, name, fd);
    if (err == 0)
        err = keep_now(state, name);
    if (err != 0)
        ::unlink(next_pin_of(state, name).c_str());
    return err;
}

void stop_keeping(const BridgeState& state, const std::string& name) noexcept {
    ::unlink(pin_of(state, name).c_str());
    ::unlink(next_pin_of(state, name).c_str());
}

Fd open_kept_map(const BridgeState& state, const std::string& name, std::uint32_t id) noexcept {
    Fd kept = open_kept(state, name, id, [](int fd) { return map_id(fd); });
    return kept ? std::move(kept) : Fd(bpf_map_get_fd_by_id(id));
}

Fd open_kept_program(const BridgeState& state, const std::string& name, std::uint32_t id) noexcept {
    Fd kept = open_kept(state, name, id, [](int fd) { return program_info(fd).id; });
    return kept ? std::move(kept) : Fd(bpf_prog_get_fd_by_id(id));
}

std::string kept_ingress(std::uint16_t port) {
    return "ingress-" + std::to_string(port);
}

std::string kept_egress(std::uint16_t port, bool frags) {
    return (frags ? "egress-frags-" : "egress-") + std::to_string(port);
}

std::string kept_tc(std::uint16_t port) {
    return "tc-" + std::to_string(port);
}

} // namespace xdpbridge
