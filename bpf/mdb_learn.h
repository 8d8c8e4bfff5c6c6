/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Joins and leaves: what reports and queries change in the map "mdb". */
#pragma once
#include "mdb.h"

/* RFC 3376 8: group membership interval, other querier present interval; and last member query
 * time, in which those who still want a group answer the querier's question about it. RFC 3810 9
 * has the same for MLD. */
#define MEMBER_NS (260 * XDPB_NSEC_PER_SEC)
#define QUERIER_NS (255 * XDPB_NSEC_PER_SEC)
#define LAST_MEMBER_NS (2 * XDPB_NSEC_PER_SEC)

/* How many slots one join looks at. */
#define GROUP_PROBES 8

static __always_inline struct xdpb_mdb_key* take_group_slot(struct packet* p) {
    for (int probe = 0; probe < GROUP_PROBES; probe++) {
        __u32 hand = __sync_fetch_and_add(&p->port->group_hand, 1);
        __u32 index = port_no * XDPB_GROUPS_PER_PORT + hand % XDPB_GROUPS_PER_PORT;
        struct xdpb_mdb_key* slot = bpf_map_lookup_elem(&group_slots, &index);
        struct xdpb_mdb_entry* entry = slot ? bpf_map_lookup_elem(&mdb, slot) : NULL;

        if (!slot)
            return NULL;
        if (!entry)
            return slot;
        if (!mdb_alive(entry, p->frame->now)) {
            bpf_map_delete_elem(&mdb, slot);
            return slot;
        }
    }
    return NULL;
}

/* Makes an entry live until then. False: there is none, and room for none. */
static __noinline int renew(struct packet* p, struct xdpb_mdb_key* key, __u64 until,
                            bool needs_slot) {
    struct xdpb_mdb_entry* entry = bpf_map_lookup_elem(&mdb, key);
    struct xdpb_mdb_entry fresh = {.expires_ns = until};
    struct xdpb_mdb_key* slot;

    if (entry) {
        if (!(entry->flags & XDPB_MDB_STATIC))
            entry->expires_ns = until;
        return true;
    }
    if (needs_slot) {
        slot = take_group_slot(p);
        if (!slot)
            return false;
        *slot = *key;
    }
    return bpf_map_update_elem(&mdb, key, &fresh, BPF_ANY) == 0;
}

/* Says of the port something that holds for all groups of the family. There is one such entry for a
 * port's VLAN, so it needs no slot. */
static __always_inline void mark_port(struct packet* p, enum xdpb_family family, __u32 which,
                                      __u64 until) {
    struct xdpb_mdb_key key = {.vlan = p->frame->dst.vlan, .port = port_no};

    set_special_group(key.group, family, which);
    renew(p, &key, until, false);
}

/* A group that there is no room for must not be pruned: the port gets all groups then. key: any of
 * the VLAN. */
static __always_inline int overflow_by(struct packet* p, struct xdpb_mdb_key* key,
                                       enum xdpb_family family) {
    p->counters->quota_exceeded++;
    key->port = port_no;
    set_special_group(key->group, family, MDB_OVERFLOW);
    renew(p, key, p->frame->now + MEMBER_NS, false);
    return 0;
}

static __noinline int overflow(struct packet* p, enum xdpb_family family) {
    struct xdpb_mdb_key key = {.vlan = p->frame->dst.vlan};

    return overflow_by(p, &key, family);
}

static __noinline int join(struct packet* p, const __u8* group) {
    struct xdpb_mdb_key key = {.vlan = p->frame->dst.vlan, .port = port_no};
    __u64 until = p->frame->now + MEMBER_NS;
    bool joined;

    if (is_for_all(group))
        return 0;
    __builtin_memcpy(key.group, group, sizeof(key.group));
    joined = renew(p, &key, until, true);
    key.port = 0;
    if (joined && renew(p, &key, until, true))
        return 0;
    /* With the same key, for the stack is almost used up here. */
    return overflow_by(p, &key, is_mapped(group) ? XDPB_FAMILY_IPV4 : XDPB_FAMILY_IPV6);
}

static __noinline int leave(struct packet* p, const __u8* group) {
    struct xdpb_mdb_key key = {.vlan = p->frame->dst.vlan, .port = port_no};
    __u64 until = p->frame->now;
    struct xdpb_mdb_entry* entry;

    if (is_for_all(group))
        return 0;
    __builtin_memcpy(key.group, group, sizeof(key.group));
    entry = bpf_map_lookup_elem(&mdb, &key);
    if (!(p->port->features & XDPB_FEATURE_FAST_LEAVE))
        until += LAST_MEMBER_NS;
    if (entry && !(entry->flags & XDPB_MDB_STATIC) && entry->expires_ns > until)
        entry->expires_ns = until;
    return 0;
}

static __always_inline void found_router(struct packet* p, enum xdpb_family family) {
    mark_port(p, family, MDB_ROUTER, p->frame->now + QUERIER_NS);
}

/* After a time without a querier it is not known who is a member until all have had the time to
 * answer the first query. */
static __always_inline void found_querier(struct packet* p, enum xdpb_family family,
                                          __u64 response_ns) {
    __u32 vid = p->frame->dst.vlan;
    struct xdpb_vlan* vlan = bpf_map_lookup_elem(&vlans, &vid);

    if (!vlan)
        return;
    if (p->frame->now >= vlan->querier_until_ns[family])
        vlan->prune_from_ns[family] = p->frame->now + response_ns;
    vlan->querier_until_ns[family] = p->frame->now + QUERIER_NS;
    found_router(p, family);
}
