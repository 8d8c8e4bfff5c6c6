// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Takes the frames that arrive at the far end of a veth, and counts them. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 frames = 0;

SEC("xdp.frags") /* jumbo frames too */
int sink(struct xdp_md* ctx) {
    __sync_fetch_and_add(&frames, 1);
    return XDP_DROP;
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
