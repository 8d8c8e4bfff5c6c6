/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory of aged-out entries, won back without any process.
 *
 * Each learned entry has an element in the queue "reclaim". Whoever learns a new MAC takes a few
 * elements from the head: an entry that has aged out is deleted, one that lives goes to the tail
 * again, one that somebody deleted meanwhile is forgotten (created_ns tells an entry from a later
 * one of the same MAC). So the cost is borne by learning alone, a few elements each time, and the
 * queue turns at least twice as fast as the table fills.
 */
#pragma once
#include "events.h"
#include "fdb.h"

#define RECLAIM_PER_LEARN 2
/* A table or quota that is full makes the learner search harder, within a budget: ~5 ms of CPU a
 * second. */
#define RECLAIM_WHEN_FULL 16
#define RECLAIM_PER_SECOND 65536

/* Whether there is one entry less now. */
static __always_inline bool reclaim_one(struct xdpb_bridge* br, __u64 now) {
    struct xdpb_reclaim item;
    struct xdpb_fdb_entry* entry;

    if (bpf_map_pop_elem(&reclaim, &item))
        return false;
    entry = bpf_map_lookup_elem(&fdb, &item.key);
    if (!entry || entry->created_ns != item.created_ns || entry->flags & XDPB_FDB_STATIC)
        return false;
    if (!fdb_aged(br, entry, now)) {
        bpf_map_push_elem(&reclaim, &item, 0);
        return false;
    }
    __u16 port = entry->port;
    if (bpf_map_delete_elem(&fdb, &item.key))
        return false;
    count_learned(port, -1);
    send_event(br, XDPB_EVENT_AGE, now, &item.key, port, 0);
    return true;
}

/* A global function, as those of learn.h: the verifier looks at it once, and not again for each way
 * that a frame may have come here. It is told no more than numbers, and finds its maps itself.
 * Returns how many entries it deleted. */
__noinline int reclaim_some(__u64 now, __u32 count) {
    __u32 zero = 0;
    struct xdpb_bridge* br = bpf_map_lookup_elem(&bridge, &zero);
    int deleted = 0;

    for (__u32 i = 0; br && i < RECLAIM_WHEN_FULL && i < count; i++)
        deleted += reclaim_one(br, now);
    return deleted;
}

/* Searches harder while the second's budget lasts, and says how many entries it deleted. The race
 * between CPUs costs a few elements at most. */
static __always_inline int reclaim_when_full(struct xdpb_bridge* br, __u64 now) {
    __u64 second = now / XDPB_NSEC_PER_SEC;

    if (br->reclaim_second != second) {
        br->reclaim_second = second;
        br->reclaim_spent = 0;
    }
    if (br->reclaim_spent >= RECLAIM_PER_SECOND)
        return 0;
    br->reclaim_spent += RECLAIM_WHEN_FULL;
    return reclaim_some(now, RECLAIM_WHEN_FULL);
}
