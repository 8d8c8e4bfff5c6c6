/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ports that a frame must not leave by, though they are in its VLAN. */
#pragma once
#include "verdict.h"

static __always_inline bool is_isolated(__u32 port) {
    struct xdpb_port* to = bpf_map_lookup_elem(&ports, &port);

    return to && to->features & XDPB_FEATURE_ISOLATED;
}

/* Isolated ports reach each other by the router alone. */
static __always_inline bool isolated(struct packet* p, __u32 port) {
    return p->port->features & XDPB_FEATURE_ISOLATED && !p->routed && is_isolated(port);
}

/* At tc, of one copy of a flood. */
static __always_inline bool filtered(struct packet* p, __u32 port) {
    struct xdpb_counters* c;

    if (!isolated(p, port))
        return false;
    c = counters_of(port);
    if (c)
        c->filtered[XDPB_FILTER_ISOLATED]++;
    return true;
}
