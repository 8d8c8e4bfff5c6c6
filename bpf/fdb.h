/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rules of an FDB entry that more than one stage needs. */
#pragma once
#include "maps.h"

/*
 * Ageing is this comparison and nothing else: an entry that it holds for is not there. seen_ns may
 * lie ahead of now by a tick, when another CPU has just written it.
 */
static __always_inline bool fdb_aged(const struct xdpb_bridge* br,
                                     const struct xdpb_fdb_entry* entry, __u64 now) {
    return !(entry->flags & XDPB_FDB_STATIC) &&
           (__s64)(now - entry->seen_ns) > (__s64)br->ageing_ns;
}

/* Keeps xdpb_port.learned in step; port comes from a map value, so the bound is for the verifier.
 */
static __always_inline void count_learned(__u32 port, int change) {
    struct xdpb_port* entry = bpf_map_lookup_elem(&ports, &port);

    if (entry)
        __sync_fetch_and_add(&entry->learned, change);
}
