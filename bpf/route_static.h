/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The way of a routed frame by the bridge's own routes. The next hop's MAC is that of the map
 * "neighbours", or else the kernel's neighbour on the egress interface.
 */
#pragma once
#include "neighbours.h"
#include "route_lookup.h"

static __always_inline struct xdpb_route* find_route(const struct hop_lookup* hop) {
    struct xdpb_route4_key key4 = {.bits = 32};
    struct xdpb_route6_key key6 = {.bits = 128};

    if (hop->fib.family == AF_INET) {
        __builtin_memcpy(key4.address, &hop->fib.ipv4_dst, sizeof(key4.address));
        return bpf_map_lookup_elem(&routes4, &key4);
    }
    __builtin_memcpy(key6.address, hop->fib.ipv6_dst, sizeof(key6.address));
    return bpf_map_lookup_elem(&routes6, &key6);
}

/* The gateway, or the destination itself. As the map has it: IPv4 as ::ffff:a.b.c.d. */
static __always_inline void read_next_hop(const struct hop_lookup* hop,
                                          const struct xdpb_route* way,
                                          struct xdpb_neighbour_key* key) {
    if (way->flags & XDPB_ROUTE_GATEWAY) {
        __builtin_memcpy(key->ip, way->gateway, sizeof(key->ip));
    } else if (hop->fib.family == AF_INET) {
        key->ip[10] = key->ip[11] = 0xff;
        __builtin_memcpy(&key->ip[12], &hop->fib.ipv4_dst, 4);
    } else {
        __builtin_memcpy(key->ip, hop->fib.ipv6_dst, sizeof(key->ip));
    }
}

static __always_inline bool is_ipv4(const struct xdpb_neighbour_key* key) {
    const __u32* words = (const void*)key->ip;

    return !words[0] && !words[1] && words[2] == bpf_htonl(0xffff);
}

/* As if the host itself sent to the next hop by that interface: no other is to be found. In the
 * place of the first question, of which only the length is still needed: the stack is short. */
static __always_inline int ask_kernel_for_neighbour(struct packet* p, struct hop_lookup* hop,
                                                    const struct xdpb_neighbour_key* key) {
    __u32 ifindex = hop->fib.ifindex;
    __u16 length = hop->fib.tot_len;
    long answer;

    __builtin_memset(&hop->fib, 0, sizeof(hop->fib));
    hop->fib.ifindex = ifindex;
    hop->fib.tot_len = 1;
    if (is_ipv4(key)) {
        hop->fib.family = AF_INET;
        __builtin_memcpy(&hop->fib.ipv4_dst, &key->ip[12], 4);
    } else {
        hop->fib.family = AF_INET6;
        __builtin_memcpy(hop->fib.ipv6_dst, key->ip, sizeof(key->ip));
    }
    answer = bpf_fib_lookup(p->ctx, &hop->fib, sizeof(hop->fib),
                            BPF_FIB_LOOKUP_DIRECT | BPF_FIB_LOOKUP_OUTPUT);
    hop->fib.tot_len = length;
    if (answer == BPF_FIB_LKUP_RET_FWD_DISABLED)
        return XDPB_STACK_FORWARDING_OFF;
    if (answer != BPF_FIB_LKUP_RET_SUCCESS || hop->fib.ifindex != ifindex)
        return XDPB_STACK_NO_NEIGHBOUR;
    return ROUTED;
}

static __noinline int ask_static_routes(struct packet* p, struct hop_lookup* hop) {
    struct xdpb_route* way = find_route(hop);
    struct xdpb_neighbour_key key = {};
    struct xdpb_neighbour* neighbour;
    struct xdpb_port* to;
    __u32 port;

    if (!way)
        return XDPB_STACK_NO_ROUTE;
    if (way->flags & XDPB_ROUTE_BLACKHOLE)
        return BLACKHOLE;
    if (way->flags & XDPB_ROUTE_LOCAL)
        return XDPB_STACK_LOCAL;
    port = way->port;
    to = bpf_map_lookup_elem(&ports, &port);
    if (!to)
        return XDPB_STACK_UNSUPPORTED; /* cannot happen: an array map */
    hop->fib.ifindex = to->router_ifindex;
    read_next_hop(hop, way, &key);
    key.domain =
        to->features & XDPB_FEATURE_ROUTED ? (XDPB_DOMAIN_PORT | (__u16)port) : to->svi_vlan;
    neighbour = bpf_map_lookup_elem(&neighbours, &key);
    if (!neighbour || neighbour_aged(p->bridge, neighbour, p->frame->now)) {
        int answer = ask_kernel_for_neighbour(p, hop, &key);

        if (answer != ROUTED)
            return answer;
    } else {
        __builtin_memcpy(hop->fib.dmac, neighbour->mac, ETH_ALEN);
        __builtin_memcpy(hop->fib.smac, to->router_mac, ETH_ALEN);
    }
    if (hop->ttl <= 1)
        return XDPB_STACK_TTL;
    return fits_device(p, hop) ? ROUTED : XDPB_STACK_TOO_LONG;
}
