/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ND half of suppress.h (RFC 4861). */
#pragma once
#include "checksum.h"
#include "nd_message.h"
#include "neighbour_learn.h"
#include <linux/in.h>
#include <linux/ipv6.h>

#define ND_HOP_LIMIT 255 /* nobody has routed it (RFC 4861 7.1) */
#define ND_OPTIONS 4     /* that we look at */
#define ND_MAX_LENGTH 256

struct nd_message {
    __u8 type;
    __u8 code;
    __be16 checksum;
    __be32 flags;
    __u8 target[16];
};

#define ND_SOLICITED 0x40000000
#define ND_OVERRIDE 0x20000000

struct nd_frame {
    struct ipv6hdr ip;
    struct nd_message nd;
};

static __always_inline bool is_nd(const struct nd_frame* f) {
    return f->ip.version == 6 && f->ip.nexthdr == IPPROTO_ICMPV6 &&
           f->ip.hop_limit == ND_HOP_LIMIT &&
           (f->nd.type == ND_NEIGHBOUR_SOLICITATION || f->nd.type == ND_NEIGHBOUR_ADVERTISEMENT) &&
           !f->nd.code;
}

/* The option of this type, which has to be among the first. A length of 0 is none (RFC 4861 4.6).
 */
static __always_inline bool find_option(struct packet* p, __u32 length, __u8 type,
                                        struct nd_option* option) {
    __u32 at = sizeof(struct nd_message);

    for (int i = 0; i < ND_OPTIONS; i++) {
        if (at + sizeof(*option) > length ||
            !load(p->ctx, p->frame->network + sizeof(struct ipv6hdr) + at, option,
                  sizeof(*option)) ||
            !option->length)
            return false;
        if (option->type == type && option->length == 1)
            return true;
        at += option->length * 8;
    }
    return false;
}

/* Neither :: nor ff00::/8 */
static __always_inline bool is_host_ipv6(const void* ip) {
    const __u32* words = ip;

    return (words[0] | words[1] | words[2] | words[3]) && *(const __u8*)ip != 0xff;
}

static __always_inline struct xdpb_neighbour_key ipv6_neighbour(struct packet* p, const void* ip) {
    struct xdpb_neighbour_key key = {.domain = p->frame->dst.vlan};

    __builtin_memcpy(key.ip, ip, sizeof(key.ip));
    return key;
}

/* Whether the frame is a solicitation that is to be answered, with this MAC. Learns from it. */
static __noinline int answers_nd(struct packet* p, __u8* mac) {
    struct xdpb_neighbour_key key;
    struct nd_option option;
    struct nd_frame f;
    __u32 length;
    bool asks;

    if (!load(p->ctx, p->frame->network, &f, sizeof(f)) || !is_nd(&f))
        return false;
    length = bpf_ntohs(f.ip.payload_len);
    asks = f.nd.type == ND_NEIGHBOUR_SOLICITATION;
    if (length > ND_MAX_LENGTH || !is_host_ipv6(f.nd.target) ||
        !find_option(p, length, asks ? ND_SOURCE_MAC : ND_TARGET_MAC, &option) ||
        !icmpv6_is_right(p, p->frame->network + sizeof(f.ip), length, &f.ip))
        return false;
    if (asks && !is_host_ipv6(&f.ip.saddr))
        return false;
    if (same_mac(option.mac, p->frame->src.mac)) {
        key = ipv6_neighbour(p, asks ? (void*)&f.ip.saddr : f.nd.target);
        learn_neighbour(p, &key);
    }
    if (!asks || !mac_is_multicast(p->frame->dst.mac) || f.ip.daddr.in6_u.u6_addr8[0] != 0xff ||
        !is_host_mac(option.mac))
        return false;
    key = ipv6_neighbour(p, f.nd.target);
    return find_neighbour(p, &key, mac);
}

/*
 * Turns the solicitation in the frame into the advertisement of who has this MAC: solicited, not of
 * a router, and overriding, as his own would be (RFC 4861 7.2.4, br_nd_send). The rest of a longer
 * solicitation stays behind it, as padding.
 */
static __noinline int write_advertisement(struct packet* p, const __u8* mac) {
    struct {
        struct nd_frame f;
        struct nd_option option;
    } reply;
    struct nd_option option;
    struct mac_pair macs;

    if (!load(p->ctx, p->frame->network, &reply, sizeof(reply)) ||
        !find_option(p, bpf_ntohs(reply.f.ip.payload_len), ND_SOURCE_MAC, &option))
        return false;
    reply.f.ip.daddr = reply.f.ip.saddr;
    __builtin_memcpy(&reply.f.ip.saddr, reply.f.nd.target, sizeof(reply.f.nd.target));
    reply.f.ip.payload_len = bpf_htons(sizeof(reply.f.nd) + sizeof(reply.option));
    reply.f.nd.type = ND_NEIGHBOUR_ADVERTISEMENT;
    reply.f.nd.flags = bpf_htonl(ND_SOLICITED | ND_OVERRIDE);
    reply.f.nd.checksum = 0;
    reply.option.type = ND_TARGET_MAC;
    reply.option.length = 1;
    __builtin_memcpy(reply.option.mac, mac, ETH_ALEN);
    reply.f.nd.checksum = ~fold(
        bpf_csum_diff(NULL, 0, (void*)&reply.f.nd, sizeof(reply.f.nd) + sizeof(reply.option),
                      pseudo_header_sum(&reply.f.ip, sizeof(reply.f.nd) + sizeof(reply.option))));
    __builtin_memcpy(macs.dst, option.mac, ETH_ALEN);
    __builtin_memcpy(macs.src, mac, ETH_ALEN);
    return store(p->ctx, p->frame->network, &reply, sizeof(reply)) &&
           store(p->ctx, 0, &macs, sizeof(macs));
}
