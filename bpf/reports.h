/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What IGMPv3 and MLDv2 have in common: the records of a report (RFC 3376 4.2, RFC 3810 5.2), and
 * times as floating-point numbers. */
#pragma once
#include "checksum.h"
#include "mdb_learn.h"

#define MAX_RECORDS 256 /* of a report, of which a frame of 1,500 bytes has at most 184 */

enum record_type {
    MODE_IS_INCLUDE = 1,
    MODE_IS_EXCLUDE,
    CHANGE_TO_INCLUDE,
    CHANGE_TO_EXCLUDE,
    ALLOW_NEW_SOURCES,
    BLOCK_OLD_SOURCES,
};

struct record {
    __u8 type;
    __u8 auxiliary; /* words behind the sources */
    __be16 sources;
    __u8 group[16]; /* 4 of IGMP */
};

struct report {
    struct packet* p;
    __u32 at;   /* of the next record, from the destination MAC on */
    __u32 end;  /* of the message */
    __u32 left; /* records */
    enum xdpb_family family;
};

/*
 * Source lists are not kept: who wants some sources of a group gets it. For that reason a record
 * that blocks sources says nothing, for others may be wanted still; a member of a few sources that
 * leaves in silence expires.
 */
static __always_inline int take_record(struct packet* p, struct record* r) {
    bool any = r->sources != 0;

    switch (r->type) {
    case MODE_IS_EXCLUDE:
    case CHANGE_TO_EXCLUDE:
        return join(p, r->group);
    case MODE_IS_INCLUDE:
    case CHANGE_TO_INCLUDE:
        return any ? join(p, r->group) : leave(p, r->group);
    case ALLOW_NEW_SOURCES:
        return any ? join(p, r->group) : 0;
    default:
        return 0;
    }
}

static long record_step(__u32 index, struct report* r) {
    bool v4 = r->family == XDPB_FAMILY_IPV4;
    __u32 address = v4 ? 4 : 16;
    struct record record = {};

    if (!r->left || r->at + 4 + address > r->end)
        return 1;
    if (v4 ? !load(r->p->ctx, r->at, &record, 8) : !load(r->p->ctx, r->at, &record, 20))
        return 1;
    if (!v4 && record.group[0] != 0xff)
        return 1;
    if (v4)
        map_ipv4(record.group, *(__be32*)record.group);
    r->at += 4 + address + bpf_ntohs(record.sources) * address + record.auxiliary * 4;
    if (r->at > r->end)
        return 1; /* it announces more than there is */
    take_record(r->p, &record);
    r->left--;
    return 0;
}

static __always_inline void take_records(struct packet* p, enum xdpb_family family, __u32 at,
                                         __u32 end, __u32 count) {
    struct report r = {.p = p, .family = family, .at = at, .end = end, .left = count};

    if (bpf_loop(MAX_RECORDS, record_step, &r, 0) == MAX_RECORDS && r.left)
        overflow(p, family);
}

/* RFC 3376 4.1.1: below the limit the number itself, else a mantissa of so many bits and an
 * exponent of 3 bits. */
static __always_inline __u64 float_time(__u32 code, __u32 mantissa_bits) {
    __u32 one = 1 << mantissa_bits;

    if (code < one << 3)
        return code;
    return (__u64)((code & (one - 1)) | one) << ((code >> mantissa_bits & 7) + 3);
}
