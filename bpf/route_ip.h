/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a router has to know of IP (RFC 1812, RFC 8200), whatever hook it is at. */
#pragma once
#include "filter.h"
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

/* RFC 1624: what the TTL, the high byte of its word, loses, the checksum gains. */
static __always_inline __u16 after_hop(__u16 check) {
    __u32 sum = check + (__u32)bpf_htons(0x0100);

    return sum + (sum >= 0xffff);
}

/* Of a header without options. */
static __always_inline bool checksum_is_right(const struct iphdr* ip) {
    const __u16* words = (const void*)ip;
    __u32 sum = 0;

#pragma unroll
    for (unsigned i = 0; i < sizeof(*ip) / 2; i++)
        sum += words[i];
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return sum == 0xffff;
}

static __always_inline bool in_prefix4(__be32 address, __u32 prefix, int bits) {
    return (bpf_ntohl(address) ^ prefix) >> (32 - bits) == 0;
}

/* Sources that ip_route_input_slow calls martian: 0/8 and what is no one host's. */
static __always_inline bool is_martian4(__be32 address) {
    return in_prefix4(address, 0, 8) || in_prefix4(address, INADDR_LOOPBACK, 8) ||
           in_prefix4(address, 0xe0000000, 4) || address == (__be32)-1;
}

/* Destinations that no router forwards to, whatever its routes say. */
static __always_inline bool is_unroutable4(__be32 address) {
    return is_martian4(address);
}

static __always_inline bool is_multicast6(const struct in6_addr* address) {
    return address->s6_addr[0] == 0xff;
}

static __always_inline bool is_link_local6(const struct in6_addr* address) {
    return address->s6_addr[0] == 0xfe && (address->s6_addr[1] & 0xc0) == 0x80;
}

/* :: and ::1 */
static __always_inline bool is_nobody6(const struct in6_addr* address) {
    const __be32* words = address->s6_addr32;

    return !(words[0] | words[1] | words[2] | (words[3] & bpf_htonl(~1U)));
}

static __always_inline bool is_martian6(const struct in6_addr* address) {
    return is_multicast6(address) || is_nobody6(address);
}

/* ::ffff:a.b.c.d: an IPv4 address in an API. As a source on a wire ip6_rcv_core drops it too. */
static __always_inline bool is_mapped4(const struct in6_addr* address) {
    const __be32* words = address->s6_addr32;

    return !(words[0] | words[1] | (words[2] ^ bpf_htonl(0xffff)));
}

/* A link-local source too stays on its link (RFC 4291, 2.5.6). */
static __always_inline bool stays_on_link6(const struct ipv6hdr* ip) {
    return is_martian6(&ip->daddr) || is_link_local6(&ip->daddr) || is_link_local6(&ip->saddr);
}
