/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the frame goes. Exits, always: forward, flood, drop HAIRPIN, VLAN_EGRESS, ISOLATED,
 * BLACKHOLE, and those of the stages that see it when its way is known: check_output, admit. */
#pragma once
#include "admit.h"
#include "fdb.h"
#include "filter.h"
#include "route.h"

/* NEXT with p->frame->out set, or the verdict. */
static __always_inline int find_output(struct packet* p) {
    struct xdpb_fdb_entry* entry;

    if (p->frame->routed || mac_is_multicast(p->frame->dst.mac))
        return NEXT;
    entry = bpf_map_lookup_elem(&fdb, &p->frame->dst);
    if (!entry || fdb_aged(p->bridge, entry, p->frame->now))
        return NEXT;
    if (entry->port == port_no)
        return drop(p, XDPB_DROP_HAIRPIN);
    if (blocked(p, entry->port))
        return NEXT;
    if (entry->flags & XDPB_FDB_ROUTER)
        return route(p, entry->port);
    if (p->vlan && !has_port(p->vlan->members, entry->port))
        return drop(p, XDPB_DROP_VLAN_EGRESS);
    if (isolated(p, entry->port))
        return drop(p, XDPB_DROP_ISOLATED);
    p->frame->out = entry->port;
    return NEXT;
}

static __always_inline int forward(struct packet* p, bool retags) {
    int verdict;

    if ((verdict = find_output(p)) != NEXT)
        return verdict;
    if ((verdict = check_output(p)) != NEXT)
        return verdict;
    if ((verdict = admit(p)) != NEXT)
        return verdict;
    if (p->frame->routed | p->frame->to_stack && (verdict = rewrite(p)) != NEXT)
        return verdict;
    return send(p, retags);
}
