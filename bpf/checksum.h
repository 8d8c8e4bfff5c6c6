/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Internet checksums (RFC 1071) over any length, wherever the bytes lie. */
#pragma once
#include "verdict.h"
#include <linux/in.h>
#include <linux/ipv6.h>

#define SUM_STEP 64
#define SUM_MAX 9216 /* bytes: a jumbo frame */

static __always_inline __u16 fold(__u64 sum) {
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (sum & 0xffff) + (sum >> 16);
}

/* Of an ICMPv6 message (RFC 8200 8.1), not folded */
static __always_inline __u32 pseudo_header_sum(const struct ipv6hdr* ip, __u32 length) {
    struct {
        struct in6_addr addresses[2];
        __be32 length;
        __be32 protocol;
    } pseudo = {.length = bpf_htonl(length), .protocol = bpf_htonl(IPPROTO_ICMPV6)};

    pseudo.addresses[0] = ip->saddr;
    pseudo.addresses[1] = ip->daddr;
    return fold(bpf_csum_diff(NULL, 0, (void*)&pseudo, sizeof(pseudo), 0));
}

struct summing {
    hook_ctx* ctx;
    __u32 at;
    __u32 left;
    __u32 sum;
};

static long sum_step(__u32 index, struct summing* s) {
    __be32 words[SUM_STEP / 4] = {};
    __u32 last = s->left - 1, bytes;

    if (!s->left)
        return 1;
    if (last > SUM_STEP - 1)
        last = SUM_STEP - 1;
    asm volatile("" : "+r"(last));
    if (last > SUM_STEP - 1)
        return 1; /* cannot happen, and the verifier has to see it: from 1 to SUM_STEP bytes */
    bytes = last + 1;
    if (!load(s->ctx, s->at, words, bytes))
        return 1;
    s->sum = fold(bpf_csum_diff(NULL, 0, words, sizeof(words), s->sum));
    s->at += bytes;
    s->left -= bytes;
    return 0;
}

/* Whether the sum over these bytes of the frame, checksum included, is all ones. */
static __always_inline bool sum_is_right(struct packet* p, __u32 at, __u32 length, __u32 sum) {
    struct summing s = {.ctx = p->ctx, .at = at, .left = length, .sum = sum};

    if (length > SUM_MAX)
        return false;
    bpf_loop(SUM_MAX / SUM_STEP, sum_step, &s, 0);
    return !s.left && s.sum == 0xffff;
}

static __always_inline bool icmpv6_is_right(struct packet* p, __u32 at, __u32 length,
                                            const struct ipv6hdr* ip) {
    return sum_is_right(p, at, length, pseudo_header_sum(ip, length));
}
