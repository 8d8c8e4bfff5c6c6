/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ways a frame leaves the data plane. Each is counted here and only here, so that at each hook
 * rx = forwarded + flooded + answered + passed + handed + dropped. How a frame is sent is the
 * hook's affair.
 */
#pragma once
#include "packet.h"

static __always_inline int drop(struct packet* p, enum xdpb_drop_reason reason) {
    p->counters->dropped[reason]++;
    return VERDICT_DROP;
}

static __always_inline int pass(struct packet* p) {
    p->counters->passed++;
    return VERDICT_PASS;
}

/* To the tc program of this port, which is the next to see what XDP passes. */
static __always_inline int hand(struct packet* p, enum xdpb_hand_reason reason) {
    p->counters->handed[reason]++;
    return VERDICT_PASS;
}
