// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * BPF_PROG_RUN repeats one frame, and a router changes it. This program goes in front of the one
 * that is measured: it makes the headers what they were, and calls it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct frame_start {
    __u64 words[5];
};

const volatile struct frame_start headers = {{0}}; /* Ethernet, a tag or none, IPv4 */

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} measured SEC(".maps");

SEC("xdp")
int restore(struct xdp_md* ctx) {
    struct frame_start* of_frame = (void*)(long)ctx->data;

    if ((void*)(of_frame + 1) > (void*)(long)ctx->data_end)
        return XDP_ABORTED;
    for (unsigned i = 0; i < sizeof(headers) / sizeof(*headers.words); i++)
        of_frame->words[i] = headers.words[i];
    bpf_tail_call(ctx, &measured, 0);
    return XDP_ABORTED;
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
