/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ARP (RFC 826) and neighbour discovery (RFC 4861) that speaks for somebody else. */
#pragma once
#include "arp_message.h"
#include "nd_message.h"
#include "source_guard.h"

/* A request that says nothing of its sender is a probe (RFC 5227 2.1). */
static __noinline int arp_is_good(hook_ctx* ctx, const struct guard_query* q) {
    struct arp_ipv4 arp;
    __u8 ip[16];
    __be32 sender;

    if (!load(ctx, q->headers.network, &arp, sizeof(arp)) || !is_arp_ipv4(&arp) ||
        !same_mac(arp.sender_mac, q->mac))
        return false;
    __builtin_memcpy(&sender, arp.sender_ip, sizeof(sender));
    if (!sender)
        return arp.operation == bpf_htons(ARP_REQUEST);
    map_ipv4(ip, sender);
    return ip_is_bound(q, ip);
}

#define GUARDED_ND_OPTIONS 16

static __always_inline bool says_nd(const struct headers* h) {
    return h->protocol == IPPROTO_ICMPV6 && h->icmp_type >= ND_ROUTER_SOLICITATION &&
           h->icmp_type <= ND_REDIRECT;
}

/* Where the options begin, from the ICMPv6 header on. */
static __always_inline __u32 nd_header_length(__u8 type) {
    switch (type) {
    case ND_ROUTER_SOLICITATION:
        return 8;
    case ND_ROUTER_ADVERTISEMENT:
        return 16;
    case ND_REDIRECT:
        return 40;
    default:
        return 24;
    }
}

/* A redirect names the MAC of another host, and that is its purpose. */
static __always_inline bool names_sender(const struct nd_option* option, __u8 message) {
    return option->type == ND_SOURCE_MAC ||
           (option->type == ND_TARGET_MAC && message == ND_NEIGHBOUR_ADVERTISEMENT);
}

static __noinline int nd_options_are_good(hook_ctx* ctx, const struct guard_query* q) {
    const struct headers* h = &q->headers;
    __u32 offset = h->transport + nd_header_length(h->icmp_type);
    struct nd_option option;

    for (int i = 0; i < GUARDED_ND_OPTIONS; i++) {
        if (offset == h->end)
            return true;
        if (offset + sizeof(option) > h->end || !load(ctx, offset, &option, sizeof(option)) ||
            !option.length)
            return false;
        if (names_sender(&option, h->icmp_type) &&
            (option.length != 1 || !same_mac(option.mac, q->mac)))
            return false;
        offset += option.length * 8;
    }
    return offset == h->end;
}

/* The address that the message speaks for has to be the sender's: that which it advertises, that
 * which it wants to have (from ::, to detect a duplicate), else that which it comes from. Hosts do
 * not take it in fragments (RFC 6980). */
static __noinline int nd_is_good(hook_ctx* ctx, const struct guard_query* q) {
    const struct headers* h = &q->headers;
    bool from_nobody = is_unspecified(h->src);
    __u8 target[16];

    if (h->flags & HEADERS_FRAGMENT)
        return false;
    if (h->icmp_type == ND_NEIGHBOUR_ADVERTISEMENT ||
        (h->icmp_type == ND_NEIGHBOUR_SOLICITATION && from_nobody)) {
        if (!load(ctx, h->transport + 8, target, sizeof(target)) || !ip_is_bound(q, target))
            return false;
    } else if (from_nobody ? h->icmp_type != ND_ROUTER_SOLICITATION : !ip_is_bound(q, h->src)) {
        return false;
    }
    return nd_options_are_good(ctx, q);
}
