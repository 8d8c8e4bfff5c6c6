// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "xdp_program.h"

#include "dispatcher.h"
#include "kept.h"
#include "libbpf_log.h"
#include "program.h"
#include "tap_queue.h"

#include <xdpbridge/error.h>

#include <array>
#include <atomic>
#include <bridge_xdp.skel.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <vector>
#include <xdp/libxdp.h>

namespace xdpbridge {

namespace {

// A program that was attached by netlink. Detaching in a mode in which there is none does nothing.
// Returns the errno.
int detach_netlink(std::uint32_t ifindex) noexcept {
    const auto index = static_cast<int>(ifindex);
    const int err = bpf_xdp_detach(index, XDP_FLAGS_SKB_MODE, nullptr);
    return err != 0 ? -err : -bpf_xdp_detach(index, XDP_FLAGS_DRV_MODE, nullptr);
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
        // The program takes frames of several buffers, but not every driver can make them.
        reason = fmt::format("'{}' or its peer has too large an MTU for {} XDP (MTU {})", link.name,
                             mode, link.mtu);
        hint = fmt::format(
            "`ip link set {} mtu 1500`, on the peer of a veth too, or allow generic mode with "
            "--mode auto",
            link.name);
        break;
    case EOPNOTSUPP:
        reason = fmt::format("the driver of '{}' has no {} XDP", link.name, mode);
        hint = generic ? "" : "use --hook tc, or allow generic mode with --mode auto";
        break;
    case EBUSY:
    case EEXIST:
        reason = fmt::format("'{}' already has an XDP program", link.name);
        if (is_dispatcher(program_on(link.ifindex).get()))
            reason += ", and libxdp's dispatcher there does not take ours beside it";
        hint = fmt::format(
            "`ip link show {}` names it, `xdp-loader unload {} --all` or `ip link set {} xdp off` "
            "removes it; or use --hook tc",
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

void XdpPrograms::XdpProgramCloser::operator()(xdp_program* program) const noexcept {
    xdp_program__close(program);
}

XdpPrograms::XdpPrograms(const BridgeState& state, std::uint16_t port)
    : port_(port), state_(&state) {}

XdpPrograms::~XdpPrograms() {
    program_.reset();
    bridge_xdp__destroy(skeleton_);
}

void XdpPrograms::open(bool frags) {
    program_.reset();
    bridge_xdp__destroy(skeleton_);
    skeleton_ = bridge_xdp__open();
    if (!skeleton_)
        throw Error(errno, fmt::format("open the programs of bridge '{}'", state_->name));
    skeleton_->rodata->port_no = port_;
    skeleton_->rodata->vlan_protocol = state_->bridge().vlan_protocol;
    skeleton_->rodata->reads_kernel = may_read_kernel();
    const __u32 flags = frags ? BPF_F_XDP_HAS_FRAGS : 0;
    const bool aware = state_->bridge().vlan_protocol != 0;
    ingress_ = aware ? skeleton_->progs.xdpb_ingress_vlan : skeleton_->progs.xdpb_ingress;
    bpf_program__set_autoload(
        aware ? skeleton_->progs.xdpb_ingress : skeleton_->progs.xdpb_ingress_vlan, false);
    bpf_program__set_flags(ingress_, flags);
    bpf_program__set_flags(skeleton_->progs.xdpb_egress, flags);
    reuse_maps(*state_, skeleton_->obj, frags);
}

void XdpPrograms::load(bool frags, bool with_ingress, const std::string& doing) {
    const LibbpfLog log;
    open(frags);
    if (!with_ingress)
        bpf_program__set_autoload(ingress_, false);
    if (const int err = bridge_xdp__load(skeleton_); err != 0)
        throw Error(-err, doing, {}, {}, log.text());
}

bool XdpPrograms::detach_from_dispatcher(const Link& link) noexcept {
    const auto lock = lock_libxdp();
    return xdp_program__detach(program_.get(), static_cast<int>(link.ifindex), XDP_MODE_UNSPEC,
                               0) == 0;
}

int XdpPrograms::ingress_fd() const noexcept {
    return bpf_program__fd(ingress_);
}

int XdpPrograms::egress_fd() const noexcept {
    return bpf_program__fd(skeleton_->progs.xdpb_egress);
}

int put_egress(const BridgeState& state, bool frags, std::uint16_t port, std::uint32_t ifindex,
               int program) noexcept {
    bpf_devmap_val output{};
    output.ifindex = ifindex;
    output.bpf_prog.fd = program;
    return (frags ? state.devices_frags : state.devices).update(port, output);
}

int XdpPrograms::connect_egress(const Link& link, const std::string& doing) {
    for (const bool frags : {false, true}) {
        load(frags, false, doing);
        if (const int err = keep(*state_, kept_egress(port_, frags), egress_fd()); err != 0)
            return err;
        if (const int err = put_egress(*state_, frags, port_, link.ifindex, egress_fd()); err != 0)
            return err;
    }
    return 0;
}

XdpPrograms::Attached XdpPrograms::attach(const BridgeState& state, const Link& link, XdpMode mode,
                                          const std::string& doing) {
    const LibbpfLog log;
    bool generic = mode == XdpMode::generic;
    for (;;) {
        if (attach_by_dispatcher(link, generic))
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

bool XdpPrograms::attach_by_dispatcher(const Link& link, bool generic) {
    // Whether the kernel can is known for good after the first attempt, which is slow.
    static std::atomic<bool> kernel_has_dispatcher{true};
    if (!kernel_has_dispatcher)
        return false;
    open(false); // libxdp loads programs behind its dispatcher without frags
    const auto ifindex = static_cast<int>(link.ifindex);
    const auto lock = lock_libxdp();
    DECLARE_LIBXDP_OPTS(xdp_program_opts, options, .obj = skeleton_->obj,
                        .prog_name = bpf_program__name(ingress_));
    xdp_program* program = xdp_program__create(&options);
    if (libxdp_get_error(program) == 0) {
        program_.reset(program);
        const int err =
            xdp_program__attach(program, ifindex, generic ? XDP_MODE_SKB : XDP_MODE_NATIVE, 0);
        if (err == 0 && is_dispatcher(program_on(link.ifindex).get()))
            return true;
        // Without the dispatcher libxdp attaches the program alone, by netlink, where it has no
        // owner and anybody may replace it. A bpf_link of our own is safer.
        if (err == 0) {
            kernel_has_dispatcher = false;
            detach_netlink(link.ifindex);
        }
    }
    return false;
}

// Returns the errno.
int XdpPrograms::attach_by_link(const BridgeState& state, const Link& link, bool generic) {
    open(true);
    if (const int err = bridge_xdp__load(skeleton_); err != 0)
        return -err;
    DECLARE_LIBBPF_OPTS(bpf_link_create_opts, options,
                        .flags = generic ? __u32{XDP_FLAGS_SKB_MODE} : __u32{XDP_FLAGS_DRV_MODE});
    const Fd fd(bpf_link_create(bpf_program__fd(ingress_), static_cast<int>(link.ifindex), BPF_XDP,
                                &options));
    if (!fd)
        return errno;
    if (const int err = keep(state, kept_ingress(port_), bpf_program__fd(ingress_)); err != 0)
        return -err;
    return bpf_obj_pin(fd.get(), state.port_link(port_).c_str()) == 0 ? 0 : errno;
}

int detach_xdp(const BridgeState& state, std::uint16_t port, std::uint32_t ifindex) {
    const auto pin = state.port_link(port);
    if (const Fd link(bpf_obj_get(pin.c_str())); link) {
        // It fails when the device is gone, and then there is nothing to detach; and the link goes
        // with its pin.
        bpf_link_detach(link.get());
        return ::unlink(pin.c_str()) == 0 ? 0 : errno;
    }
    const Fd program = program_on(ifindex);
    if (program && is_ours(state, program.get()))
        return detach_netlink(ifindex);
    for (const Fd& ours : find_ours_on(state, ifindex))
        if (const int err = detach_dispatcher(ifindex, ours); err != 0)
            return err;
    forget_dispatchers(state, ifindex);
    return 0;
}

std::uint32_t attached_xdp_id(const BridgeState& state, std::uint16_t port, std::uint32_t ifindex) {
    const Fd link(bpf_obj_get(state.port_link(port).c_str()));
    if (link) {
        bpf_link_info info{};
        __u32 size = sizeof(info);
        const bool known = bpf_obj_get_info_by_fd(link.get(), &info, &size) == 0;
        return known && info.xdp.ifindex == ifindex ? info.prog_id : 0; // 0 once the device is gone
    }
    const auto ours = find_ours_on(state, ifindex);
    return ours.empty() ? 0 : program_info(ours[0].get()).id;
}

} // namespace xdpbridge
