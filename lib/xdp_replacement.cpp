// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "dispatcher.h"
#include "kept.h"
#include "libbpf_log.h"
#include "vlan_table.h"
#include "xdp_program.h"

#include <xdpbridge/error.h>

#include <array>
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <vector>

namespace xdpbridge {

namespace {

// To be put back if the upgrade fails. A version that kept no pins of its programs leaves their ids
// alone.
Fd open_old_program(const BridgeState& state, const std::string& name, std::uint32_t id,
                    const std::string& doing) {
    Fd old = open_kept_program(state, name, id);
    if (const int err = old ? 0 : errno; err != 0)
        throw Error(err, doing, fmt::format("its program {} cannot be opened", id),
                    err == EPERM ? "run this once with CAP_SYS_ADMIN" : "");
    return old;
}

// In both maps "devices", and where floods to the port's VLANs go.
class EgressReplacement final : public Replacement {
  public:
    EgressReplacement(const BridgeState& state, std::uint16_t port, const std::string& doing)
        : state_(state), port_(port), new_{{{state, port}, {state, port}}} {
        for (const bool frags : {false, true}) {
            const auto output = (frags ? state.devices_frags : state.devices).lookup(port);
            if (!output)
                throw Error(ENODEV, doing, "its device is gone");
            ifindex_ = output->ifindex;
            old_[frags] =
                open_old_program(state, kept_egress(port, frags), output->bpf_prog.id, doing);
            new_[frags].load(frags, false, doing);
        }
    }
    void apply(const std::string& doing) override {
        for (const bool frags : {false, true})
            if (const int err = exchange(frags); err != 0)
                throw Error(-err, doing);
    }
    void undo() noexcept override {
        for (const bool frags : {false, true}) {
            put(frags, old_[frags].get());
            keep(state_, kept_egress(port_, frags), old_[frags].get());
        }
    }

  private:
    // 0 or the negative errno.
    [[nodiscard]] int exchange(bool frags) const noexcept {
        const auto name = kept_egress(port_, frags);
        int err = keep_next(state_, name, new_[frags].egress_fd());
        if (err == 0)
            err = put(frags, new_[frags].egress_fd());
        return err == 0 ? keep_now(state_, name) : err;
    }
    int put(bool frags, int program) const noexcept {
        const int err = put_egress(state_, frags, port_, ifindex_, program);
        return err == 0 && frags ? connect_floods(state_, port_) : err;
    }
    const BridgeState& state_;
    std::uint16_t port_;
    std::uint32_t ifindex_ = 0;
    std::array<Fd, 2> old_;
    std::array<XdpPrograms, 2> new_; // with frags or not
};

// By the pinned bpf_link, whose program the kernel exchanges.
class LinkReplacement final : public Replacement {
  public:
    LinkReplacement(const BridgeState& state, std::uint16_t port, Fd link, const std::string& doing)
        : state_(state), port_(port), link_(std::move(link)), new_(state, port) {
        bpf_link_info info{};
        __u32 size = sizeof(info);
        if (bpf_obj_get_info_by_fd(link_.get(), &info, &size) != 0)
            throw Error(errno, doing);
        old_ = open_old_program(state, kept_ingress(port), info.prog_id, doing);
        new_.load(true, true, doing);
    }
    void apply(const std::string& doing) override {
        const auto name = kept_ingress(port_);
        if (const int err = keep_next(state_, name, new_.ingress_fd()); err != 0)
            throw Error(-err, doing);
        if (bpf_link_update(link_.get(), new_.ingress_fd(), nullptr) != 0)
            throw Error(errno, doing);
        if (const int err = keep_now(state_, name); err != 0)
            throw Error(-err, doing);
    }
    void undo() noexcept override {
        bpf_link_update(link_.get(), old_.get(), nullptr);
        keep(state_, kept_ingress(port_), old_.get());
    }

  private:
    const BridgeState& state_;
    std::uint16_t port_;
    Fd link_;
    Fd old_;
    XdpPrograms new_;
};

// libxdp exchanges the whole dispatcher whenever a program joins or leaves it. First ours joins:
// for a moment a frame that the old one passes on meets the new one too.
class DispatcherReplacement final : public Replacement {
  public:
    DispatcherReplacement(const BridgeState& state, std::uint16_t port, const Link& link)
        : link_(link),
          generic_((state.ports[port].flags & XDPB_PORT_GENERIC) != 0),
          old_(find_ours_on(state, link.ifindex)),
          new_(state, port) {}
    void apply(const std::string& doing) override {
        const LibbpfLog log;
        attached_ = new_.attach_by_dispatcher(link_, generic_);
        if (!attached_)
            throw Error(EINVAL, doing, "libxdp's dispatcher does not take it", {}, log.text());
        for (const Fd& old : old_)
            if (detach_dispatcher(link_.ifindex, old) != 0)
                throw Error(EINVAL, doing, "libxdp's dispatcher does not let the old program go",
                            {}, log.text());
    }
    void undo() noexcept override {
        const LibbpfLog quiet;
        if (!attached_)
            return;
        if (!old_.empty())
            attach_dispatcher_again(link_.ifindex, old_[0], generic_); // no harm if it is there
        new_.detach_from_dispatcher(link_);
    }

  private:
    Link link_;
    bool generic_;
    std::vector<Fd> old_;
    XdpPrograms new_;
    bool attached_ = false;
};

} // namespace

std::unique_ptr<Replacement> replace_egress(const BridgeState& state, std::uint16_t port,
                                            const std::string& doing) {
    return std::make_unique<EgressReplacement>(state, port, doing);
}

std::unique_ptr<Replacement> replace_ingress(const BridgeState& state, std::uint16_t port,
                                             const Link& link, const std::string& doing) {
    if (state.ports[port].flags & XDPB_PORT_DISPATCHER)
        return std::make_unique<DispatcherReplacement>(state, port, link);
    Fd pinned(bpf_obj_get(state.port_link(port).c_str()));
    if (!pinned)
        throw Error(errno, doing);
    return std::make_unique<LinkReplacement>(state, port, std::move(pinned), doing);
}

} // namespace xdpbridge
