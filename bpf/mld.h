/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The IPv6 half of snoop.h: MLD, both versions (RFC 3810, RFC 2710), and PIM hello. */
#pragma once
#include "igmp.h"

#define MLD_TIME_NS (XDPB_NSEC_PER_SEC / 1000)
#define MLD_LENGTH 24 /* of all messages but version 2's */
#define MLD_V2_HEADER 8

struct mld {
    __u8 type;
    __u8 code;
    __be16 checksum;
    __be16 response; /* in a report of version 2 reserved, and then the number of records */
    __be16 records;
    __u8 group[16];
};

static __always_inline bool is_zero_ipv6(const void* ip) {
    const __u32* words = ip;

    return !(words[0] | words[1] | words[2] | words[3]);
}

/* fe80::/10: who sends MLD has no other address to send it from (RFC 3810 5.1.14, 5.2.13), but for
 * hosts without any, which use ::. */
static __always_inline bool is_link_local(const struct in6_addr* ip) {
    return (ip->in6_u.u6_addr16[0] & bpf_htons(0xffc0)) == bpf_htons(0xfe80);
}

static __always_inline void mld_query(struct packet* p, const struct mld* m, __u32 length,
                                      const struct in6_addr* src) {
    __u32 code = bpf_ntohs(m->response);

    if (!is_zero_ipv6(m->group) || !is_link_local(src))
        return;
    found_querier(p, XDPB_FAMILY_IPV6,
                  (length > MLD_LENGTH ? float_time(code, 12) : code) * MLD_TIME_NS);
}

static __always_inline void mld_message(struct packet* p, const struct mld* m, __u32 at,
                                        __u32 length, const struct in6_addr* src) {
    if (m->type == MLD_V2_REPORT) {
        take_records(p, XDPB_FAMILY_IPV6, at + MLD_V2_HEADER, at + length, bpf_ntohs(m->records));
        return;
    }
    if (length < MLD_LENGTH)
        return;
    if (m->type == MLD_QUERY)
        mld_query(p, m, length, src);
    else if (m->group[0] != 0xff)
        return;
    else if (m->type == MLD_V1_REPORT)
        join(p, m->group);
    else if (m->type == MLD_DONE)
        leave(p, m->group);
}

static __always_inline void pim_ipv6(struct packet* p, __u32 at) {
    __u8 type;

    if (load(p->ctx, at, &type, sizeof(type)) && type == PIM_HELLO)
        found_router(p, XDPB_FAMILY_IPV6);
}

static __always_inline bool load_mld(struct packet* p, __u32 at, __u32 length, struct mld* m) {
    if (length >= MLD_LENGTH)
        return load(p->ctx, at, m, MLD_LENGTH);
    return length >= MLD_V2_HEADER && load(p->ctx, at, m, MLD_V2_HEADER);
}

/* MLD has its router alert in hop-by-hop options (RFC 3810 5). */
static __noinline int snoop_ipv6(struct packet* p) {
    __u32 at = p->frame->network + sizeof(struct ipv6hdr), length, options;
    struct ipv6hdr ip;
    __u8 next[2]; /* header, and the length of this one */
    struct mld m = {};

    if (!load(p->ctx, p->frame->network, &ip, sizeof(ip)) || ip.version != 6)
        return 0;
    if (ip.nexthdr == IPPROTO_PIM)
        pim_ipv6(p, at);
    if (ip.nexthdr != IPPROTO_HOPOPTS || ip.hop_limit != 1 ||
        !load(p->ctx, at, next, sizeof(next)) || next[0] != IPPROTO_ICMPV6)
        return 0;
    options = (next[1] + 1) * 8;
    length = bpf_ntohs(ip.payload_len);
    if (length < options)
        return 0;
    at += options;
    length -= options;
    if ((is_link_local(&ip.saddr) || is_zero_ipv6(&ip.saddr)) && load_mld(p, at, length, &m) &&
        icmpv6_is_right(p, at, length, &ip))
        mld_message(p, &m, at, length, &ip.saddr);
    return 0;
}
