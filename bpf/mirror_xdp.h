/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * At XDP: which frames need a copy, and so have to be sent from tc. The library gives each port of
 * a bridge with a mirror a program there.
 */
#pragma once
#include "acl.h"
#include "mirror.h"

static __always_inline int mirror_received(struct packet* p) {
    return p->port->flags & XDPB_PORT_TC ? hand(p, XDPB_HAND_MIRROR) : NEXT;
}

static __always_inline bool is_mirrored(__u32 out) {
    struct xdpb_port* to = bpf_map_lookup_elem(&ports, &out);

    return to && to->features & XDPB_FEATURE_MIRROR_TX && to->mirror_tx != port_no;
}

/* Whether the frame's rule, or a port that it leaves by, has a mirror. */
static __noinline bool wants_copy(struct packet* p) {
    struct xdpb_acl_rule* rule = rule_of(p);

    if (rule && rule->action == XDPB_ACL_MIRROR && rule->mirror != port_no)
        return true;
    return p->frame->out == FLOOD ? p->bridge->features & XDPB_BRIDGE_MIRROR_FLOODS
                                  : is_mirrored(p->frame->out);
}

static __always_inline bool needs_tc_for_copy(struct packet* p) {
    return p->bridge->features & XDPB_BRIDGE_MIRROR && p->port->flags & XDPB_PORT_TC &&
           wants_copy(p);
}

/* Frames of such rules do not get this far. */
static __always_inline void mirror_matched(struct packet* p, __u32 to) {}
