// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The switch at the XDP hook: a table of contents. Follow one frame from top to bottom; each stage
 * is a header of its name and either says NEXT or gives the verdict.
 */
#include "hook_xdp.h"

#include "parse.h"
#include "mirror_xdp.h"
#include "guard.h"
#include "tag_xdp.h"
#include "route_xdp.h"
#include "route.h"
#include "handover.h"
#include "port_guard.h"
#include "acl.h"
#include "learn.h"
#include "send_xdp.h"
#include "suppress.h"
#include "snoop.h"
#include "forward.h"
#include "egress.h"
#include "latency_xdp.h"

/* retags: the program may give a frame a tag, or take it away, and so change its length. */
static __always_inline int ingress(struct xdp_md* ctx, bool retags) {
    struct frame frame;
    struct packet p;
    int verdict;

    if ((verdict = parse(&p, &frame, ctx)) != NEXT)
        return verdict;
    if ((verdict = mirror(&p)) != NEXT)
        return verdict;
    if ((verdict = guard(&p)) != NEXT)
        return verdict;
    if ((verdict = enter(&p)) != NEXT)
        return verdict;
    if ((verdict = handover(&p)) != NEXT)
        return verdict;
    if ((verdict = port_guard(&p)) != NEXT)
        return verdict;
    if ((verdict = acl(&p)) != NEXT)
        return verdict;
    if ((verdict = learn(&p)) != NEXT)
        return verdict;
    if ((verdict = suppress(&p, retags)) != NEXT)
        return verdict;
    if ((verdict = snoop(&p)) != NEXT)
        return verdict;
    return forward(&p, retags);
}

/*
 * Of a bridge that is not VLAN-aware, and of one that is. Since Linux 6.12 the kernel takes no
 * program behind libxdp's dispatcher that could change a frame's length, even where it never does.
 * The library loads them with BPF_F_XDP_HAS_FRAGS where it can: see map "devices".
 */
SEC("xdp")
int xdpb_ingress(struct xdp_md* ctx) {
    return ingress(ctx, false);
}

SEC("xdp")
int xdpb_ingress_vlan(struct xdp_md* ctx) {
    return ingress(ctx, true);
}

/* Runs on each frame that leaves by this port, just before the driver gets it. */
SEC("xdp/devmap")
int xdpb_egress(struct xdp_md* ctx) {
    struct xdpb_counters* c = counters_of(port_no);
    __u32 index = port_no;
    struct xdpb_port* port = bpf_map_lookup_elem(&ports, &index);
    struct residence residence;
    bool measured;
    int verdict;

    if (!c || !port)
        return XDP_DROP; /* cannot happen: array maps */
    measured = port->features & XDPB_FEATURE_LATENCY;
    if (measured)
        look_back(ctx, &residence);
    if ((verdict = egress(ctx, port, c)) != NEXT)
        return verdict;
    if (measured)
        note_delivery(&residence);
    c->tx_packets++;
    c->tx_bytes += bpf_xdp_get_buff_len(ctx);
    return XDP_PASS;
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
