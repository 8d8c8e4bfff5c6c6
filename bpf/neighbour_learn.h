/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who has which address, by what hosts say of themselves in ARP and ND. A port can make known only
 * hosts whose MAC the FDB has at this port, and so many of them as it has slots.
 */
#pragma once
#include "address.h"
#include "fdb.h"
#include "filter.h"

/* How many slots one learner looks at. */
#define NEIGHBOUR_PROBES 8

static __always_inline struct xdpb_neighbour_key* take_neighbour_slot(struct packet* p) {
    for (int probe = 0; probe < NEIGHBOUR_PROBES; probe++) {
        __u32 hand = __sync_fetch_and_add(&p->port->neighbour_hand, 1);
        __u32 index = port_no * XDPB_NEIGHBOURS_PER_PORT + hand % XDPB_NEIGHBOURS_PER_PORT;
        struct xdpb_neighbour_key* slot = bpf_map_lookup_elem(&neighbour_slots, &index);
        struct xdpb_neighbour* entry = slot ? bpf_map_lookup_elem(&neighbours, slot) : NULL;

        if (!slot)
            return NULL;
        if (!entry)
            return slot;
        if (neighbour_aged(p->bridge, entry, p->frame->now)) {
            bpf_map_delete_elem(&neighbours, slot);
            return slot;
        }
    }
    return NULL;
}

/* MAC and flags as one word, so that nobody reads half of each. */
static __always_inline __u64 mac_word(const __u8* mac) {
    struct xdpb_neighbour entry = {};

    __builtin_memcpy(entry.mac, mac, ETH_ALEN);
    return *(__u64*)&entry;
}

/* The host with the frame's source MAC says that it has this address. */
static __noinline int learn_neighbour(struct packet* p, struct xdpb_neighbour_key* key) {
    struct xdpb_fdb_key src = p->frame->src; /* see resume() */
    struct xdpb_fdb_entry* host = bpf_map_lookup_elem(&fdb, &src);
    struct xdpb_neighbour* entry = bpf_map_lookup_elem(&neighbours, key);
    struct xdpb_neighbour fresh = {.seen_ns = p->frame->now};
    struct xdpb_neighbour_key* slot;

    if (!host || host->port != port_no || fdb_aged(p->bridge, host, p->frame->now))
        return 0;
    if (entry && entry->flags & XDPB_NEIGHBOUR_STATIC)
        return 0;
    if (entry) {
        if (!same_mac(entry->mac, p->frame->src.mac))
            *(volatile __u64*)entry = mac_word(p->frame->src.mac);
        else if ((__s64)(p->frame->now - entry->seen_ns) <= (__s64)p->bridge->refresh_ns)
            return 0;
        entry->seen_ns = p->frame->now;
        return 0;
    }
    slot = take_neighbour_slot(p);
    if (!slot) {
        p->counters->quota_exceeded++;
        return 0;
    }
    *slot = *key;
    __builtin_memcpy(fresh.mac, p->frame->src.mac, ETH_ALEN);
    bpf_map_update_elem(&neighbours, key, &fresh, BPF_NOEXIST);
    return 0;
}

/* Whether the port that asks may be answered in the name of who has this address. Sets mac. */
static __noinline int find_neighbour(struct packet* p, struct xdpb_neighbour_key* key, __u8* mac) {
    struct xdpb_neighbour* entry = bpf_map_lookup_elem(&neighbours, key);
    struct xdpb_fdb_key host = {.vlan = p->frame->dst.vlan};
    struct xdpb_fdb_entry* where;

    if (!entry || neighbour_aged(p->bridge, entry, p->frame->now))
        return false;
    __builtin_memcpy(host.mac, entry->mac, ETH_ALEN);
    where = bpf_map_lookup_elem(&fdb, &host);
    if (!where || fdb_aged(p->bridge, where, p->frame->now) || where->port == port_no)
        return false;
    if (p->vlan && !has_port(p->vlan->members, where->port))
        return false;
    __builtin_memcpy(mac, host.mac, ETH_ALEN);
    return !isolated(p, where->port);
}

static __always_inline bool is_host_mac(const __u8* mac) {
    return !mac_is_multicast(mac) && !mac_is_zero(mac);
}

struct mac_pair {
    __u8 dst[ETH_ALEN];
    __u8 src[ETH_ALEN];
};
