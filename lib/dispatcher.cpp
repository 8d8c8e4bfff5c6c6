// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "dispatcher.h"

#include "netlink.h"
#include "program.h"

#include <fmt/format.h>
#include <linux/if_link.h>
#include <xdp/libxdp.h>

namespace xdpbridge {

namespace {

// libxdp pins what its dispatchers are made of in folders "dispatch-IFINDEX-ID" here (libxdp's
// README, "Pinning").
const std::filesystem::path dispatcher_pins = "/sys/fs/bpf/xdp";

std::filesystem::path dispatcher_folder(std::uint32_t ifindex, std::uint32_t dispatcher_id) {
    return dispatcher_pins / fmt::format("dispatch-{}-{}", ifindex, dispatcher_id);
}

// Our programs among those that libxdp pinned in a dispatcher's folder. We do not ask
// xdp_multiprog__get_from_ifindex: in libxdp 1.3 each call of it leaks a file descriptor.
std::vector<Fd> find_ours(const BridgeState& state, const std::filesystem::path& folder) {
    std::vector<Fd> ours;
    std::error_code ignored;
    for (const auto& pin : std::filesystem::directory_iterator(folder, ignored)) {
        if (!pin.path().string().ends_with("-prog"))
            continue;
        Fd program(bpf_obj_get(pin.path().c_str()));
        if (program && is_ours(state, program.get()))
            ours.push_back(std::move(program));
    }
    return ours;
}

} // namespace

Fd program_on(std::uint32_t ifindex) {
    const auto link = link_by_index(ifindex);
    return Fd(link ? bpf_prog_get_fd_by_id(link->xdp_prog_id) : -1);
}

bool is_dispatcher(int program_fd) noexcept {
    return program_info(program_fd).name == "xdp_dispatcher";
}

std::vector<Fd> find_ours_on(const BridgeState& state, std::uint32_t ifindex) {
    const Fd program = program_on(ifindex);
    if (!program || !is_dispatcher(program.get()))
        return {};
    return find_ours(state, dispatcher_folder(ifindex, program_info(program.get()).id));
}

void forget_dispatchers(const BridgeState& state, std::uint32_t ifindex) noexcept {
    const std::string prefix = fmt::format("dispatch-{}-", ifindex);
    std::error_code ignored;
    for (const auto& folder : std::filesystem::directory_iterator(dispatcher_pins, ignored))
        if (folder.path().filename().string().starts_with(prefix) &&
            !find_ours(state, folder.path()).empty())
            std::filesystem::remove_all(folder, ignored);
}

std::unique_lock<std::mutex> lock_libxdp() {
    static std::mutex mutex;
    return std::unique_lock(mutex);
}

int detach_dispatcher(std::uint32_t ifindex, const Fd& ours) noexcept {
    const auto lock = lock_libxdp();
    xdp_program* program = xdp_program__from_fd(ours.get());
    if (const long err = libxdp_get_error(program); err != 0)
        return static_cast<int>(-err);
    const int err = xdp_program__detach(program, static_cast<int>(ifindex), XDP_MODE_UNSPEC, 0);
    xdp_program__close(program);
    return -err;
}

bool attach_dispatcher_again(std::uint32_t ifindex, const Fd& ours, bool generic) noexcept {
    const auto lock = lock_libxdp();
    xdp_program* program = xdp_program__from_fd(ours.get());
    if (libxdp_get_error(program) != 0)
        return false;
    const int err = xdp_program__attach(program, static_cast<int>(ifindex),
                                        generic ? XDP_MODE_SKB : XDP_MODE_NATIVE, 0);
    xdp_program__close(program);
    return err == 0;
}

} // namespace xdpbridge
