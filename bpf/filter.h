/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ports that a frame must not leave by, though they are in its VLAN. */
#pragma once
#include "verdict.h"

static __always_inline bool port_has(__u32 port, enum xdpb_port_feature feature) {
    struct xdpb_port* to = bpf_map_lookup_elem(&ports, &port);

    return to && to->features & feature;
}

/* Isolated ports reach each other by the router alone. */
static __always_inline bool isolated(struct packet* p, __u32 port) {
    return p->port->features & XDPB_FEATURE_ISOLATED && !p->frame->routed &&
           port_has(port, XDPB_FEATURE_ISOLATED);
}

/* Shut by its BPDU guard. Its hosts may be reached another way, so what is for them is flooded. */
static __always_inline bool blocked(struct packet* p, __u32 port) {
    return p->bridge->features & XDPB_BRIDGE_BPDU_GUARD && port_has(port, XDPB_FEATURE_BLOCKED);
}

/* At tc, of one copy of a flood. */
static __always_inline bool filtered(struct packet* p, __u32 port) {
    bool shut = blocked(p, port);
    struct xdpb_counters* c;

    if (!shut && !isolated(p, port))
        return false;
    c = counters_of(port);
    if (c)
        c->filtered[shut ? XDPB_FILTER_BLOCKED : XDPB_FILTER_ISOLATED]++;
    return true;
}
