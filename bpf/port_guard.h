/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the host behind a port must not send, by the port's settings; before anything is learned
 * from it. Exits: drop MAC_GUARD, IP_GUARD, ARP_GUARD, DHCP_GUARD, RA_GUARD.
 *
 * Where a guard cannot see what it has to judge, it drops: headers that are cut off or wrong, more
 * than IPV6_EXTENSIONS of them, more tags than two, and of IPv6 a first fragment that does not hold
 * them all (RFC 7113 for RA guard, RFC 7610 for DHCPv6). Later fragments pass: without the first
 * one a host makes nothing of them.
 */
#pragma once
#include "neighbour_guard.h"
#include "verdict.h"

#define IP_GUARDS                                                                                  \
    (XDPB_FEATURE_IP_GUARD | XDPB_FEATURE_ARP_GUARD | XDPB_FEATURE_DHCP_GUARD |                    \
     XDPB_FEATURE_RA_GUARD)

#define DHCPV6_CLIENT 546
#define DHCPV6_SERVER 547

/* What a server sends, or what a client would take for it: clients look at their own port only. */
static __always_inline bool from_dhcp_server(const struct headers* h) {
    if (h->protocol != IPPROTO_UDP)
        return false;
    if (h->flags & HEADERS_IPV4)
        return h->sport == DHCP_SERVER || h->dport == DHCP_CLIENT;
    return h->sport == DHCPV6_SERVER || h->dport == DHCPV6_CLIENT;
}

static __always_inline bool from_router(const struct headers* h) {
    return h->protocol == IPPROTO_ICMPV6 &&
           (h->icmp_type == ND_ROUTER_ADVERTISEMENT || h->icmp_type == ND_REDIRECT);
}

/* Whether the frame might be anything of this kind. An IPv4 header names its transport for sure. */
static __always_inline bool may_be(const struct headers* h, __u8 protocol) {
    return h->flags & HEADERS_HIDDEN && (!(h->flags & HEADERS_IPV4) || h->protocol == protocol);
}

static __always_inline int judge_ip(struct packet* p) {
    __u32 features = p->port->features;
    struct headers h = {};
    bool is_ip;

    read_headers(p, &h);
    if (h.ethertype == ETH_P_ARP)
        return features & XDPB_FEATURE_ARP_GUARD && !arp_is_good(p, &h)
                   ? drop(p, XDPB_DROP_ARP_GUARD)
                   : NEXT;
    is_ip = h.flags & (HEADERS_IPV4 | HEADERS_IPV6);
    if (!is_ip && !(h.flags & HEADERS_HIDDEN))
        return NEXT;
    if (features & XDPB_FEATURE_IP_GUARD && !source_ip_is_good(p, &h))
        return drop(p, XDPB_DROP_IP_GUARD);
    if (h.flags & HEADERS_LATER)
        return NEXT;
    if (features & XDPB_FEATURE_ARP_GUARD &&
        (may_be(&h, IPPROTO_ICMPV6) || (says_nd(&h) && !nd_is_good(p, &h))))
        return drop(p, XDPB_DROP_ARP_GUARD);
    if (features & XDPB_FEATURE_DHCP_GUARD && (may_be(&h, IPPROTO_UDP) || from_dhcp_server(&h)))
        return drop(p, XDPB_DROP_DHCP_GUARD);
    if (features & XDPB_FEATURE_RA_GUARD && (may_be(&h, IPPROTO_ICMPV6) || from_router(&h)))
        return drop(p, XDPB_DROP_RA_GUARD);
    return NEXT;
}

__noinline int guard_ip(hook_ctx* ctx, struct frame* frame) {
    struct packet p;

    return resume(&p, ctx, frame) ? judge_ip(&p) : NEXT;
}

static __always_inline int port_guard(struct packet* p) {
    __u32 features = p->port->features;

    if (!(features & (XDPB_FEATURE_MAC_GUARD | IP_GUARDS)))
        return NEXT;
    if (features & XDPB_FEATURE_MAC_GUARD && !mac_is_bound(p))
        return drop(p, XDPB_DROP_MAC_GUARD);
    return features & IP_GUARDS ? guard_ip(p->ctx, p->frame) : NEXT;
}
