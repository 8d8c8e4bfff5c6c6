/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The map of who has which IP address. Included by maps.h. */
#pragma once

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC); /* most bridges have none */
    __uint(max_entries, XDPB_NEIGHBOURS);
    __type(key, struct xdpb_neighbour_key);
    __type(value, struct xdpb_neighbour);
} neighbours SEC(".maps");

/*
 * The learned ones again, by the port that they were learned from: element i of a port is number
 * i + port number * XDPB_NEIGHBOURS_PER_PORT. Whoever learns one needs an element, and takes one
 * whose entry is gone or has aged out; that is both the quota and how memory is won back.
 */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, XDPB_MAX_PORTS* XDPB_NEIGHBOURS_PER_PORT);
    __type(key, __u32);
    __type(value, struct xdpb_neighbour_key);
} neighbour_slots SEC(".maps");

/* As fdb_aged. */
static __always_inline bool neighbour_aged(const struct xdpb_bridge* br,
                                           const struct xdpb_neighbour* entry, __u64 now) {
    return !(entry->flags & XDPB_NEIGHBOUR_STATIC) &&
           (__s64)(now - entry->seen_ns) > (__s64)br->ageing_ns;
}
