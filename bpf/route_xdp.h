/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What routing reads from a frame and writes into it, at XDP. */
#pragma once
#include "route_ip.h"
#include "tag_xdp.h"

/* offset: from the network header on */
static __always_inline bool read_network(struct packet* p, __u32 offset, void* to, __u32 bytes) {
    void* from = network_header(p) + offset;

    if (from + bytes > (void*)(long)p->ctx->data_end)
        return false;
    __builtin_memcpy(to, from, bytes);
    return true;
}

/* From the network header to the frame's end. */
static __always_inline __u64 network_length(struct packet* p) {
    return p->frame->length - p->frame->network;
}

static __always_inline bool has_foreign_tag(struct packet* p) {
    return p->frame->network != ETH_HLEN + (p->frame->has_tag ? VLAN_HLEN : 0);
}

/* handover.h has sent it to tc. */
static __always_inline bool is_gso(struct packet* p) {
    return false;
}

static __always_inline bool segments_fit(struct packet* p, __u32 ifindex, __u32 mtu,
                                         __u32 headers) {
    return true;
}

/* The egress program does not know who was routed, and keeps isolated ports apart. */
static __always_inline bool egress_isolates(struct packet* p, __u32 out) {
    return p->port->features & XDPB_FEATURE_ISOLATED && port_has(out, XDPB_FEATURE_ISOLATED);
}

static __always_inline bool write_hop(struct packet* p) {
    struct ethhdr* eth = (void*)(long)p->ctx->data;
    struct iphdr* ip = network_header(p);

    if ((void*)(eth + 1) > (void*)(long)p->ctx->data_end ||
        (void*)(ip + 1) > (void*)(long)p->ctx->data_end)
        return false;
    __builtin_memcpy(eth->h_dest, p->frame->dst.mac, ETH_ALEN);
    __builtin_memcpy(eth->h_source, p->frame->src.mac, ETH_ALEN);
    if (p->frame->ethertype == ETH_P_IP) {
        ip->check = after_hop(ip->check);
        ip->ttl--;
    } else {
        ((struct ipv6hdr*)ip)->hop_limit--;
    }
    return true;
}
