/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The L3 switch. A frame to the MAC of an SVI, or of a routed port, is routed as the kernel's own
 * tables say, or the bridge's (route_static.h). What the host's stack has to see (it resolves
 * neighbours, answers with ICMP, is meant itself) goes there as it is: by the SVI, or up from the
 * routed port. Exits: pass (on a routed port), drop BLACKHOLE.
 *
 * The kernel does not tell a destination of its own from one that it has no route to: LOCAL.
 */
#pragma once
#include "fdb.h"
#include "guard.h"
#include "route_static.h"
#include "vlan.h"

static __always_inline int ask_kernel(struct packet* p, struct hop_lookup* hop) {
    switch (bpf_fib_lookup(p->ctx, &hop->fib, sizeof(hop->fib), 0)) {
    case BPF_FIB_LKUP_RET_SUCCESS:
        break;
    case BPF_FIB_LKUP_RET_BLACKHOLE:
        return BLACKHOLE;
    case BPF_FIB_LKUP_RET_UNREACHABLE:
    case BPF_FIB_LKUP_RET_PROHIBIT:
        return XDPB_STACK_NO_ROUTE;
    case BPF_FIB_LKUP_RET_NOT_FWDED:
        return XDPB_STACK_LOCAL;
    case BPF_FIB_LKUP_RET_FWD_DISABLED:
        return XDPB_STACK_FORWARDING_OFF;
    case BPF_FIB_LKUP_RET_NO_NEIGH:
        return XDPB_STACK_NO_NEIGHBOUR;
    case BPF_FIB_LKUP_RET_FRAG_NEEDED:
        return XDPB_STACK_TOO_LONG;
    default:
        return XDPB_STACK_UNSUPPORTED;
    }
    if (mac_is_zero(hop->fib.dmac)) /* some kernels tell of neighbours that they are asking for */
        return XDPB_STACK_NO_NEIGHBOUR;
    if (hop->ttl <= 1)
        return XDPB_STACK_TTL;
    if (is_gso(p) && !segments_fit(p, hop->fib.ifindex, hop->fib.mtu_result, hop->headers))
        return XDPB_STACK_TOO_LONG;
    return ROUTED;
}

/*
 * The port behind an interface that the kernel routes by. That of an SVI is the one that the next
 * hop is behind. Where it is not known, the stack shall send: by that it notices a neighbour that
 * has fallen silent.
 */
static __always_inline int take_way(struct packet* p, const struct bpf_fib_lookup* fib) {
    __u32 ifindex = fib->ifindex;
    __u32* number = bpf_map_lookup_elem(&port_by_ifindex, &ifindex);
    struct xdpb_port* to = number ? bpf_map_lookup_elem(&ports, number) : NULL;
    struct xdpb_fdb_key next = {.vlan = XDPB_NO_VLAN};
    struct xdpb_vlan* egress_vlan = NULL;
    struct xdpb_fdb_entry* entry;
    __u32 out, vid;

    if (!to || to->router_ifindex != ifindex)
        return XDPB_STACK_OFF_BRIDGE;
    out = *number;
    __builtin_memcpy(next.mac, fib->dmac, ETH_ALEN);
    if (to->features & XDPB_FEATURE_SVI) {
        next.vlan = vid = to->svi_vlan;
        entry = bpf_map_lookup_elem(&fdb, &next);
        if (!entry || fdb_aged(p->bridge, entry, p->frame->now))
            return XDPB_STACK_NO_NEIGHBOUR;
        out = entry->port;
        if (vlan_protocol) {
            egress_vlan = bpf_map_lookup_elem(&vlans, &vid);
            if (!egress_vlan || !has_port(egress_vlan->members, out))
                return XDPB_STACK_NO_NEIGHBOUR;
        }
    }
    if (egress_isolates(p, out))
        return XDPB_STACK_UNSUPPORTED;
    p->frame->dst = next;
    __builtin_memcpy(p->frame->src.mac, fib->smac, ETH_ALEN);
    p->frame->src.vlan = next.vlan;
    p->frame->tci = (p->frame->tci & ~TCI_VID) | (egress_vlan ? next.vlan : 0);
    p->frame->out = out;
    p->frame->routed = true;
    return ROUTED;
}

static __always_inline int look_up_hop(struct packet* p, __u32 ifindex) {
    struct hop_lookup hop = {};
    int answer = read_ip(p, &hop);

    hop.fib.ifindex = ifindex;
    if (answer == ROUTED)
        answer = p->bridge->features & XDPB_BRIDGE_STATIC_ROUTES ? ask_static_routes(p, &hop)
                                                                 : ask_kernel(p, &hop);
    if (answer == ROUTED)
        answer = take_way(p, &hop.fib);
    return answer;
}

__noinline int find_hop_of(hook_ctx* ctx, struct frame* frame, __u32 ifindex) {
    struct packet p;

    return resume(&p, ctx, frame) ? look_up_hop(&p, ifindex) : XDPB_STACK_UNSUPPORTED;
}

/* ROUTED with the frame's way in p, BLACKHOLE, or why the stack shall have it. ifindex: that it
 * comes in by, to the kernel's routes. */
static __always_inline int find_hop(struct packet* p, __u32 ifindex) {
    int answer = find_hop_of(p->ctx, p->frame, ifindex);

    if (answer == ROUTED)
        p->vlan = vlan_of_id(p->frame->dst.vlan);
    return answer;
}

/* A frame to the MAC of the SVI that is behind this port. */
static __always_inline int route(struct packet* p, __u32 svi) {
    struct xdpb_port* to = bpf_map_lookup_elem(&ports, &svi);
    int answer = to ? find_hop(p, to->router_ifindex) : XDPB_STACK_UNSUPPORTED;

    if (answer == BLACKHOLE)
        return drop(p, XDPB_DROP_BLACKHOLE);
    if (answer != ROUTED) {
        p->frame->out = svi;
        p->frame->to_stack = answer + 1;
    }
    return NEXT;
}

static __always_inline void count_to_stack(struct packet* p, __u32 reason) {
    asm volatile("" : "+r"(reason)); /* the verifier has to see the bound */
    if (reason < XDPB_STACK_REASON_COUNT)
        p->counters->to_stack[reason]++;
}

static __always_inline bool is_for_router(const struct packet* p) {
    const __u8* mac = p->port->router_mac;
    __u8 differ = 0;

#pragma unroll
    for (int i = 0; i < ETH_ALEN; i++)
        differ |= mac[i] ^ p->frame->dst.mac[i];
    return !differ;
}

/* A routed port is the host's own, but for what is routed here. */
static __always_inline int enter_routed(struct packet* p) {
    int answer;

    if (!is_for_router(p))
        return pass(p);
    p->frame->tci = (__u16)p->port->priority << TCI_PCP_SHIFT;
    answer = find_hop(p, p->port->router_ifindex);
    if (answer == ROUTED)
        return NEXT;
    if (answer == BLACKHOLE)
        return drop(p, XDPB_DROP_BLACKHOLE);
    count_to_stack(p, answer);
    return pass(p);
}

/* Into its VLAN; on a routed port, which has none, onto its way. */
static __always_inline int enter(struct packet* p) {
    return p->port->features & XDPB_FEATURE_ROUTED ? enter_routed(p) : vlan(p);
}

/* When it is about to be sent: before that, tc might have had to see it as it came. */
static __always_inline int rewrite(struct packet* p) {
    if (!p->frame->routed) {
        count_to_stack(p, p->frame->to_stack - 1);
        return NEXT;
    }
    p->counters->routed++;
    return write_hop(p) ? NEXT : drop(p, XDPB_DROP_TRUNCATED);
}
