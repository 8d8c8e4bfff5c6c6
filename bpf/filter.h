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

static __always_inline bool count_filtered(__u32 port, enum xdpb_filter_reason reason) {
    struct xdpb_counters* c = counters_of(port);

    if (c)
        c->filtered[reason]++;
    return true;
}

/* At tc, what the egress program does at XDP: of a frame that is routed to this port, or a copy. */
static __always_inline bool filtered_as_blocked(struct packet* p, __u32 port) {
    return blocked(p, port) && count_filtered(port, XDPB_FILTER_BLOCKED);
}

/* At tc, of one copy of a flood. */
static __always_inline bool filtered(struct packet* p, __u32 port) {
    return filtered_as_blocked(p, port) ||
           (isolated(p, port) && count_filtered(port, XDPB_FILTER_ISOLATED));
}
