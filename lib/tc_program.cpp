// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tc_program.h"

#include "kept.h"
#include "libbpf_log.h"
#include "netlink_socket.h"
#include "program.h"
#include "taking_apart.h"
#include "tap_queue.h"

#include <xdpbridge/error.h>

#include <atomic>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <bridge_tc.skel.h>
#include <fmt/format.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <memory>

namespace xdpbridge {

namespace {

// After filters that a user numbers by hand, before those that the kernel numbers (0xc000 down).
constexpr __u32 filter_priority = 40000;
constexpr __u32 filter_handle = 1;

bpf_tc_hook ingress_of(std::uint32_t ifindex) {
    bpf_tc_hook hook{};
    hook.sz = sizeof(hook);
    hook.ifindex = static_cast<int>(ifindex);
    hook.attach_point = BPF_TC_INGRESS;
    return hook;
}

bpf_tc_opts our_filter() {
    bpf_tc_opts options{};
    options.sz = sizeof(options);
    options.handle = filter_handle;
    options.priority = filter_priority;
    return options;
}

// Returns the errno.
int create_clsact(const BridgeState& state, std::uint16_t port, bpf_tc_hook& hook) {
    std::atomic_ref flags(state.ports[port].flags);
    // First the note: should we be killed in between, taking away a qdisc that is not there does
    // no harm.
    const bool noted = (flags.fetch_or(XDPB_PORT_MADE_CLSACT) & XDPB_PORT_MADE_CLSACT) != 0;
    const int err = -bpf_tc_hook_create(&hook);
    if (err != 0 && !noted)
        flags.fetch_and(~std::uint32_t{XDPB_PORT_MADE_CLSACT});
    return err == EEXIST ? 0 : err;
}

using TcSkeleton = std::unique_ptr<bridge_tc, void (*)(bridge_tc*)>;

TcSkeleton load_tc(const BridgeState& state, std::uint16_t port, const std::string& doing) {
    const LibbpfLog log;
    TcSkeleton skeleton(bridge_tc__open(), bridge_tc__destroy);
    if (!skeleton)
        throw Error(errno, doing);
    skeleton->rodata->port_no = port;
    skeleton->rodata->vlan_protocol = state.bridge().vlan_protocol;
    skeleton->rodata->reads_kernel = may_read_kernel();
    reuse_maps(state, skeleton->obj);
    if (const int err = bridge_tc__load(skeleton.get()); err != 0)
        throw Error(-err, doing, {}, {}, log.text());
    return skeleton;
}

// The program's id, 0: there is none of ours. Returns the errno.
int find_filter(const BridgeState& state, std::uint16_t port, std::uint32_t ifindex,
                std::uint32_t& id) noexcept {
    const auto hook = ingress_of(ifindex);
    auto filter = our_filter();
    const int err = -bpf_tc_query(&hook, &filter);
    const Fd program = err == 0 ? open_kept_program(state, kept_tc(port), filter.prog_id) : Fd();
    id = program && is_ours(state, program.get()) ? filter.prog_id : 0;
    return err;
}

// Returns the errno.
int put_filter(std::uint32_t ifindex, int program_fd, __u32 flags) {
    const LibbpfLog quiet;
    const auto hook = ingress_of(ifindex);
    auto filter = our_filter();
    filter.prog_fd = program_fd;
    filter.flags = flags;
    return -bpf_tc_attach(&hook, &filter);
}

class TcReplacement final : public Replacement {
  public:
    TcReplacement(const BridgeState& state, std::uint16_t port, std::uint32_t ifindex,
                  const std::string& doing)
        : state_(state),
          port_(port),
          ifindex_(ifindex),
          old_(open_kept_program(state, kept_tc(port), attached_tc_id(state, port, ifindex))),
          new_(load_tc(state, port, doing)) {
        if (!old_)
            throw Error(ENOENT, doing, "its tc filter is gone, or cannot be looked at",
                        "`xdp-bridge port set --hook` attaches the port anew");
    }
    void apply(const std::string& doing) override {
        const int program = bpf_program__fd(new_->progs.xdpb_tc_ingress);
        if (const int err = keep_next(state_, kept_tc(port_), program); err != 0)
            throw Error(-err, doing);
        if (const int err = put(program); err != 0)
            throw Error(err, doing);
        if (const int err = keep_now(state_, kept_tc(port_)); err != 0)
            throw Error(-err, doing);
    }
    void undo() noexcept override {
        put(old_.get());
        keep(state_, kept_tc(port_), old_.get());
    }

