// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A queue for each class, as plainly as it can be done: a tap picks the queue of an XDP frame by
 * the CPU (tun_xdp_xmit), so what is not urgent is sent on from another CPU, by a cpumap.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ETH_P_PTP 0x88f7

const volatile __u32 other_cpu = 0; /* whose queue is for what is not urgent */

struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} tap SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_CPUMAP);
    __uint(max_entries, 1); /* CPUs: set when loaded */
    __type(key, __u32);
    __type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

SEC("xdp")
int queue_per_class(struct xdp_md* ctx) {
    struct ethhdr* eth = (void*)(long)ctx->data;

    if ((void*)(eth + 1) > (void*)(long)ctx->data_end)
        return XDP_DROP;
    if (eth->h_proto == bpf_htons(ETH_P_PTP))
        return bpf_redirect_map(&tap, 0, XDP_DROP);
    return bpf_redirect_map(&cpus, other_cpu, XDP_DROP);
}

SEC("xdp/cpumap")
int other_queue(struct xdp_md* ctx) {
    return bpf_redirect_map(&tap, 0, XDP_DROP);
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
