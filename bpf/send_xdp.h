/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sends at XDP: the kernel looks the device up in the devmap and, for a flood, makes the copies. */
#pragma once
#include "verdict.h"

static __always_inline bool in_one_buffer(struct packet* p) {
    return p->length == p->ctx->data_end - p->ctx->data;
}

/* To every device of the bridge but the one it came from. */
static __always_inline int flood(struct packet* p) {
    __u32 unreachable = p->bridge->no_xdp_xmit;

    /* The kernel leaves out, without a word, who does not take frames from XDP. */
    if (unreachable) {
        if (p->port->flags & XDPB_PORT_TC)
            return hand(p, XDPB_HAND_NO_XDP_XMIT);
        p->counters->refused[XDPB_REFUSAL_UNSUPPORTED] += unreachable;
    }
    p->counters->flooded++;
    return bpf_redirect_map(&devices, 0, BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS);
}

/* NEXT, or the verdict for a frame that the port's device would refuse. */
static __always_inline int check_egress(struct packet* p, __u32 port) {
    struct xdpb_port* to = bpf_map_lookup_elem(&ports, &port);

    if (!to)
        return NEXT;
    if (!(to->flags & XDPB_PORT_XDP_XMIT) && p->port->flags & XDPB_PORT_TC)
        return hand(p, XDPB_HAND_NO_XDP_XMIT);
    if (in_one_buffer(p) || to->flags & XDPB_PORT_XDP_XMIT_FRAGS)
        return NEXT;
    if (p->port->flags & XDPB_PORT_TC)
        return hand(p, XDPB_HAND_FRAGS);
    return drop(p, XDPB_DROP_FRAGS);
}

/* To one port; to all when that port's device is gone, for its hosts may be behind another port by
 * now. */
static __always_inline int forward_to(struct packet* p, __u32 port) {
    int verdict;

    if (p->bridge->no_xdp_xmit || !in_one_buffer(p)) {
        if ((verdict = check_egress(p, port)) != NEXT)
            return verdict;
    }
    if (bpf_redirect_map(&devices, port, XDP_DROP) != XDP_REDIRECT)
        return flood(p);
    p->counters->forwarded++;
    return XDP_REDIRECT;
}
