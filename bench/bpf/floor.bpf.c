// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The least a switch in XDP can do: one redirect to one port, without a look at the frame. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, __u32); /* ifindex */
} devices SEC(".maps");

SEC("xdp")
int floor_redirect(struct xdp_md* ctx) {
    return bpf_redirect_map(&devices, 1, 0);
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
