/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The four ways a frame leaves the data plane. Each is counted here and only here, so that
 * rx = forwarded + flooded + passed + dropped.
 */
#pragma once
#include "packet.h"

static __always_inline int drop(struct packet* p, enum xdpb_drop_reason reason) {
    p->counters->dropped[reason]++;
    return XDP_DROP;
}

static __always_inline int pass(struct packet* p) {
    p->counters->passed++;
    return XDP_PASS;
}

/* To every device of the bridge but the one it came from; the kernel makes the copies. */
static __always_inline int flood(struct packet* p) {
    p->counters->flooded++;
    return bpf_redirect_map(&devices, 0, BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS);
}

/* To one port; to all when that port's device is gone, for its hosts may be behind another port by
 * now. */
static __always_inline int forward_to(struct packet* p, __u32 port) {
    if (bpf_redirect_map(&devices, port, XDP_DROP) != XDP_REDIRECT)
        return flood(p);
    p->counters->forwarded++;
    return XDP_REDIRECT;
}
