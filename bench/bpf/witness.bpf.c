// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Takes the frames that arrive at the far end of a veth, and counts those of good neighbours apart
 * from all others: the payload of their datagrams is filled with a mark. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define PAYLOAD 42 /* behind Ethernet, IPv4 and UDP */

const volatile __u8 mark = 0;

__u64 good = 0;
__u64 others = 0;

SEC("xdp.frags")
int witness(struct xdp_md* ctx) {
    __u8* data = (void*)(long)ctx->data;

    if ((void*)(data + PAYLOAD + 1) <= (void*)(long)ctx->data_end && data[PAYLOAD] == mark)
        __sync_fetch_and_add(&good, 1);
    else
        __sync_fetch_and_add(&others, 1);
    return XDP_DROP;
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
