/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What routing reads from an skb and writes into it. Never directly: headers may lie behind its
 * linear part, and its data may be somebody else's too. */
#pragma once
#include "route_ip.h"
#include "tag_tc.h"

/* offset: from the network header on */
static __always_inline bool read_network(struct packet* p, __u32 offset, void* to, __u32 bytes) {
    return !bpf_skb_load_bytes(p->ctx, p->frame->network + offset, to, bytes);
}

/* From the network header to the frame's end. */
static __always_inline __u64 network_length(struct packet* p) {
    return p->ctx->len - p->frame->network;
}

static __always_inline bool has_foreign_tag(struct packet* p) {
    return p->frame->network != ETH_HLEN || (p->ctx->vlan_present && !p->frame->has_tag);
}

static __always_inline bool is_gso(struct packet* p) {
    return p->ctx->gso_size;
}

/*
 * Whether the frames that this one will be cut into fit the route's MTU, as ip_forward would ask.
 * The kernel can tell it for the device's MTU alone; a route's own may be lower. headers: bytes of
 * IP and transport.
 */
static __always_inline bool segments_fit(struct packet* p, __u32 ifindex, __u32 mtu,
                                         __u32 headers) {
    __u32 device_mtu = 0;

    return !bpf_check_mtu(p->ctx, ifindex, &device_mtu, 0, BPF_MTU_CHK_SEGS) &&
           p->ctx->gso_size + headers <= mtu;
}

/* Isolation is decided at ingress, where it is known who was routed. */
static __always_inline bool egress_isolates(struct packet* p, __u32 out) {
    return false;
}

struct hop {
    __u8 ttl;
    __u8 protocol;
    __sum16 check;
};

static __always_inline bool write_ttl(struct packet* p) {
    __u32 at = p->frame->network + __builtin_offsetof(struct iphdr, ttl);
    struct hop hop;

    if (bpf_skb_load_bytes(p->ctx, at, &hop, sizeof(hop)))
        return false;
    hop.check = after_hop(hop.check);
    hop.ttl--;
    /* The sum over the header, which skb->csum may hold, is what it was. */
    return !bpf_skb_store_bytes(p->ctx, at, &hop, sizeof(hop), 0);
}

static __always_inline bool write_hop_limit(struct packet* p) {
    __u32 at = p->frame->network + __builtin_offsetof(struct ipv6hdr, hop_limit);
    __u8 hop_limit;

    if (bpf_skb_load_bytes(p->ctx, at, &hop_limit, sizeof(hop_limit)))
        return false;
    hop_limit--;
    return !bpf_skb_store_bytes(p->ctx, at, &hop_limit, sizeof(hop_limit), BPF_F_RECOMPUTE_CSUM);
}

static __always_inline bool write_hop(struct packet* p) {
    struct ethhdr eth;

    __builtin_memcpy(eth.h_dest, p->frame->dst.mac, ETH_ALEN);
    __builtin_memcpy(eth.h_source, p->frame->src.mac, ETH_ALEN);
    if (bpf_skb_store_bytes(p->ctx, 0, &eth, 2 * ETH_ALEN, 0))
        return false;
    return p->frame->ethertype == ETH_P_IP ? write_ttl(p) : write_hop_limit(p);
}
