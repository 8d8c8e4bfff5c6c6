/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the frame goes. Exits, always: forward, flood, drop HAIRPIN. */
#pragma once
#include "fdb.h"

static __always_inline int forward(struct packet* p) {
    struct xdpb_fdb_entry* entry;

    if (mac_is_multicast(p->dst.mac))
        return flood(p);
    entry = bpf_map_lookup_elem(&fdb, &p->dst);
    if (!entry || fdb_aged(p->bridge, entry, p->now))
        return flood(p);
    if (entry->port == port_no)
        return drop(p, XDPB_DROP_HAIRPIN);
    return forward_to(p, entry->port);
}
