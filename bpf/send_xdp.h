/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sends at XDP: the kernel looks the device up in a devmap and, for a flood, makes the copies. */
#pragma once
#include "latency.h"
#include "mirror_xdp.h"
#include "tag_xdp.h"

static __always_inline bool in_one_buffer(struct packet* p) {
    return p->frame->length == p->ctx->data_end - p->ctx->data;
}

/* NEXT, or the verdict for a frame that has to be sent from tc, or cannot be sent. Nothing of the
 * frame has been changed yet, for tc sees it from the start. */
static __always_inline int check_port(struct packet* p) {
    __u32 out = p->frame->out; /* see resume() */
    struct xdpb_port* to = bpf_map_lookup_elem(&ports, &out);

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

static __always_inline int check_output(struct packet* p) {
    __u32 unreachable = p->bridge->no_xdp_xmit;

    if (needs_tc_for_copy(p))
        return hand(p, XDPB_HAND_MIRROR);
    if (p->frame->out != FLOOD)
        return unreachable || !in_one_buffer(p) ? check_port(p) : NEXT;
    /* The kernel leaves out, without a word, who does not take frames from XDP. */
    if (!unreachable)
        return NEXT;
    if (p->port->flags & XDPB_PORT_TC)
        return hand(p, XDPB_HAND_NO_XDP_XMIT);
    p->counters->refused[XDPB_REFUSAL_UNSUPPORTED] += unreachable;
    return NEXT;
}

/* To every device of the VLAN but the one it came from, unless the router sends it back there. */
static __always_inline int flood(struct packet* p, bool retags) {
    __u32 vid = p->frame->dst.vlan;
    void* devices_of_vlan = bpf_map_lookup_elem(&flood_by_vlan, &vid);

    if (!devices_of_vlan)
        return drop(p, XDPB_DROP_VLAN_EGRESS); /* its last port has just left */
    if (retags && !set_tag(p, p->vlan && p->vlan->all_untagged))
        return drop(p, XDPB_DROP_HEADROOM);
    p->counters->flooded++;
    return bpf_redirect_map(devices_of_vlan, 0,
                            BPF_F_BROADCAST | (p->frame->routed ? 0 : BPF_F_EXCLUDE_INGRESS));
}

static __always_inline bool set_tag_for(struct packet* p, __u32 port) {
    return set_tag(p, p->vlan && has_port(p->vlan->untagged, port));
}

/* Back to where it came from, when the frame has become the answer to what it was. */
static __always_inline int answer(struct packet* p, bool retags) {
    if (retags && !set_tag_for(p, port_no))
        return drop(p, XDPB_DROP_HEADROOM);
    p->counters->answered++;
    return bpf_redirect_map(&devices, port_no, XDP_DROP);
}

/* To one port; to all when that port's device is gone, for its hosts may be behind another port by
 * now. */
static __always_inline int forward_to(struct packet* p, __u32 port, bool retags) {
    if (retags && !set_tag_for(p, port))
        return drop(p, XDPB_DROP_HEADROOM);
    if (bpf_redirect_map(&devices, port, XDP_DROP) != XDP_REDIRECT)
        return flood(p, retags);
    p->counters->forwarded++;
    return XDP_REDIRECT;
}

static __always_inline int send(struct packet* p, bool retags) {
    int verdict = p->frame->out == FLOOD ? flood(p, retags) : forward_to(p, p->frame->out, retags);

    if (verdict == XDP_REDIRECT && p->bridge->features & XDPB_BRIDGE_LATENCY)
        note_sent(low_half((void*)(long)p->ctx->data), 0, 0);
    return verdict;
}
