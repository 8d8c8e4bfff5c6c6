/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What may stop a frame whose way is known, and sees it once: at the hook that sends it. Exits:
 * drop STORM, POLICER, ACL_POLICER; hand MIRROR.
 */
#pragma once
#include "acl_apply.h"
#include "policer.h"
#include "verdict.h"

static __always_inline struct xdpb_policer* policer_of_port(enum xdpb_policer_kind kind) {
    return policer_at(port_no * XDPB_POLICER_KINDS + kind);
}

static __always_inline bool mac_is_broadcast(const __u8* mac) {
    return (mac[0] & mac[1] & mac[2] & mac[3] & mac[4] & mac[5]) == 0xff;
}

/* NULL: the frame is for one host whose place is known, and no part of a storm. */
static __always_inline struct xdpb_policer* storm_policer(struct packet* p) {
    if (p->frame->out != FLOOD && !mac_is_multicast(p->frame->dst.mac))
        return NULL;
    return policer_of_port(mac_is_broadcast(p->frame->dst.mac)   ? XDPB_POLICER_BROADCAST
                           : mac_is_multicast(p->frame->dst.mac) ? XDPB_POLICER_MULTICAST
                                                                 : XDPB_POLICER_UNKNOWN);
}

/* A frame that the second policer drops costs nothing with the first. */
static __noinline int police_port(struct packet* p) {
    __u32 features = p->port->features;
    struct xdpb_policer* storm = features & XDPB_FEATURE_STORM ? storm_policer(p) : NULL;
    struct xdpb_policer* ingress =
        features & XDPB_FEATURE_POLICER ? policer_of_port(XDPB_POLICER_INGRESS) : NULL;

    if (storm && !police_frame(storm, p))
        return drop(p, XDPB_DROP_STORM);
    if (!ingress || police_frame(ingress, p))
        return NEXT;
    if (storm)
        give_back(storm, p);
    return drop(p, XDPB_DROP_POLICER);
}

static __always_inline int admit(struct packet* p) {
    int verdict;

    if (p->port->features & (XDPB_FEATURE_STORM | XDPB_FEATURE_POLICER) &&
        (verdict = police_port(p)) != NEXT)
        return verdict;
    return p->frame->rule ? apply_rule(p) : NEXT;
}
