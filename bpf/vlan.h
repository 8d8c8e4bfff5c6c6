/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The frame's VLAN (802.1Q 6.9, 8.6.2). Exits: drop VLAN. On a bridge that is not VLAN-aware it is
 * 0, and nothing of this is left in the program.
 */
#pragma once
#include "verdict.h"

#define TCI_VID 0x0fff
#define TCI_PCP_SHIFT 13
#define TCI_PCP (7 << TCI_PCP_SHIFT)

/* The hook's affair: tag_xdp.h, tag_tc.h. Sets p->frame->tag. */
static __always_inline bool read_tag(struct packet* p);

/* Sets p->frame->tci but for the VLAN id. A frame without our tag, or with VLAN id 0
 * ("priority-tagged"), is in the port's PVID. To a tunnel port every frame is without our tag. */
static __always_inline __u16 classify(struct packet* p) {
    __u16 priority = (__u16)p->port->priority << TCI_PCP_SHIFT;
    __u32 features = p->port->features;

    p->frame->has_tag = !(features & XDPB_FEATURE_TUNNEL) && read_tag(p);
    if (!p->frame->has_tag) {
        p->frame->tci = priority;
        return p->port->pvid;
    }
    p->frame->tci = features & XDPB_FEATURE_SET_PRIORITY ? priority : p->frame->tag & ~TCI_VID;
    return p->frame->tag & TCI_VID ?: p->port->pvid;
}

/* Puts the frame into a VLAN, as which it is looked up and will leave. */
static __always_inline void enter_vlan(struct packet* p, __u16 vid) {
    __u32 index = vid;

    p->vlan = bpf_map_lookup_elem(&vlans, &index);
    p->frame->dst.vlan = p->frame->src.vlan = vid;
    p->frame->tci = (p->frame->tci & ~TCI_VID) | vid;
}

static __always_inline int vlan(struct packet* p) {
    __u16 vid;

    if (!vlan_protocol)
        return NEXT;
    vid = classify(p);
    enter_vlan(p, vid);
    if (!vid || !p->vlan || !has_port(p->vlan->members, port_no))
        return drop(p, XDPB_DROP_VLAN);
    return NEXT;
}
