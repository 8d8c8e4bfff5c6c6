/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copies of what comes in at a port with a mirror, as it came, before anything decides on it. XDP
 * cannot copy a frame: tc does. Exits: at XDP hand MIRROR.
 */
#pragma once
#include "verdict.h"

/* The hook's affair: mirror_xdp.h, mirror_tc.h. */
static __always_inline int mirror_received(struct packet* p);

static __always_inline int mirror(struct packet* p) {
    if (p->port->features & XDPB_FEATURE_MIRROR_RX)
        return mirror_received(p);
    return NEXT;
}
