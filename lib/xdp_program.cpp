// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "xdp_program.h"

#include "libbpf_log.h"

#include <xdpbridge/error.h>

#include <array>
#include <bridge_xdp.skel.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <vector>
#include <xdp/libxdp.h>

namespace xdpbridge {

namespace {

// libxdp pins what its dispatchers are made of in folders "dispatch-IFINDEX-ID" here (libxdp's
// README, "Pinning").
const std::filesystem::path dispatcher_pins = "/sys/fs/bpf/xdp";

struct MultiprogCloser {
    void operator()(xdp_multiprog* multiprog) const noexcept { xdp_multiprog__close(multiprog); }
};
using Multiprog = std::unique_ptr<xdp_multiprog, MultiprogCloser>;

// All XDP programs on a device; null when there is none.
Multiprog multiprog_of(std::uint32_t ifindex) noexcept {
    xdp_multiprog* multiprog = xdp_multiprog__get_from_ifindex(static_cast<int>(ifindex));
    return Multiprog(libxdp_get_error(multiprog) != 0 ? nullptr : multiprog);
}

std::uint32_t map_id(int map_fd) noexcept {
    bpf_map_info info{};
    __u32 size = sizeof(info);
    return bpf_obj_get_info_by_fd(map_fd, &info, &size) == 0 ? info.id : 0;
}

struct ProgramInfo {
    std::uint32_t id = 0;
    std::string name;
    std::vector<std::uint32_t> maps;
};

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

// A program belongs to the bridge whose maps it uses.
bool is_ours(const BridgeState& state, int program_fd) noexcept {
    const auto fdb = map_id(state.fdb.fd());
    for (const auto id : program_info(program_fd).maps)
        if (id == fdb)
            return true;
    return false;
}

// Our program among those on the device, null when there is none.
xdp_program* find_ours(const BridgeState& state, const Multiprog& multiprog) noexcept {
    if (!multiprog)
        return nullptr;
    if (xdp_multiprog__is_legacy(multiprog.get())) {
        xdp_program* main = xdp_multiprog__main_prog(multiprog.get());
        return main && is_ours(state, xdp_program__fd(main)) ? main : nullptr;
    }
    xdp_program* program = nullptr;
    while ((program = xdp_multiprog__next_prog(program, multiprog.get())))
        if (is_ours(state, xdp_program__fd(program)))
            return program;
    return nullptr;
}

// When a device vanishes, libxdp's pins of its dispatcher stay and would keep our programs and
// maps.
void forget_dispatchers(const BridgeState& state, std::uint32_t ifindex) noexcept {
    const std::string prefix = fmt::format("dispatch-{}-", ifindex);
    std::error_code ignored;
    for (const auto& folder : std::filesystem::directory_iterator(dispatcher_pins, ignored)) {
        if (!folder.path().filename().string().starts_with(prefix))
            continue;
        bool ours = false;
        for (const auto& pin : std::filesystem::directory_iterator(folder, ignored)) {
            const Fd fd(bpf_obj_get(pin.path().c_str()));
            ours =
                ours || (pin.path().string().ends_with("-prog") && fd && is_ours(state, fd.get()));
        }
        if (ours)
            std::filesystem::remove_all(folder, ignored);
    }
}

bool detach_link(const BridgeState& state, std::uint16_t port) noexcept {
    const auto pin = state.port_link(port);
    const Fd link(bpf_obj_get(pin.c_str()));
    if (!link)
        return false;
    bpf_link_detach(
        link.get()); // fails when the device is gone, and then there is nothing to detach
    return ::unlink(pin.c_str()) == 0;
}

[[noreturn]] void throw_attach_error(int err, const Link& link, bool generic,
                                     const std::string& doing, const std::string& log) {
    const char* mode = generic ? "generic" : "native";
    std::string reason = fmt::format("'{}' refuses {} XDP: {}", link.name, mode,
                                     std::generic_category().message(err));
    std::string hint;
    switch (err) {
    case ERANGE:
    case EINVAL:
    case E2BIG:
        // veth, virtio_net and most NICs: without frags a frame has to fit into one page.
        reason = fmt::format("'{}' or its peer has too large an MTU for {} XDP (MTU {})", link.name,
                             mode, link.mtu);
        hint = fmt::format(
            "`ip link set {} mtu 1500`, on the peer of a veth too, or allow generic mode with "
            "--mode auto",
            link.name);
        break;
    case EOPNOTSUPP:
        reason = fmt::format("the driver of '{}' has no {} XDP", link.name, mode);
        hint = generic ? "" : "allow generic mode with --mode auto";
        break;
    case EBUSY:
    case EEXIST:
        reason = fmt::format("'{}' already has an XDP program", link.name);
        hint = fmt::format(
            "`ip link show {}` names it, `xdp-loader unload {} --all` or `ip link set {} xdp off` "
            "removes it",
            link.name, link.name, link.name);
        break;
    case EPERM:
    case EACCES:
        reason = {};
        break;
    default:
        break;
    }
    throw Error(err, doing, reason, hint, log);
}

} // namespace

void PortPrograms::XdpProgramCloser::operator()(xdp_program* program) const noexcept {
    xdp_program__close(program);
}

PortPrograms::PortPrograms(const BridgeState& state, std::uint16_t port)
    : port_(port), state_(&state) {
    open();
}

PortPrograms::~PortPrograms() {
    program_.reset();
    bridge_xdp__destroy(skeleton_);
}

void PortPrograms::open() {
    program_.reset();
    bridge_xdp__destroy(skeleton_);
    skeleton_ = bridge_xdp__open();
    if (!skeleton_)
        throw Error(errno, fmt::format("open the programs of bridge '{}'", state_->name));
    skeleton_->rodata->port_no = port_;
    reuse_maps(*state_, skeleton_->obj);
}

int PortPrograms::egress_fd() const {
    return bpf_program__fd(skeleton_->progs.xdpb_egress);
}

PortPrograms::Attached PortPrograms::attach(const BridgeState& state, const Link& link,
                                            XdpMode mode, const std::string& doing) {
    const LibbpfLog log;
    bool generic = mode == XdpMode::generic;
    for (;;) {
        if (attach_by_dispatcher(state, link, generic))
            return {generic, AttachKind::dispatcher};
        const int err = attach_by_link(state, link, generic);
        if (err == 0)
            return {generic, AttachKind::link};
        const bool driver_refuses =
            err == EOPNOTSUPP || err == ERANGE || err == EINVAL || err == E2BIG;
        if (generic || mode != XdpMode::automatic || !driver_refuses)
            throw_attach_error(err, link, generic, doing, log.text());
        generic = true;
    }
}

// False: this kernel or this device takes no dispatcher, and nothing is attached.
bool PortPrograms::attach_by_dispatcher(const BridgeState& state, const Link& link, bool generic) {
    const auto ifindex = static_cast<int>(link.ifindex);
    DECLARE_LIBXDP_OPTS(xdp_program_opts, options, .obj = skeleton_->obj,
                        .prog_name = "xdpb_ingress");
    xdp_program* program = xdp_program__create(&options);
    if (libxdp_get_error(program) == 0) {
        program_.reset(program);
        const int err =
            xdp_program__attach(program, ifindex, generic ? XDP_MODE_SKB : XDP_MODE_NATIVE, 0);
        if (err == 0) {
            const Multiprog multiprog = multiprog_of(link.ifindex);
            if (multiprog && !xdp_multiprog__is_legacy(multiprog.get()))
                return true;
        }
        // Without the dispatcher libxdp attaches the program alone, by netlink, where it has no
        // owner and anybody may replace it. A bpf_link of our own is safer.
        if (err == 0)
            detach_programs(state, port_, link.ifindex);
    }
    open(); // libxdp may have changed the program's type
    return false;
}

// Returns the errno.
int PortPrograms::attach_by_link(const BridgeState& state, const Link& link, bool generic) {
    int err = bridge_xdp__load(skeleton_);
    if (err != 0)
        return -err;
    DECLARE_LIBBPF_OPTS(bpf_link_create_opts, options,
                        .flags = generic ? __u32{XDP_FLAGS_SKB_MODE} : __u32{XDP_FLAGS_DRV_MODE});
    const Fd fd(bpf_link_create(bpf_program__fd(skeleton_->progs.xdpb_ingress),
                                static_cast<int>(link.ifindex), BPF_XDP, &options));
    if (!fd || bpf_obj_pin(fd.get(), state.port_link(port_).c_str()) != 0) {
        err = errno;
        open();
        return err;
    }
    return 0;
}

bool detach_programs(const BridgeState& state, std::uint16_t port, std::uint32_t ifindex) noexcept {
    if (detach_link(state, port))
        return true;
    const Multiprog multiprog = multiprog_of(ifindex);
    xdp_program* program = find_ours(state, multiprog);
    if (!program) {
        forget_dispatchers(state, ifindex);
        return false;
    }
    if (xdp_multiprog__is_legacy(multiprog.get()))
        return xdp_multiprog__detach(multiprog.get()) == 0;
    return xdp_program__detach(program, static_cast<int>(ifindex), XDP_MODE_UNSPEC, 0) == 0;
}

std::uint32_t attached_program_id(const BridgeState& state, std::uint16_t port,
                                  std::uint32_t ifindex) noexcept {
    const Fd link(bpf_obj_get(state.port_link(port).c_str()));
    if (link) {
        bpf_link_info info{};
        __u32 size = sizeof(info);
        const bool known = bpf_obj_get_info_by_fd(link.get(), &info, &size) == 0;
        return known && info.xdp.ifindex == ifindex ? info.prog_id : 0; // 0 once the device is gone
    }
    const Multiprog multiprog = multiprog_of(ifindex);
    const xdp_program* program = find_ours(state, multiprog);
    return program ? program_info(xdp_program__fd(program)).id : 0;
}

} // namespace xdpbridge
