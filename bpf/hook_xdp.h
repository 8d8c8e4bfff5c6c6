/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The stages at XDP: what their context and verdicts are here. send_xdp.h sends. */
#pragma once
#include "maps.h"

#define XDPB_HOOK XDPB_HOOK_XDP
#define VERDICT_PASS XDP_PASS
#define VERDICT_DROP XDP_DROP

typedef struct xdp_md hook_ctx;

/* A frame may lie in several buffers, of which data to data_end is the first. The kernel knows the
 * whole length, but asking it is not for nothing. */
static __always_inline __u64 frame_length(hook_ctx* ctx, const struct xdpb_port* port) {
    return port->flags & XDPB_PORT_FRAGS ? bpf_xdp_get_buff_len(ctx) : ctx->data_end - ctx->data;
}

/* Reads and writes wherever the bytes lie. False: the frame is shorter. */
static __always_inline bool load(hook_ctx* ctx, __u32 offset, void* to, __u32 bytes) {
    return !bpf_xdp_load_bytes(ctx, offset, to, bytes);
}

static __always_inline bool store(hook_ctx* ctx, __u32 offset, void* from, __u32 bytes) {
    return !bpf_xdp_store_bytes(ctx, offset, from, bytes);
}

/* There is no queue between XDP and the device. */
static __always_inline void set_queue_class(hook_ctx* ctx, __u32 class) {}

/* Packets that the frame will be cut into: a GSO frame does not get past handover.h. */
static __always_inline __u64 frame_segments(hook_ctx* ctx, __u64 length) {
    return 1;
}
