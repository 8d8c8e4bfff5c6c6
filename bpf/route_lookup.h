/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a frame asks a router for: from the IP header to the kernel's form of the question. */
#pragma once
#include "route_ip.h"

#define AF_INET 2
#define AF_INET6 10
#define IP_FRAGMENT 0x3fff /* in iphdr.frag_off: more fragments, or not the first */

/* Beside the reasons of enum xdpb_stack_reason, which are 0 and more. */
#define ROUTED (-1)
#define BLACKHOLE (-2)

/* A frame on its way through the router. */
struct hop_lookup {
    struct bpf_fib_lookup fib;
    __u32 headers; /* bytes of IP and transport, of a GSO frame */
    __u8 ttl;
};

/* Source and destination port, of which ECMP may make its choice; and what length has to fit. */
static __always_inline void read_transport_of(struct packet* p, struct hop_lookup* hop,
                                              __u32 network_bytes, bool fragment) {
    __u8 offset = 0;

    if (hop->fib.l4_protocol != IPPROTO_TCP && hop->fib.l4_protocol != IPPROTO_UDP)
        return;
    if (!fragment)
        read_network(p, network_bytes, &hop->fib.sport, 4);
    if (!is_gso(p))
        return;
    hop->fib.tot_len = 1; /* to be told the MTU */
    hop->headers = network_bytes + 8;
    if (hop->fib.l4_protocol == IPPROTO_TCP && read_network(p, network_bytes + 12, &offset, 1))
        hop->headers = network_bytes + (offset >> 4) * 4;
}

static __always_inline int read_ipv4(struct packet* p, struct hop_lookup* hop) {
    struct iphdr ip;
    __u32 length;

    if (!read_network(p, 0, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5)
        return XDPB_STACK_BAD_HEADER;
    if (ip.ihl > 5)
        return XDPB_STACK_OPTIONS;
    length = bpf_ntohs(ip.tot_len);
    if (!is_gso(p) && (length < sizeof(ip) || length > network_length(p)))
        return XDPB_STACK_BAD_HEADER;
    if (!checksum_is_right(&ip) || is_martian4(ip.saddr))
        return XDPB_STACK_BAD_HEADER;
    if (is_unroutable4(ip.daddr))
        return XDPB_STACK_LOCAL;
    hop->ttl = ip.ttl;
    hop->fib.family = AF_INET;
    hop->fib.tos = ip.tos;
    hop->fib.l4_protocol = ip.protocol;
    hop->fib.tot_len = length;
    hop->fib.ipv4_src = ip.saddr;
    hop->fib.ipv4_dst = ip.daddr;
    read_transport_of(p, hop, sizeof(ip), ip.frag_off & bpf_htons(IP_FRAGMENT));
    return ROUTED;
}

static __always_inline int read_ipv6(struct packet* p, struct hop_lookup* hop) {
    struct ipv6hdr ip;
    __u32 length;

    if (!read_network(p, 0, &ip, sizeof(ip)) || ip.version != 6)
        return XDPB_STACK_BAD_HEADER;
    if (ip.nexthdr == IPPROTO_HOPOPTS)
        return XDPB_STACK_OPTIONS;
    length = sizeof(ip) + bpf_ntohs(ip.payload_len);
    if ((!is_gso(p) && length > network_length(p)) || is_martian6(&ip.saddr) ||
        is_mapped4(&ip.saddr))
        return XDPB_STACK_BAD_HEADER;
    if (stays_on_link6(&ip))
        return XDPB_STACK_LOCAL;
    hop->ttl = ip.hop_limit;
    hop->fib.family = AF_INET6;
    hop->fib.flowinfo = *(__be32*)&ip & bpf_htonl(0x0fffffff);
    hop->fib.l4_protocol = ip.nexthdr;
    hop->fib.tot_len = length;
    __builtin_memcpy(hop->fib.ipv6_src, &ip.saddr, sizeof(ip.saddr));
    __builtin_memcpy(hop->fib.ipv6_dst, &ip.daddr, sizeof(ip.daddr));
    read_transport_of(p, hop, sizeof(ip), false);
    return ROUTED;
}

static __always_inline int read_ip(struct packet* p, struct hop_lookup* hop) {
    if (has_foreign_tag(p))
        return XDPB_STACK_NOT_IP;
    if (p->frame->ethertype == ETH_P_IP)
        return read_ipv4(p, hop);
    if (p->frame->ethertype == ETH_P_IPV6)
        return read_ipv6(p, hop);
    return XDPB_STACK_NOT_IP;
}

/* Whether it fits the MTU of the interface hop->fib.ifindex. */
static __always_inline bool fits_device(struct packet* p, struct hop_lookup* hop) {
    __u32 mtu = hop->fib.tot_len;

    if (bpf_check_mtu(p->ctx, hop->fib.ifindex, &mtu, 0, 0))
        return false;
    return !is_gso(p) || segments_fit(p, hop->fib.ifindex, mtu, hop->headers);
}
