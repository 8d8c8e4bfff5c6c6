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

static __always_inline int pass_or(enum xdpb_drop_reason reason, bool drop) {
    return drop ? (int)reason : NEXT;
}

/* NEXT, or why to drop. A global function, as parse_headers is. */
__noinline int judge(hook_ctx* ctx, struct guard_query* q) {
    const struct headers* h;
    bool bound;

    if (!q)
        return NEXT; /* cannot happen */
    h = &q->headers;
    bound = has_bound_ip(q);
    if (q->features & XDPB_FEATURE_MAC_GUARD && !bound && !mac_is_bound(q->mac))
        return XDPB_DROP_MAC_GUARD;
    if (h->ethertype == ETH_P_ARP)
        return pass_or(XDPB_DROP_ARP_GUARD,
                       q->features & XDPB_FEATURE_ARP_GUARD && !arp_is_good(ctx, q));
    if (!(h->flags & (HEADERS_IPV4 | HEADERS_IPV6 | HEADERS_HIDDEN)))
        return NEXT;
    if (q->features & XDPB_FEATURE_IP_GUARD && !bound && !source_ip_is_good(q))
        return XDPB_DROP_IP_GUARD;
    if (h->flags & HEADERS_LATER)
        return NEXT;
    if (q->features & XDPB_FEATURE_ARP_GUARD &&
        (may_be(h, IPPROTO_ICMPV6) || (says_nd(h) && !nd_is_good(ctx, q))))
        return XDPB_DROP_ARP_GUARD;
    if (q->features & XDPB_FEATURE_DHCP_GUARD && (may_be(h, IPPROTO_UDP) || from_dhcp_server(h)))
        return XDPB_DROP_DHCP_GUARD;
    return pass_or(XDPB_DROP_RA_GUARD, q->features & XDPB_FEATURE_RA_GUARD &&
                                           (may_be(h, IPPROTO_ICMPV6) || from_router(h)));
}

static __noinline int guard_headers(struct packet* p) {
    struct guard_query q = {.features = p->port->features};
    struct frame_macs macs;
    __u32 reason;

    read_macs(p, &macs);
    __builtin_memcpy(q.mac, macs.src, sizeof(q.mac));
    read_headers(p, &q.headers);
    reason = judge(p->ctx, &q);
    return reason < XDPB_DROP_REASON_COUNT ? drop(p, reason) : NEXT;
}

static __always_inline int port_guard(struct packet* p) {
    __u32 features = p->port->features;
    struct frame_macs macs;

    if (!(features & (XDPB_FEATURE_MAC_GUARD | IP_GUARDS)))
        return NEXT;
    if (features & IP_GUARDS)
        return guard_headers(p);
    read_macs(p, &macs);
    return mac_is_bound(macs.src) ? NEXT : drop(p, XDPB_DROP_MAC_GUARD);
}
