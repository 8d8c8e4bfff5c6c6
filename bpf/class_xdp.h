/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Latency classes at XDP: asked by the egress program, for every frame and every copy of a flood.
 */
#pragma once
#include "class.h"
#include "tag_xdp.h"

/* Of a tap's queues the one that a frame gets into: tun_xdp_xmit takes that of the CPU. */
static __always_inline __u32 tap_queue_of_cpu(__u32 queues) {
    return queues > 1 ? bpf_get_smp_processor_id() % queues : 0;
}

static __always_inline bool find_ring(const struct xdpb_port* port, struct tap_ring* ring) {
    __u32 queues = tap_queues(&port->tap);

    return queues && read_tap_ring(&port->tap, tap_queue_of_cpu(queues), ring);
}

static __always_inline struct xdpb_port* ingress_port(struct xdp_md* ctx) {
    __u32 ifindex = ctx->ingress_ifindex;
    __u32* port = bpf_map_lookup_elem(&port_by_ifindex, &ifindex);

    return port ? bpf_map_lookup_elem(&ports, port) : NULL;
}

/* A frame without a tag of ours has what its ingress port gave it, on a VLAN-aware bridge. */
static __always_inline void find_tci(struct frame* frame, struct xdp_md* ctx, void* end) {
    struct tagged_header* header = (void*)(long)ctx->data;
    struct xdpb_port* from;

    frame->has_tag =
        vlan_protocol ? frame->ethertype == vlan_protocol : is_vlan_tag(frame->ethertype);
    if (frame->has_tag && (void*)(header + 1) <= end) {
        frame->tci = bpf_ntohs(header->tci);
        return;
    }
    from = vlan_protocol ? ingress_port(ctx) : NULL;
    if (from)
        frame->tci = from->pvid | (__u16)from->priority << TCI_PCP_SHIFT;
    else
        frame->dst.vlan = XDPB_NO_VLAN;
}

static __always_inline void skip_all_tags(struct frame* frame, void* data, void* end) {
#pragma unroll
    for (int tags = 0; tags < 3; tags++) {
        __be16* inner = data + frame->network + 2;

        if (!is_vlan_tag(frame->ethertype) || (void*)(inner + 1) > end)
            break;
        frame->ethertype = bpf_ntohs(*inner);
        frame->network += VLAN_HLEN;
    }
}

static __noinline int class_at_egress(struct xdp_md* ctx) {
    void* data = (void*)(long)ctx->data;
    void* end = (void*)(long)ctx->data_end;
    struct ethhdr* eth = data;
    struct frame frame = {.network = ETH_HLEN, .length = bpf_xdp_get_buff_len(ctx)};

    if ((void*)(eth + 1) > end)
        return XDPB_CLASS_NORMAL;
    __builtin_memcpy(frame.dst.mac, eth->h_dest, ETH_ALEN);
    __builtin_memcpy(frame.src.mac, eth->h_source, ETH_ALEN);
    frame.ethertype = bpf_ntohs(eth->h_proto);
    find_tci(&frame, ctx, end);
    skip_all_tags(&frame, data, end);
    return class_of(ctx, &frame);
}
