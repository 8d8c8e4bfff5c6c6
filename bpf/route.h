/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The L3 switch. */
#pragma once
#include "vlan.h"

/* For a frame to the MAC of the SVI that is behind this port. */
static __always_inline int route(struct packet* p, __u32 svi) {
    p->out = svi;
    return NEXT;
}

static __always_inline int rewrite(struct packet* p) {
    return NEXT;
}
