// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * BPF_PROG_RUN repeats one frame, and a router changes it. This program goes in front of the one
 * that is measured: it makes the headers what they were, and calls it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define WORDS 5 /* Ethernet, a tag or none, IPv4 */

const volatile __u64 headers[WORDS] = {0};

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} measured SEC(".maps");

SEC("xdp")
int restore(struct xdp_md* ctx) {
    __u64* of_frame = (void*)(long)ctx->data;

    if ((void*)(of_frame + WORDS) > (void*)(long)ctx->data_end)
        return XDP_ABORTED;
    for (int i = 0; i < WORDS; i++)
        of_frame[i] = headers[i];
    bpf_tail_call(ctx, &measured, 0);
    return XDP_ABORTED;
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
