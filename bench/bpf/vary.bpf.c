// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * BPF_PROG_RUN repeats one frame. This program goes in front of the one that is measured, gives
 * each repetition other addresses and calls it.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* Each frame goes between the hosts of one of so many pairs; 0: the source is new in each frame,
 * and the destination stays. */
const volatile __u32 pairs = 0;

__u32 frames = 0; /* so far */

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} measured SEC(".maps");

/* Numbers a MAC's last four octets; the first two, which say which side it is, stay. */
static __always_inline void number(__u8* mac, __u32 n) {
    __u32 octets = bpf_htonl(n);

    __builtin_memcpy(mac + 2, &octets, sizeof(octets));
}

SEC("xdp")
int vary(struct xdp_md* ctx) {
    void* data = (void*)(long)ctx->data;
    void* end = (void*)(long)ctx->data_end;
    struct ethhdr* eth = data;
    /* Knuth's multiplicative hash: visits all 2^32 numbers, neighbours far from each other, so that
     * no prefetcher helps. */
    __u32 n = frames++ * 2654435761u;

    if (data + sizeof(*eth) > end)
        return XDP_ABORTED;
    if (pairs) {
        n = (__u64)n * pairs >> 32;
        number(eth->h_dest, n);
    }
    number(eth->h_source, n);
    bpf_tail_call(ctx, &measured, 0);
    return XDP_ABORTED;
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
