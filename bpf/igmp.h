/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The IPv4 half of snoop.h: IGMP, all versions (RFC 3376, RFC 2236, RFC 1112), and PIM hello. */
#pragma once
#include "reports.h"

#define PIM_HELLO 0x20 /* version 2, type 0 (RFC 7761 4.9) */
#define IGMP_MAX_RESPONSE_V1_NS (10 * XDPB_NSEC_PER_SEC)
#define IGMP_TIME_NS (XDPB_NSEC_PER_SEC / 10)
#define IGMP_LENGTH 8 /* of all messages but version 3's */

struct igmp {
    __u8 type;
    __u8 code;
    __be16 checksum;
    union {
        __be32 group;
        struct {
            __be16 reserved;
            __be16 records;
        };
    };
};

/* From 0.0.0.0 come the queries of a snooping switch, which must not be taken for a router
 * (RFC 4541 2.1.1). */
static __always_inline void igmp_query(struct packet* p, const struct igmp* m, __u32 length,
                                       __be32 src) {
    __u64 response_ns = m->code * IGMP_TIME_NS;

    if (m->group || !src)
        return;
    if (length > IGMP_LENGTH)
        response_ns = float_time(m->code, 4) * IGMP_TIME_NS;
    found_querier(p, XDPB_FAMILY_IPV4, m->code ? response_ns : IGMP_MAX_RESPONSE_V1_NS);
}

static __always_inline void igmp_message(struct packet* p, const struct igmp* m, __u32 at,
                                         __u32 length, __be32 src) {
    __u8 group[16];

    map_ipv4(group, m->group);
    switch (m->type) {
    case IGMP_QUERY:
        igmp_query(p, m, length, src);
        break;
    case IGMP_V1_REPORT:
    case IGMP_V2_REPORT:
        join(p, group);
        break;
    case IGMP_LEAVE:
        leave(p, group);
        break;
    case IGMP_V3_REPORT:
        take_records(p, XDPB_FAMILY_IPV4, at + IGMP_LENGTH, at + length, bpf_ntohs(m->records));
        break;
    }
}

static __always_inline void pim_ipv4(struct packet* p, __u32 at) {
    __u8 type;

    if (load(p->ctx, at, &type, sizeof(type)) && type == PIM_HELLO)
        found_router(p, XDPB_FAMILY_IPV4);
}

static __noinline int snoop_ipv4(struct packet* p) {
    struct iphdr ip;
    struct igmp m;
    __u32 header, length;

    if (!load(p->ctx, p->frame->network, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5 ||
        ip.frag_off & bpf_htons(0x3fff))
        return 0;
    header = ip.ihl * 4;
    if (ip.protocol == IPPROTO_PIM)
        pim_ipv4(p, p->frame->network + header);
    /* Nobody has routed it: RFC 2236 2, RFC 3376 4. */
    if (ip.protocol != IPPROTO_IGMP || ip.ttl != 1 || bpf_ntohs(ip.tot_len) < header + IGMP_LENGTH)
        return 0;
    length = bpf_ntohs(ip.tot_len) - header;
    if (load(p->ctx, p->frame->network + header, &m, sizeof(m)) &&
        sum_is_right(p, p->frame->network + header, length, 0))
        igmp_message(p, &m, p->frame->network + header, length, ip.saddr);
    return 0;
}
