/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who may send from this port, and as whom: the map "sources". */
#pragma once
#include "nd_message.h"
#include "ip.h"

/* What the guards ask of a frame, as plain data: for a global function, see parse_headers. */
struct guard_query {
    struct headers headers;
    __u32 features;     /* of the port */
    __u8 mac[ETH_ALEN]; /* the frame's source */
};

static __always_inline bool is_source(struct xdpb_source* source, const __u8* mac) {
    __builtin_memcpy(source->mac, mac, sizeof(source->mac));
    source->port = port_no;
    return bpf_map_lookup_elem(&sources, source);
}

static __always_inline bool mac_is_bound(const __u8* mac) {
    struct xdpb_source source = {};

    return is_source(&source, mac);
}

static __always_inline bool is_unspecified(const __u8* ip) {
    __u32 words[4];

    __builtin_memcpy(words, ip, sizeof(words));
    return !(words[0] | words[1] | words[2] | words[3]);
}

/* fe80:: with the interface identifier made of the MAC (RFC 4291 appendix A): the address that a
 * host has before anybody gives it one, and nobody else's. */
static __always_inline bool is_own_link_local(const __u8* ip, const __u8* mac) {
    return ip[0] == 0xfe && ip[1] == 0x80 && !(ip[2] | ip[3] | ip[4] | ip[5] | ip[6] | ip[7]) &&
           ip[8] == (mac[0] ^ 2) && ip[9] == mac[1] && ip[10] == mac[2] && ip[11] == 0xff &&
           ip[12] == 0xfe && ip[13] == mac[3] && ip[14] == mac[4] && ip[15] == mac[5];
}

/* Whether the frame's sender may speak for this address. */
static __noinline int ip_is_bound(const struct guard_query* q, const __u8* ip) {
    struct xdpb_source source;

    if (is_unspecified(ip))
        return false; /* the key of a MAC alone */
    __builtin_memcpy(source.ip, ip, sizeof(source.ip));
    return is_source(&source, q->mac) || is_own_link_local(ip, q->mac);
}

#define DHCP_SERVER 67
#define DHCP_CLIENT 68

/* A DHCP client that has no address yet (RFC 2131 4.1). */
static __always_inline bool asks_for_ipv4(const struct headers* h) {
    return h->protocol == IPPROTO_UDP && h->sport == DHCP_CLIENT && h->dport == DHCP_SERVER;
}

#define MLD_REPORT 131
#define MLD_DONE 132
#define MLD2_REPORT 143

/* Duplicate address detection, and the reports and solicitations that go with it (RFC 4862 5.4, RFC
 * 3590, RFC 4861 4.1). */
static __always_inline bool looks_for_ipv6(const struct headers* h) {
    return h->protocol == IPPROTO_ICMPV6 && !(h->flags & (HEADERS_FRAGMENT | HEADERS_HIDDEN)) &&
           (h->icmp_type == ND_NEIGHBOUR_SOLICITATION || h->icmp_type == ND_ROUTER_SOLICITATION ||
            h->icmp_type == MLD2_REPORT || h->icmp_type == MLD_REPORT || h->icmp_type == MLD_DONE);
}

static __always_inline bool is_any_ipv4(const __u8* ip) {
    return !(ip[12] | ip[13] | ip[14] | ip[15]);
}

/* An address that is bound has its MAC bound too, so that most frames need one lookup. */
static __always_inline bool has_bound_ip(const struct guard_query* q) {
    struct xdpb_source source;

    if (!(q->features & XDPB_FEATURE_IP_GUARD) || is_unspecified(q->headers.src))
        return false;
    __builtin_memcpy(source.ip, q->headers.src, sizeof(source.ip));
    return is_source(&source, q->mac);
}

/* Of one that is not bound. */
static __always_inline bool source_ip_is_good(const struct guard_query* q) {
    const struct headers* h = &q->headers;

    if (h->flags & HEADERS_IPV4 && is_any_ipv4(h->src))
        return asks_for_ipv4(h);
    if (h->flags & HEADERS_IPV6 && is_unspecified(h->src))
        return looks_for_ipv6(h);
    return h->flags & (HEADERS_IPV4 | HEADERS_IPV6) && is_own_link_local(h->src, q->mac);
}
