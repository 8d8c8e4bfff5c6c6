// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A source of an even rate that does not wait for anybody: BPF_PROG_RUN runs it for each frame, and
 * it lets the frame go when its time has come.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SPINS 8192 /* at most, for the verifier: some 200 us */
#define BURST 16   /* what the kernel puts into a device at a time, paced or not */

const volatile __u64 period_ns = 0; /* 0: as fast as it goes */

__u64 due = 0;
__u64 first = 0, last = 0; /* when those frames left */

struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, 2);
    __type(key, __u32);
    __type(value, __u32); /* ifindex */
} devices SEC(".maps");

SEC("xdp")
int pace(struct xdp_md* ctx) {
    __u64 now = bpf_ktime_get_ns();

    if (period_ns) {
        /* What was missed while others had the CPU is not made good, or it would be a burst. */
        if (due + BURST * period_ns < now)
            due = now;
        for (int i = 0; i < SPINS && now < due; i++)
            now = bpf_ktime_get_ns();
        due += period_ns;
    }
    if (!first)
        first = now;
    last = now;
    return bpf_redirect_map(&devices, 1, 0);
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
