/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the egress program at XDP decides for each frame that is about to leave by its port: whether
 * it leaves, and with which tag. Exits: filter VLAN, ISOLATED, BLOCKED, NOT_JOINED, CLASS.
 */
#pragma once
#include "class_xdp.h"
#include "mdb.h"
#include "tag_xdp.h"

/* To the tracepoint that counts refusals, what we drop here looks like one: tell it apart. */
static __always_inline int filter(struct xdpb_counters* c, enum xdpb_filter_reason reason) {
    c->filtered[reason]++;
    c->filtered_unseen++;
    return XDP_DROP;
}

static __always_inline bool from_isolated(struct xdp_md* ctx) {
    struct xdpb_port* from = ingress_port(ctx);

    return from && from->features & XDPB_FEATURE_ISOLATED;
}

/* Without a tag of ours it came in without one, and is in the PVID of that port. */
static __always_inline __u32 vlan_of(struct xdp_md* ctx) {
    struct tagged_header* header = find_tag(ctx);
    struct xdpb_port* from;

    if (!vlan_protocol)
        return 0;
    if (header)
        return bpf_ntohs(header->tci) & TCI_VID;
    from = ingress_port(ctx);
    return from ? from->pvid : 0;
}

/* Of a frame to a multicast MAC. */
static __noinline int is_pruned(struct xdp_md* ctx) {
    struct multicast m = {.vlan = vlan_of(ctx)};
    __u32 network = ETH_HLEN;
    __be16 ethertype;

    for (int tags = 0; tags <= 3; tags++) {
        if (!load(ctx, network - sizeof(ethertype), &ethertype, sizeof(ethertype)))
            return false;
        if (!is_vlan_tag(bpf_ntohs(ethertype)))
            break;
        network += VLAN_HLEN;
    }
    read_multicast(ctx, network, bpf_ntohs(ethertype), &m);
    return m.audience != EVERYBODY && not_joined(&m, port_no, bpf_ktime_get_coarse_ns());
}

static __always_inline bool to_multicast(struct xdp_md* ctx) {
    struct ethhdr* eth = (void*)(long)ctx->data;

    return (void*)(eth + 1) <= (void*)(long)ctx->data_end && mac_is_multicast(eth->h_dest);
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
    if (port->features & XDPB_FEATURE_ISOLATED && ctx->ingress_ifindex != port->ifindex &&
        from_isolated(ctx))
        return filter(c, XDPB_FILTER_ISOLATED);
    if (port->features & XDPB_FEATURE_SNOOPING && to_multicast(ctx) && is_pruned(ctx))
        return filter(c, XDPB_FILTER_NOT_JOINED);
    if (port->features & XDPB_FEATURE_CLASSES &&
        !admit_class(port_no, class_at_egress(ctx), bpf_xdp_get_buff_len(ctx)))
        return filter(c, XDPB_FILTER_CLASS);
    if (vlan_protocol)
        return leave_vlan(ctx, port, c);
    return NEXT;
}
