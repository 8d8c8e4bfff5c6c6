/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the context to a struct packet. Exits: pass (port not active), drop TRUNCATED. */
#pragma once
#include "latency.h"
#include "verdict.h"

/* The network header is behind all tags: two at most, of which the second may be cut off. */
static __always_inline void skip_tags(struct packet* p, void* data, void* end) {
#pragma unroll
    for (int tags = 0; tags < 2; tags++) {
        __u16* inner = data + p->frame->network + 2;

        if (!is_vlan_tag(p->frame->ethertype) || (void*)(inner + 1) > end)
            break;
        p->frame->ethertype = bpf_ntohs(*inner);
        p->frame->network += VLAN_HLEN;
    }
}

static __always_inline int parse(struct packet* p, struct frame* frame, hook_ctx* ctx) {
    void* data = (void*)(long)ctx->data;
    void* end = (void*)(long)ctx->data_end;
    struct ethhdr* eth = data;

    if (!find_packet(p, ctx, frame))
        return VERDICT_PASS;

    if (p->bridge->features & XDPB_BRIDGE_LATENCY)
        note_entry();
    p->frame->length = frame_length(ctx, p->port);
    p->counters->rx_packets++;
    p->counters->rx_bytes += p->frame->length;

    if (!(p->port->flags & XDPB_PORT_ACTIVE))
        return pass(p);
    if (data + sizeof(*eth) > end)
        return drop(p, XDPB_DROP_TRUNCATED);

    p->frame->ethertype = bpf_ntohs(eth->h_proto);
    p->frame->network = ETH_HLEN;
    if (is_vlan_tag(p->frame->ethertype)) {
        if (data + sizeof(*eth) + VLAN_HLEN > end)
            return drop(p, XDPB_DROP_TRUNCATED);
        skip_tags(p, data, end);
    }
    __builtin_memcpy(p->frame->dst.mac, eth->h_dest, ETH_ALEN);
    __builtin_memcpy(p->frame->src.mac, eth->h_source, ETH_ALEN);
    p->frame->dst.vlan = p->frame->src.vlan = 0;
    p->frame->out = FLOOD;
    p->frame->rule = 0;
    p->frame->has_tag = p->frame->routed = false;
    p->frame->to_stack = 0;
    p->frame->now = bpf_ktime_get_coarse_ns();
    return NEXT;
}
