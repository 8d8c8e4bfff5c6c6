// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A learning switch as a sample program would write it: two lookups, no ageing, no limits, no
 * counters. It is meant to be hard to beat: the key is one 8-byte word, which the kernel hashes
 * faster than 6 bytes, and nothing is written while nothing changes.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

struct mac {
    __u8 octets[ETH_ALEN];
    __u16 pad;
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1); /* set by the benchmark, to the size of our own */
    __type(key, struct mac);
    __type(value, __u32); /* ifindex */
} fdb SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, 256);
    __type(key, __u32); /* ifindex */
    __type(value, __u32);
} devices SEC(".maps");

SEC("xdp")
int plain_learning(struct xdp_md* ctx) {
    void* data = (void*)(long)ctx->data;
    void* end = (void*)(long)ctx->data_end;
    struct ethhdr* eth = data;
    __u32 port = ctx->ingress_ifindex;
    struct mac src = {}, dst = {};
    __u32* known;

    if (data + sizeof(*eth) > end)
        return XDP_DROP;
    __builtin_memcpy(src.octets, eth->h_source, ETH_ALEN);
    __builtin_memcpy(dst.octets, eth->h_dest, ETH_ALEN);

    known = bpf_map_lookup_elem(&fdb, &src);
    if (!known || *known != port)
        bpf_map_update_elem(&fdb, &src, &port, BPF_ANY);

    known = bpf_map_lookup_elem(&fdb, &dst);
    if (!known)
        return bpf_redirect_map(&devices, 0, BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS);
    return bpf_redirect_map(&devices, *known, 0);
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