  private:
    int put(int program) const { return put_filter(ifindex_, program, BPF_TC_F_REPLACE); }
    const BridgeState& state_;
    std::uint16_t port_;
    std::uint32_t ifindex_;
    Fd old_;
    TcSkeleton new_;
};

} // namespace

std::unique_ptr<Replacement> replace_tc(const BridgeState& state, std::uint16_t port,
                                        const Link& link, const std::string& doing) {
    return std::make_unique<TcReplacement>(state, port, link.ifindex, doing);
}

void attach_tc(const BridgeState& state, std::uint16_t port, const Link& link,
               const std::string& doing) {
    const auto skeleton = load_tc(state, port, doing);
    const LibbpfLog quiet;
    const int program = bpf_program__fd(skeleton->progs.xdpb_tc_ingress);
    if (const int err = keep(state, kept_tc(port), program); err != 0)
        throw Error(-err, doing);
    auto hook = ingress_of(link.ifindex);
    if (const int err = create_clsact(state, port, hook); err != 0)
        throw Error(err, doing,
                    fmt::format("'{}' takes no clsact qdisc: {}", link.name,
                                std::generic_category().message(err)),
                    err == ENOENT ? "`modprobe -a sch_ingress cls_bpf` loads what the kernel lacks"
                                  : "");
    if (const int err = put_filter(link.ifindex, program, 0); err != 0) {
        detach_tc(state, port, link.ifindex);
        throw Error(err == EEXIST ? EBUSY : err, doing, // of another bridge, or another program
                    fmt::format("'{}' takes no tc filter of priority {}: {}", link.name,
                                filter_priority, std::generic_category().message(err)),
                    fmt::format("`tc filter show dev {} ingress` lists them", link.name));
    }
}

int detach_tc(const BridgeState& state, std::uint16_t port, std::uint32_t ifindex) noexcept {
    const LibbpfLog quiet;
    auto hook = ingress_of(ifindex);
    std::uint32_t id = 0;
    int err = if_no_memory(find_filter(state, port, ifindex, id));
    if (id != 0) {
        const auto filter = our_filter();
        err = if_no_memory(-bpf_tc_detach(&hook, &filter));
    }
    if (err != 0)
        return err;
    stop_keeping(state, kept_tc(port));
    // The note goes last: should we be killed before, the next call takes up from here.
    const std::atomic_ref flags(state.ports[port].flags);
    if (flags.load() & XDPB_PORT_MADE_CLSACT)
        err = if_no_memory_for([&] {
            hook.attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS);
            return count_tc_filters(ifindex) == 0 ? -bpf_tc_hook_destroy(&hook) : 0;
        });
    if (err == 0)
        flags.fetch_and(~std::uint32_t{XDPB_PORT_MADE_CLSACT});
    return err;
}

std::uint32_t attached_tc_id(const BridgeState& state, std::uint16_t port,
                             std::uint32_t ifindex) noexcept {
    const LibbpfLog quiet;
    std::uint32_t id = 0;
    find_filter(state, port, ifindex, id);
    return id;
}

unsigned count_tc_filters(std::uint32_t ifindex) {
    unsigned count = 0;
    for (const auto side : {TC_H_MIN_INGRESS, TC_H_MIN_EGRESS}) {
        NetlinkSocket socket(NETLINK_ROUTE, "list tc filters");
        NetlinkRequest request(RTM_GETTFILTER, NLM_F_DUMP);
        auto& header = request.header<tcmsg>();
        header.tcm_ifindex = static_cast<int>(ifindex);
        header.tcm_parent = TC_H_MAKE(TC_H_CLSACT, side);
        socket.ask(request, [&](const nlmsghdr* message) {
            // A filter comes with a message of its own, after one of its priority.
            const auto* filter = static_cast<const tcmsg*>(mnl_nlmsg_get_payload(message));
            count += filter->tcm_handle != 0 ? 1 : 0;
        });
    }
    return count;
}

} // namespace xdpbridge
