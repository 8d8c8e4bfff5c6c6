/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the context to a struct packet. Exits: pass (port not active), drop TRUNCATED. */
#pragma once
#include "verdict.h"

/* The network header is behind all tags: two at most, of which the second may be cut off. */
static __always_inline void skip_tags(struct packet* p, void* data, void* end) {
#pragma unroll
    for (int tags = 0; tags < 2; tags++) {
        __u16* inner = data + p->network + 2;

        if (!is_vlan_tag(p->ethertype) || (void*)(inner + 1) > end)
            break;
        p->ethertype = bpf_ntohs(*inner);
        p->network += VLAN_HLEN;
    }
}

static __always_inline int parse(struct packet* p, hook_ctx* ctx) {
    void* data = (void*)(long)ctx->data;
    void* end = (void*)(long)ctx->data_end;
    struct ethhdr* eth = data;
    __u32 zero = 0, ingress = port_no;

    p->ctx = ctx;
    p->bridge = bpf_map_lookup_elem(&bridge, &zero);
    p->port = bpf_map_lookup_elem(&ports, &ingress);
    p->counters = counters_of(ingress);
    if (!p->bridge || !p->port || !p->counters)
        return VERDICT_PASS; /* cannot happen: array maps; the verifier wants to see it */

    p->length = frame_length(ctx, p->port);
    p->counters->rx_packets++;
    p->counters->rx_bytes += p->length;

    if (!(p->port->flags & XDPB_PORT_ACTIVE))
        return pass(p);
    if (data + sizeof(*eth) > end)
        return drop(p, XDPB_DROP_TRUNCATED);

    p->ethertype = bpf_ntohs(eth->h_proto);
    p->network = ETH_HLEN;
    if (is_vlan_tag(p->ethertype)) {
        if (data + sizeof(*eth) + VLAN_HLEN > end)
            return drop(p, XDPB_DROP_TRUNCATED);
        skip_tags(p, data, end);
    }
    __builtin_memcpy(p->dst.mac, eth->h_dest, ETH_ALEN);
    __builtin_memcpy(p->src.mac, eth->h_source, ETH_ALEN);
    p->dst.vlan = p->src.vlan = 0;
    p->vlan = NULL;
    p->out = FLOOD;
    p->rule = 0;
    p->has_tag = p->routed = false;
    p->to_stack = 0;
    p->now = bpf_ktime_get_coarse_ns();
    return NEXT;
}
