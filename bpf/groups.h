/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The map of who has joined which multicast group. Included by maps.h. */
#pragma once

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC); /* most bridges have none */
    __uint(max_entries, XDPB_MDB_SIZE);
    __type(key, struct xdpb_mdb_key);
    __type(value, struct xdpb_mdb_entry);
} mdb SEC(".maps");

/* As "neighbour_slots": what was put into "mdb" on a port's word. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, XDPB_MAX_PORTS* XDPB_GROUPS_PER_PORT);
    __type(key, __u32);
    __type(value, struct xdpb_mdb_key);
} group_slots SEC(".maps");

static __always_inline bool mdb_alive(const struct xdpb_mdb_entry* entry, __u64 now) {
    return entry->flags & XDPB_MDB_STATIC || now < entry->expires_ns;
}
