/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a stage knows of the frame it works on, and what it answers. */
#pragma once
#ifndef XDPB_HOOK
#error "include hook_xdp.h or hook_tc.h before the stages"
#endif
#include <bpf/bpf_endian.h>
#include <linux/if_ether.h>

#define VLAN_HLEN 4

/*
 * The port that this instance of the program serves. Each port gets its own instance, so that the
 * port number costs no lookup.
 */
const volatile __u32 port_no = 0;

/* TPID of the bridge's tags, host byte order; 0: it is not VLAN-aware, and a tag is no matter of
 * its. Fixed for the bridge's life, so that the verifier takes out what is not needed. */
const volatile __u16 vlan_protocol = 0;

/*
 * What is known of the frame, as plain data: a struct of its own, so that it can be handed to a
 * global function. The verifier looks at such a function once, and not again for each way that a
 * frame may have come to it, but lets no pointers in beside the one to this.
 */
struct frame {
    __u64 length;            /* bytes, from the destination MAC on */
    __u64 now;               /* CLOCK_MONOTONIC_COARSE, ns */
    struct xdpb_fdb_key dst; /* of a routed frame the next hop's; its VLAN is the frame's */
    struct xdpb_fdb_key src;
    __u32 out;       /* port that the frame will leave by; FLOOD: all of its VLAN */
    __u32 rule;      /* slot of the ACL's rule that decides on it, + 1; 0: none */
    __u16 ethertype; /* host byte order, of what follows the tags */
    __u16 network;   /* where that begins: bytes from the destination MAC */
    __u16 tci;       /* of the tag it will leave with: PCP, DEI, VLAN id; host byte order */
    __u16 tag;       /* of the tag it has now, if has_tag */
    bool has_tag;    /* the bridge's own: at XDP in the frame, at tc beside it */
    bool routed;     /* dst and src are not yet those in the frame; see rewrite() */
    __u8 to_stack;   /* enum xdpb_stack_reason + 1: the host has to route it; 0: no */
};

struct packet {
    hook_ctx* ctx;
    struct frame* frame;
    struct xdpb_bridge* bridge;
    struct xdpb_port* port; /* ingress */
    struct xdpb_counters* counters;
    struct xdpb_vlan* vlan; /* of dst.vlan; NULL when not VLAN-aware, and towards a routed port */
};

#define FLOOD 0

static __always_inline struct xdpb_counters* counters_of(__u32 port) {
    __u32 index = port + XDPB_HOOK * XDPB_MAX_PORTS;

    return bpf_map_lookup_elem(&counters, &index);
}

static __always_inline struct xdpb_vlan* vlan_of_id(__u32 vid) {
    return vlan_protocol && vid != XDPB_NO_VLAN ? bpf_map_lookup_elem(&vlans, &vid) : NULL;
}

/* The packet of a frame: at the start, and again in each global function. False: cannot happen, for
 * they are all in arrays. */
static __always_inline bool find_packet(struct packet* p, hook_ctx* ctx, struct frame* frame) {
    __u32 zero = 0, ingress = port_no;

    p->ctx = ctx;
    p->frame = frame;
    p->bridge = bpf_map_lookup_elem(&bridge, &zero);
    p->port = bpf_map_lookup_elem(&ports, &ingress);
    p->counters = counters_of(ingress);
    p->vlan = NULL;
    return frame && p->bridge && p->port && p->counters;
}

/* At the start of a global function. Before Linux 6.2 what its arguments point to, as frame->src,
 * is no key to look up: copy it to the stack. */
static __always_inline bool resume(struct packet* p, hook_ctx* ctx, struct frame* frame) {
    if (!find_packet(p, ctx, frame))
        return false;
    p->vlan = vlan_of_id(frame->dst.vlan);
    return true;
}

/* A stage returns NEXT, or the verdict, which is final. No verdict of either hook is this number.
 */
#define NEXT (-100)

/* The MACs that the frame came with. Of one that came in by a routed port dst and src are the next
 * hop's and the router's already; in the frame they are not before rewrite(). */
struct frame_macs {
    __u8 dst[ETH_ALEN];
    __u8 src[ETH_ALEN];
};

static __always_inline void read_macs(struct packet* p, struct frame_macs* macs) {
    if (p->frame->routed && load(p->ctx, 0, macs, sizeof(*macs)))
        return;
    __builtin_memcpy(macs->dst, p->frame->dst.mac, ETH_ALEN);
    __builtin_memcpy(macs->src, p->frame->src.mac, ETH_ALEN);
}

/* Behind two tags of 4 bytes at most, and one that we have pushed: the mask is for the verifier. */
static __always_inline void* network_header(const struct packet* p) {
    return (void*)(long)p->ctx->data + (p->frame->network & 31);
}

static __always_inline bool has_port(const __u64* ports_bitmap, __u32 port) {
    return ports_bitmap[port / 64 % XDPB_PORT_WORDS] >> port % 64 & 1;
}

static __always_inline bool is_vlan_tag(__u16 ethertype) {
    return ethertype == ETH_P_8021Q || ethertype == ETH_P_8021AD;
}

static __always_inline bool mac_is_multicast(const __u8* mac) {
    return mac[0] & 1;
}
