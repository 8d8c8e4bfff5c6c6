/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sends at tc: each copy enters the egress device's qdisc as an skb, with its offloads. */
#pragma once
#include "class_tc.h"
#include "filter.h"
#include "latency.h"
#include "mirror_tc.h"
#include "mdb.h"
#include "tag_tc.h"

/* tc sends everything. */
static __always_inline int check_output(struct packet* p) {
    return NEXT;
}

/* As the egress program at XDP does it. */
static __always_inline bool held_back(struct packet* p, struct xdpb_port* to, __u32 port,
                                      __u32 class, struct xdpb_counters* c) {
    if (!(to->features & XDPB_FEATURE_CLASSES) || admit_class(port, class, p->frame->length))
        return false;
    c->filtered[XDPB_FILTER_CLASS]++;
    return true;
}

/* Sets *ifindex, tags the frame as the port wants it, and counts what is about to be sent, or
 * refused. */
static __always_inline enum egress check_egress(struct packet* p, __u32 port, __u32* ifindex) {
    struct xdpb_port* to = bpf_map_lookup_elem(&ports, &port);
    struct xdpb_counters* c = counters_of(port);
    __u32 class = XDPB_CLASS_NORMAL;
    enum egress answer;

    if (!to || !c || !(to->flags & XDPB_PORT_ACTIVE))
        return EGRESS_GONE;
    *ifindex = to->ifindex;
    answer = check_device(p, *ifindex);
    if (to->features & (XDPB_FEATURE_CLASSES | XDPB_FEATURE_LATENCY))
        class = class_to_send(p);
    if (answer == EGRESS_GOOD && held_back(p, to, port, class, c))
        return EGRESS_REFUSED;
    if (answer == EGRESS_GOOD && !set_tag(p, !p->vlan || has_port(p->vlan->untagged, port))) {
        c->refused[XDPB_REFUSAL_OTHER]++; /* no memory for a longer skb */
        return EGRESS_REFUSED;
    }
    if (answer == EGRESS_GOOD) {
        mirror_sent(p, to);
        c->tx_packets++;
        c->tx_bytes += frame_length(p->ctx, p->port);
        if (to->features & XDPB_FEATURE_LATENCY)
            note_sent(low_half(p->ctx), port, class);
    } else if (answer == EGRESS_REFUSED) {
        c->refused[XDPB_REFUSAL_MTU]++;
    }
    return answer;
}

struct flood {
    struct packet* p;
    struct xdpb_vlan* vlan;
    /* The last one found, which has nothing yet; from XDPB_MAX_PORTS: none. No constant, for Linux
     * 6.1 looks at a loop's body once, as in the first round, and takes out what that does not
     * reach: with a number that it knows, that was sending copies. */
    __u32 port;
    __u32 ifindex; /* here, for each function's stack takes steps of 32 bytes there */
    struct multicast multicast;
};

/* As the egress program at XDP does it. */
static __always_inline bool is_pruned(struct flood* f, __u32 port) {
    struct xdpb_counters* c;

    if (f->multicast.audience == EVERYBODY || !not_joined(&f->multicast, port, f->p->frame->now))
        return false;
    c = counters_of(port);
    if (c)
        c->filtered[XDPB_FILTER_NOT_JOINED]++;
    return true;
}

static __always_inline void send_copy(struct flood* f) {
    struct xdpb_counters* c;
    long err;

    if (check_egress(f->p, f->port, &f->ifindex) != EGRESS_GOOD)
        return;
    err = bpf_clone_redirect(f->p->ctx, f->ifindex, 0);
    c = err ? counters_of(f->port) : NULL;
    if (c)
        c->refused[err > 0 ? XDPB_REFUSAL_QUEUE_FULL : XDPB_REFUSAL_OTHER]++;
}

static long flood_step(__u32 index, struct flood* f) {
    __u32 port = index + 1;

    if (!has_port(f->vlan->members, port) || (port == port_no && !f->p->frame->routed) ||
        filtered(f->p, port) || is_pruned(f, port))
        return 0;
    if (f->port < XDPB_MAX_PORTS)
        send_copy(f);
    f->port = port;
    return 0;
}

/* To every device of the VLAN but the one it came from, unless the router sends it back there:
 * copies, and the frame itself to the last. */
static __always_inline int flood(struct packet* p) {
    __u32 vid = p->frame->dst.vlan, limit = p->bridge->port_limit;
    struct flood f = {
        .p = p, .vlan = bpf_map_lookup_elem(&vlans, &vid), .port = limit + XDPB_MAX_PORTS};

    if (!f.vlan || vid == XDPB_NO_VLAN)
        return drop(p, XDPB_DROP_VLAN_EGRESS);
    p->counters->flooded++;
    if (p->bridge->features & XDPB_BRIDGE_SNOOPING && mac_is_multicast(p->frame->dst.mac)) {
        f.multicast.vlan = vid;
        read_multicast(p->ctx, p->frame->network, p->frame->ethertype, &f.multicast);
    }
    bpf_loop(limit, flood_step, &f, 0);
    if (f.port >= XDPB_MAX_PORTS || check_egress(p, f.port, &f.ifindex) != EGRESS_GOOD)
        return TC_ACT_SHOT;
    return bpf_redirect(f.ifindex, 0);
}

/* Back to where it came from, when the frame has become the answer to what it was. */
static __always_inline int answer(struct packet* p, bool retags) {
    __u32 ifindex = 0;

    p->counters->answered++;
    if (check_egress(p, port_no, &ifindex) != EGRESS_GOOD)
        return TC_ACT_SHOT;
    return bpf_redirect(ifindex, 0);
}

/* A global function, for the verifier: here each copy may be given a tag, or lose it. To one port;
 * to all when that port's device is gone, for its hosts may be behind another port by now. */
__noinline int send_frame(hook_ctx* ctx, struct frame* frame) {
    enum egress answer = EGRESS_GONE;
    __u32 ifindex = 0;
    struct packet p;

    if (!resume(&p, ctx, frame))
        return TC_ACT_SHOT;
    if (frame->out != FLOOD)
        answer = filtered_as_blocked(&p, frame->out) ? EGRESS_REFUSED
                                                     : check_egress(&p, frame->out, &ifindex);
    if (answer == EGRESS_GONE)
        return flood(&p);
    p.counters->forwarded++;
    return answer == EGRESS_GOOD ? bpf_redirect(ifindex, 0) : TC_ACT_SHOT;
}

static __always_inline int send(struct packet* p, bool retags) {
    return send_frame(p->ctx, p->frame);
}
