/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Remember where the source MAC is. Never an exit: a frame that cannot be learned from is forwarded
 * all the same.
 */
#pragma once
#include "packet.h"
#include "reclaim.h"

#define E2BIG 7
#define EEXIST 17

/* A source MAC that was not at this port. */
struct arrival {
    struct xdpb_bridge* bridge;
    struct xdpb_port* port; /* ingress */
    struct xdpb_counters* counters;
    const struct xdpb_fdb_key* src;
    __u64 now;
};

static __always_inline void limit_hit(const struct arrival* a) {
    if (a->now - a->port->limit_event_ns < XDPB_NSEC_PER_SEC)
        return;
    a->port->limit_event_ns = a->now;
    send_event(a->bridge, XDPB_EVENT_LIMIT, a->now, a->src, port_no, 0);
}

/* Takes one place of the ingress port's quota, or counts that there was none. */
static __always_inline bool take_quota(const struct arrival* a) {
    __u32 quota = a->port->mac_quota;

    for (int attempt = 0; attempt < 2; attempt++) {
        if (__sync_fetch_and_add(&a->port->learned, 1) < quota || !quota)
            return true;
        __sync_fetch_and_add(&a->port->learned, -1);
        if (!attempt)
            reclaim_when_full(a->bridge, a->now);
    }
    a->counters->quota_exceeded++;
    limit_hit(a);
    return false;
}

static __always_inline void learn_new(const struct arrival* a) {
    /* The exact clock: within a tick of the coarse one, a host may be deleted and learned again. */
    __u64 created = bpf_ktime_get_ns();
    struct xdpb_fdb_entry entry = {.port = port_no, .seen_ns = a->now, .created_ns = created};
    struct xdpb_reclaim item = {.key = *a->src, .created_ns = created};
    int err; /* not long: see docs/surprises.md */

    if (!take_quota(a))
        return;
    err = bpf_map_update_elem(&fdb, &item.key, &entry, BPF_NOEXIST);
    /* Not again for nothing: each try takes the lock of a bucket that others look into. */
    if (err == -E2BIG && reclaim_when_full(a->bridge, a->now))
        err = bpf_map_update_elem(&fdb, &item.key, &entry, BPF_NOEXIST);
    if (err) {
        count_learned(port_no, -1);
        if (err != -EEXIST) { /* EEXIST: another CPU learned it from the frame before */
            a->counters->fdb_full++;
            limit_hit(a);
        }
        return;
    }
    reclaim_some(a->now, RECLAIM_PER_LEARN);
    if (bpf_map_push_elem(&reclaim, &item, 0)) {
        /* The queue is full of entries deleted by hand. One that is not in it would never be
         * reclaimed. */
        if (!bpf_map_delete_elem(&fdb, &item.key))
            count_learned(port_no, -1);
        a->counters->fdb_full++;
        return;
    }
    send_event(a->bridge, XDPB_EVENT_LEARN, a->now, &item.key, port_no, 0);
}

/* port and flags as one word */
static __always_inline __u32* where(struct xdpb_fdb_entry* entry) {
    return (__u32*)&entry->port;
}

/*
 * The MAC is behind another port than the table says. The compare-and-swap makes one CPU the mover,
 * and lets an entry that has just become static alone.
 */
static __always_inline void learn_move(const struct arrival* a, struct xdpb_fdb_entry* entry) {
    struct xdpb_fdb_entry was = {.port = entry->port};
    struct xdpb_fdb_entry here = {.port = port_no};

    if (!take_quota(a))
        return;
    if (!__sync_bool_compare_and_swap(where(entry), *where(&was), *where(&here))) {
        count_learned(port_no, -1);
        return;
    }
    entry->seen_ns = a->now;
    count_learned(was.port, -1);
    a->counters->moved_here++;
    send_event(a->bridge, XDPB_EVENT_MOVE, a->now, a->src, port_no, was.port);
}

/*
 * A global function, as reclaim_some: the verifier looks at it once, and not again for each way
 * that a frame may have come here. An entry that has aged out is not there: its MAC is learned as
 * if it were new.
 */
__noinline int learn_arrival(const struct xdpb_fdb_key* arrived, __u64 now) {
    __u32 zero = 0, ingress = port_no;
    struct xdpb_fdb_key src;
    struct arrival a = {.bridge = bpf_map_lookup_elem(&bridge, &zero),
                        .port = bpf_map_lookup_elem(&ports, &ingress),
                        .counters = counters_of(ingress),
                        .src = &src,
                        .now = now};
    struct xdpb_fdb_entry* entry;

    if (!arrived || !a.bridge || !a.port || !a.counters)
        return 0;
    src = *arrived; /* on the stack: see resume() */
    entry = bpf_map_lookup_elem(&fdb, &src);
    if (entry && !fdb_aged(a.bridge, entry, now)) {
        if (entry->port != port_no) /* else another CPU was faster */
            learn_move(&a, entry);
        return 0;
    }
    if (entry) {
        __u16 port = entry->port;

        if (!bpf_map_delete_elem(&fdb, &src))
            count_learned(port, -1);
    }
    learn_new(&a);
    return 0;
}

static __always_inline int learn(struct packet* p) {
    struct xdpb_fdb_entry* entry;

    if (!(p->port->flags & XDPB_PORT_LEARNING))
        return NEXT;
    entry = bpf_map_lookup_elem(&fdb, &p->frame->src);
    if (entry && entry->flags & XDPB_FDB_STATIC)
        return NEXT;
    if (!entry || entry->port != port_no || fdb_aged(p->bridge, entry, p->frame->now))
        learn_arrival(&p->frame->src, p->frame->now);
    else if ((__s64)(p->frame->now - entry->seen_ns) > (__s64)p->bridge->refresh_ns)
        entry->seen_ns = p->frame->now; /* once a second at most: the cache line stays shared */
    return NEXT;
}
