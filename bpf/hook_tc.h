/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The stages at tc, clsact ingress: what their context and verdicts are here. send_tc.h sends. */
#pragma once
#include "maps.h"
#include <linux/pkt_cls.h>

#define XDPB_HOOK XDPB_HOOK_TC
/* Not TC_ACT_OK: filters after ours shall see what is the host's. */
#define VERDICT_PASS TC_ACT_UNSPEC
#define VERDICT_DROP TC_ACT_SHOT

typedef struct __sk_buff hook_ctx;

/* The stack has taken an outer VLAN tag out of the frame and keeps it beside it. */
static __always_inline __u64 frame_length(hook_ctx* ctx, const struct xdpb_port* port) {
    return ctx->len + (ctx->vlan_present ? 4 : 0);
}

/* Reads and writes wherever the bytes lie. False: the frame is shorter, or there is no memory for
 * an skb of our own. */
static __always_inline bool load(hook_ctx* ctx, __u32 offset, void* to, __u32 bytes) {
    return !bpf_skb_load_bytes(ctx, offset, to, bytes);
}

static __always_inline bool store(hook_ctx* ctx, __u32 offset, void* from, __u32 bytes) {
    return !bpf_skb_store_bytes(ctx, offset, from, bytes, BPF_F_RECOMPUTE_CSUM);
}

/* For the egress device's qdisc; see tc-prio(8), and egress-qos-map in ip-link(8). */
static __always_inline void set_queue_class(hook_ctx* ctx, __u32 class) {
    ctx->priority = class;
}

/* Packets that the frame is, or will be cut into. The kernel leaves gso_segs 0 on a frame that it
 * does not trust, such as a VM's (virtio_net_hdr_to_skb), and counts when it cuts. */
static __always_inline __u64 frame_segments(hook_ctx* ctx, __u64 length) {
    __u32 segments = ctx->gso_segs, size = ctx->gso_size;

    if (segments)
        return segments;
    return size ? (length + size - 1) / size : 1;
}
