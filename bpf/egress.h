/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the egress program at XDP decides for each frame that is about to leave by its port: whether
 * it leaves, and with which tag. Exits: filter VLAN, ISOLATED, BLOCKED.
 */
#pragma once
#include "tag_xdp.h"

/* To the tracepoint that counts refusals, what we drop here looks like one: tell it apart. */
static __always_inline int filter(struct xdpb_counters* c, enum xdpb_filter_reason reason) {
    c->filtered[reason]++;
    c->filtered_unseen++;
    return XDP_DROP;
}

static __always_inline bool from_isolated(struct xdp_md* ctx) {
    __u32 ifindex = ctx->ingress_ifindex;
    __u32* port = bpf_map_lookup_elem(&port_by_ifindex, &ifindex);
    struct xdpb_port* from = port ? bpf_map_lookup_elem(&ports, port) : NULL;

    return from && from->features & XDPB_FEATURE_ISOLATED;
}

/* Untags the frame where the port wants it so. */
static __always_inline int leave_vlan(struct xdp_md* ctx, struct xdpb_port* port,
                                      struct xdpb_counters* c) {
    struct tagged_header* header = find_tag(ctx);
    struct xdpb_vlan* vlan;
    __u32 vid;

    if (!header || port->features & XDPB_FEATURE_ROUTED)
        return NEXT;
    vid = bpf_ntohs(header->tci) & TCI_VID;
    vlan = bpf_map_lookup_elem(&vlans, &vid);
    if (!vlan || !has_port(vlan->members, port_no))
        return filter(c, XDPB_FILTER_VLAN);
    if (has_port(vlan->untagged, port_no) && !pop_tag(ctx))
        return filter(c, XDPB_FILTER_VLAN);
    return NEXT;
}

static __always_inline int egress(struct xdp_md* ctx, struct xdpb_port* port,
                                  struct xdpb_counters* c) {
    if (port->features & XDPB_FEATURE_BLOCKED)
        return filter(c, XDPB_FILTER_BLOCKED);
    if (port->features & XDPB_FEATURE_ISOLATED && from_isolated(ctx))
        return filter(c, XDPB_FILTER_ISOLATED);
    if (vlan_protocol)
        return leave_vlan(ctx, port, c);
    return NEXT;
}
