/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Remember where the source MAC is. Never an exit: a frame that cannot be learned from is forwarded
 * all the same. The order of the cases is the order of how often they occur.
 */
#pragma once
#include "reclaim.h"

#define E2BIG 7
#define EEXIST 17

static __always_inline void limit_hit(struct packet* p) {
    if (p->now - p->port->limit_event_ns < XDPB_NSEC_PER_SEC)
        return;
    p->port->limit_event_ns = p->now;
    send_event(p->bridge, XDPB_EVENT_LIMIT, p->now, &p->src, port_no, 0);
}

/* Takes one place of the ingress port's quota, or counts that there was none. */
static __always_inline bool take_quota(struct packet* p) {
    __u32 quota = p->port->mac_quota;

    for (int attempt = 0; attempt < 2; attempt++) {
        if (__sync_fetch_and_add(&p->port->learned, 1) < quota || !quota)
            return true;
        __sync_fetch_and_add(&p->port->learned, -1);
        if (!attempt)
            reclaim_when_full(p);
    }
    p->counters->quota_exceeded++;
    limit_hit(p);
    return false;
}

static __noinline int learn_new(struct packet* p) {
    /* The exact clock: within a tick of the coarse one, a host may be deleted and learned again. */
    __u64 created = bpf_ktime_get_ns();
    struct xdpb_fdb_entry entry = {.port = port_no, .seen_ns = p->now, .created_ns = created};
    struct xdpb_reclaim item = {.key = p->src, .created_ns = created};
    long err;

    if (!take_quota(p))
        return 0;
    err = bpf_map_update_elem(&fdb, &p->src, &entry, BPF_NOEXIST);
    if (err == -E2BIG) {
        reclaim_when_full(p);
        err = bpf_map_update_elem(&fdb, &p->src, &entry, BPF_NOEXIST);
    }
    if (err) {
        count_learned(port_no, -1);
        if (err != -EEXIST) { /* EEXIST: another CPU learned it from the frame before */
            p->counters->fdb_full++;
            limit_hit(p);
        }
        return 0;
    }
    reclaim_some(p, RECLAIM_PER_LEARN);
    if (bpf_map_push_elem(&reclaim, &item, 0)) {
        /* The queue is full of entries deleted by hand. One that is not in it would never be
         * reclaimed. */
        if (!bpf_map_delete_elem(&fdb, &p->src))
            count_learned(port_no, -1);
        p->counters->fdb_full++;
        return 0;
    }
    send_event(p->bridge, XDPB_EVENT_LEARN, p->now, &p->src, port_no, 0);
    return 0;
}

/* port and flags as one word */
static __always_inline __u32* where(struct xdpb_fdb_entry* entry) {
    return (__u32*)&entry->port;
}

/*
 * The MAC is behind another port than the table says. The compare-and-swap makes one CPU the mover,
 * and lets an entry that has just become static alone.
 */
static __noinline int learn_move(struct packet* p, struct xdpb_fdb_entry* entry) {
    struct xdpb_fdb_entry was = {.port = entry->port};
    struct xdpb_fdb_entry here = {.port = port_no};

    if (!take_quota(p))
        return 0;
    if (!__sync_bool_compare_and_swap(where(entry), *where(&was), *where(&here))) {
        count_learned(port_no, -1);
        return 0;
    }
    entry->seen_ns = p->now;
    count_learned(was.port, -1);
    p->counters->moved_here++;
    send_event(p->bridge, XDPB_EVENT_MOVE, p->now, &p->src, port_no, was.port);
    return 0;
}

/* An entry that has aged out is not there: its MAC is learned as if it were new. */
static __noinline int learn_again(struct packet* p, struct xdpb_fdb_entry* entry) {
    __u16 port = entry->port;

    if (!bpf_map_delete_elem(&fdb, &p->src))
        count_learned(port, -1);
    return learn_new(p);
}

static __always_inline int learn(struct packet* p) {
    struct xdpb_fdb_entry* entry;

    if (!(p->port->flags & XDPB_PORT_LEARNING))
        return NEXT;
    entry = bpf_map_lookup_elem(&fdb, &p->src);
    if (!entry)
        learn_new(p);
    else if (entry->flags & XDPB_FDB_STATIC)
        return NEXT;
    else if (fdb_aged(p->bridge, entry, p->now))
        learn_again(p, entry);
    else if (entry->port != port_no)
        learn_move(p, entry);
    else if ((__s64)(p->now - entry->seen_ns) > (__s64)p->bridge->refresh_ns)
        entry->seen_ns = p->now; /* once a second at most: the cache line stays shared */
    return NEXT;
}
