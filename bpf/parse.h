/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the context to a struct packet. Exits: pass (port not active), drop TRUNCATED. */
#pragma once
#include "verdict.h"
#include <bpf/bpf_endian.h>
#include <linux/if_ether.h>

#define VLAN_HLEN 4

static __always_inline bool is_vlan_tag(__u16 ethertype) {
    return ethertype == ETH_P_8021Q || ethertype == ETH_P_8021AD;
}

static __always_inline int parse(struct packet* p, struct xdp_md* ctx) {
    void* data = (void*)(long)ctx->data;
    void* end = (void*)(long)ctx->data_end;
    struct ethhdr* eth = data;
    __u32 zero = 0, ingress = port_no;

    p->ctx = ctx;
    p->bridge = bpf_map_lookup_elem(&bridge, &zero);
    p->port = bpf_map_lookup_elem(&ports, &ingress);
    p->counters = bpf_map_lookup_elem(&counters, &ingress);
    if (!p->bridge || !p->port || !p->counters)
        return XDP_PASS; /* cannot happen: array maps; the verifier wants to see it */

    p->counters->rx_packets++;
    p->counters->rx_bytes += end - data;

    if (!(p->port->flags & XDPB_PORT_ACTIVE))
        return pass(p);
    if (data + sizeof(*eth) > end)
        return drop(p, XDPB_DROP_TRUNCATED);

    p->ethertype = bpf_ntohs(eth->h_proto);
    if (is_vlan_tag(p->ethertype) && data + sizeof(*eth) + VLAN_HLEN > end)
        return drop(p, XDPB_DROP_TRUNCATED);

    __builtin_memcpy(p->dst.mac, eth->h_dest, ETH_ALEN);
    __builtin_memcpy(p->src.mac, eth->h_source, ETH_ALEN);
    p->dst.vlan = p->src.vlan = 0;
    p->now = bpf_ktime_get_coarse_ns();
    return NEXT;
}
