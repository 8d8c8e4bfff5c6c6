/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * IGMP and MLD snooping (RFC 4541): learns from reports, queries and PIM hellos who wants which
 * group. Never an exit: who gets the frame itself, mdb.h says.
 */
#pragma once
#include "igmp.h"
#include "mld.h"

__noinline int snoop_frame(hook_ctx* ctx, struct frame* frame) {
    struct packet p;

    if (!resume(&p, ctx, frame))
        return 0;
    return frame->ethertype == ETH_P_IP ? snoop_ipv4(&p) : snoop_ipv6(&p);
}

static __always_inline int snoop(struct packet* p) {
    if (p->bridge->features & XDPB_BRIDGE_SNOOPING && mac_is_multicast(p->frame->dst.mac) &&
        !(p->port->features & XDPB_FEATURE_ROUTED) &&
        (p->frame->ethertype == ETH_P_IP || p->frame->ethertype == ETH_P_IPV6))
        snoop_frame(p->ctx, p->frame);
    return NEXT;
}
