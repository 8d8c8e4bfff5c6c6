// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tap_queue.h"

#include "libbpf_log.h"

#include <atomic>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <find_tap.skel.h>
#include <memory>

namespace xdpbridge {

namespace {

xdpb_tap find_tap_of(std::uint32_t ifindex) noexcept {
    const LibbpfLog quiet;
    const std::unique_ptr<find_tap, void (*)(find_tap*)> skeleton(find_tap__open(),
                                                                  find_tap__destroy);
    if (!skeleton || find_tap__load(skeleton.get()) != 0)
        return {};
    __u64 arguments[] = {ifindex};
    DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = static_cast<void*>(arguments),
                        .ctx_size_in = sizeof(arguments));
    if (bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.xdpb_find_tap), &options) != 0)
        return {};
    return skeleton->bss->found;
}

} // namespace

bool may_read_kernel() noexcept {
    const LibbpfLog quiet;
    return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_probe_read_kernel, nullptr) == 1;
}

void find_tap_queues(const BridgeState& state, std::uint16_t port, const Link& link) noexcept {
    xdpb_tap& tap = state.ports[port].tap;
    const xdpb_tap found =
        link.kind == "tun" && may_read_kernel() ? find_tap_of(link.ifindex) : xdpb_tap{};
    // The address last: it is what says that the rest holds.
    std::atomic_ref(tap.files).store(0);
    std::atomic_ref(state.ports[port].pace_ns).store(0); // of another reader
    tap.numqueues = found.numqueues;
    tap.producer = found.producer;
    tap.consumer = found.consumer;
    tap.size = found.size;
    std::atomic_ref(tap.files).store(found.files);
}

} // namespace xdpbridge
