/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of the bridge's own routes, for hosts whose kernel has none. Included by maps.h. */
#pragma once

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(map_flags, BPF_F_NO_PREALLOC); /* the only way there is */
    __uint(max_entries, XDPB_ROUTE_ROOM);
    __type(key, struct xdpb_route4_key);
    __type(value, struct xdpb_route);
} routes4 SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, XDPB_ROUTE_ROOM);
    __type(key, struct xdpb_route6_key);
    __type(value, struct xdpb_route);
} routes6 SEC(".maps");
