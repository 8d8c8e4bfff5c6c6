/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the frame goes. Exits, always: forward, flood, drop HAIRPIN, VLAN_EGRESS, ISOLATED, and
 * those of the stages that see it when its way is known: check_output, admit. */
#pragma once
#include "admit.h"
#include "fdb.h"
#include "filter.h"
#include "route.h"

/* NEXT with p->out set, or the verdict. */
static __always_inline int find_output(struct packet* p) {
    struct xdpb_fdb_entry* entry;

    p->out = FLOOD;
    if (mac_is_multicast(p->dst.mac))
        return NEXT;
    entry = bpf_map_lookup_elem(&fdb, &p->dst);
    if (entry && entry->flags & XDPB_FDB_ROUTER && !p->routed) {
        int verdict = route(p, entry->port);

        if (verdict != NEXT || p->out != FLOOD)
            return verdict;
        entry = bpf_map_lookup_elem(&fdb, &p->dst);
    }
    if (!entry || fdb_aged(p->bridge, entry, p->now))
        return NEXT;
    if (entry->port == port_no && !p->routed)
        return drop(p, XDPB_DROP_HAIRPIN);
    if (blocked(p, entry->port))
        return NEXT;
    if (p->vlan && !has_port(p->vlan->members, entry->port))
        return drop(p, XDPB_DROP_VLAN_EGRESS);
    if (isolated(p, entry->port))
        return drop(p, XDPB_DROP_ISOLATED);
    p->out = entry->port;
    return NEXT;
}

static __always_inline int send(struct packet* p) {
    return p->out == FLOOD ? flood(p) : forward_to(p, p->out);
}

static __always_inline int forward(struct packet* p) {
    int verdict;

    if ((verdict = find_output(p)) != NEXT)
        return verdict;
    if ((verdict = check_output(p)) != NEXT)
        return verdict;
    if ((verdict = admit(p)) != NEXT)
        return verdict;
    if (p->routed && (verdict = rewrite(p)) != NEXT)
        return verdict;
    return send(p);
}
