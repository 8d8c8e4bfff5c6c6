/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * At XDP only: frames that have to take the tc hook, or are better off there. Exits: hand BULK,
 * GSO, PARTIAL_CHECKSUM; without a tc hook on this port drop GSO, PARTIAL_CHECKSUM.
 */
#pragma once
#include "verdict.h"
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

/* What of the network and transport headers decides. */
struct transport {
    __u8 protocol; /* 0: none that we know */
    __u16 checksum;
    __u64 pseudo_header; /* sum of 16-bit words in network byte order, not folded */
};

static __always_inline __u64 sum_words(const void* data, int bytes) {
    const __u16* words = data;
    __u64 sum = 0;

#pragma unroll
    for (int i = 0; i < bytes / 2; i++)
        sum += words[i];
    return sum;
}

static __always_inline void read_checksum(struct transport* t, void* header, void* end) {
    struct tcphdr* tcp = header;
    struct udphdr* udp = header;

    if (t->protocol == IPPROTO_TCP && header + sizeof(*tcp) <= end)
        t->checksum = tcp->check;
    else if (t->protocol == IPPROTO_UDP && header + sizeof(*udp) <= end)
        t->checksum = udp->check;
    else
        t->protocol = 0;
    t->pseudo_header += bpf_htons(t->protocol);
}

static __always_inline void read_ipv4_checksum(struct transport* t, struct iphdr* ip, void* end) {
    if ((void*)(ip + 1) > end || ip->ihl < 5 || ip->frag_off & bpf_htons(0x3fff))
        return;
    __u64 header = ip->ihl * 4UL;

    t->protocol = ip->protocol;
    t->pseudo_header = sum_words(&ip->saddr, 8) + bpf_htons(bpf_ntohs(ip->tot_len) - header);
    read_checksum(t, (void*)ip + header, end);
}

static __always_inline void read_ipv6_checksum(struct transport* t, struct ipv6hdr* ip, void* end) {
    if ((void*)(ip + 1) > end)
        return;
    t->protocol = ip->nexthdr;
    t->pseudo_header = sum_words(&ip->saddr, 32) + ip->payload_len;
    read_checksum(t, ip + 1, end);
}

static __always_inline struct transport read_transport(struct packet* p) {
    void* network = network_header(p);
    void* end = (void*)(long)p->ctx->data_end;
    struct transport t = {};

    if (p->frame->ethertype == ETH_P_IP)
        read_ipv4_checksum(&t, network, end);
    else if (p->frame->ethertype == ETH_P_IPV6)
        read_ipv6_checksum(&t, network, end);
    return t;
}

/*
 * The fact that a checksum is partial is on the skb, which XDP does not see. But it can be told:
 * the field then holds the sum of the pseudo header alone (tcp_v4_send_check). A complete checksum
 * looks like that once in 65,536 times, and then the frame takes tc without need.
 */
static __always_inline bool is_partial(const struct transport* t) {
    __u64 sum = t->pseudo_header;

    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return t->protocol && t->checksum == (__u16)sum;
}

static __always_inline int handover(struct packet* p) {
    __u32 flags = p->port->flags;
    struct transport t;

    if (!(flags & (XDPB_PORT_OFFLOADS | XDPB_PORT_BULK_GRO)))
        return NEXT;
    if (flags & XDPB_PORT_OFFLOADS && p->frame->length > p->port->mtu + ETH_HLEN + 2 * VLAN_HLEN)
        return flags & XDPB_PORT_TC ? hand(p, XDPB_HAND_GSO) : drop(p, XDPB_DROP_GSO);
    t = read_transport(p);
    if (flags & XDPB_PORT_BULK_GRO && t.protocol == IPPROTO_TCP)
        return hand(p, XDPB_HAND_BULK);
    if (flags & XDPB_PORT_OFFLOADS && is_partial(&t))
        return flags & XDPB_PORT_TC ? hand(p, XDPB_HAND_PARTIAL_CHECKSUM)
                                    : drop(p, XDPB_DROP_PARTIAL_CHECKSUM);
    return NEXT;
}
