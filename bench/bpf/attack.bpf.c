// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A host that says it is others. BPF_PROG_RUN repeats one frame; this program goes in front of the
 * port's, gives each repetition another source and calls it.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MAX_SOURCES 65536

/* So many of the map below in turn; 0: a new one in each frame; 1: the one that the frame has. */
const volatile __u32 source_count = 1;

__u64 frames = 0; /* so far */

struct source {
    __u8 mac[ETH_ALEN];
    __u8 pad[2];
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, MAX_SOURCES);
    __type(key, __u32);
    __type(value, struct source);
} sources SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} attacked SEC(".maps");

SEC("xdp")
int attack(struct xdp_md* ctx) {
    void* data = (void*)(long)ctx->data;
    struct ethhdr* eth = data;
    __u64 n = ++frames; /* not 0, which is the attacker's own number */

    if (data + sizeof(*eth) > (void*)(long)ctx->data_end)
        return XDP_ABORTED;
    if (source_count > 1) {
        __u32 index = n % source_count;
        struct source* source = bpf_map_lookup_elem(&sources, &index);

        if (!source)
            return XDP_ABORTED;
        __builtin_memcpy(eth->h_source, source->mac, ETH_ALEN);
    } else if (!source_count) {
        /* Knuth's multiplicative hash: each of 2^32 numbers once, in no order. */
        __u32 octets = bpf_htonl((__u32)n * 2654435761u);

        __builtin_memcpy(eth->h_source + 2, &octets, sizeof(octets));
    }
    bpf_tail_call(ctx, &attacked, 0);
    return XDP_ABORTED;
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
