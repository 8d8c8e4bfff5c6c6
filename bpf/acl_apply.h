/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the rule of a frame does to it, at the hook that sends it, once. mirror_matched is the
 * hook's affair. Exits: drop ACL_POLICER.
 */
#pragma once
#include "acl.h"
#include "mirror.h"
#include "policer.h"

static __always_inline void set_class(struct packet* p, __u8 class) {
    if (vlan_protocol)
        p->frame->tci = (p->frame->tci & (__u16)~TCI_PCP) | (__u16) class << TCI_PCP_SHIFT;
    set_queue_class(p->ctx, class);
}

static __noinline int apply_rule(struct packet* p) {
    struct xdpb_acl_rule* rule = rule_of(p);
    struct xdpb_policer* policer;

    if (!rule)
        return NEXT;
    count_rule(p);
    switch (rule->action) {
    case XDPB_ACL_POLICE:
        policer = policer_at(XDPB_POLICER_ACL + p->frame->rule - 1);
        if (policer && !police_frame(policer, p))
            return drop(p, XDPB_DROP_ACL_POLICER);
        return NEXT;
    case XDPB_ACL_MIRROR:
        mirror_matched(p, rule->mirror);
        return NEXT;
    case XDPB_ACL_CLASS:
        set_class(p, rule->set_class);
        return NEXT;
    default:
        return NEXT;
    }
}
