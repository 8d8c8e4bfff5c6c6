/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * At tc: makes the copies. A copy enters the device's qdisc as it is, past the switch: no VLAN, no
 * isolation and no mirror of the destination applies to it. What came in by the destination is not
 * sent back to it.
 */
#pragma once
#include "mirror.h"

enum egress { EGRESS_GOOD, EGRESS_GONE, EGRESS_REFUSED };

/*
 * bpf_redirect looks at nothing, so we ask the kernel first. The devmap would say whether a device
 * is there, but the kernel lets programs of one type only use a devmap.
 *
 * As is_skb_forwardable (net/core/dev.c) has it on the kernel's bridge, a frame may have a VLAN tag
 * beyond the MTU, and a GSO frame is cut to size later.
 */
static __always_inline enum egress check_device(struct packet* p, __u32 ifindex) {
    __u32 mtu = 0;
    long answer = bpf_check_mtu(p->ctx, ifindex, &mtu, 0, 0);

    if (answer < 0)
        return EGRESS_GONE;
    if (answer == BPF_MTU_CHK_RET_FRAG_NEEDED && p->frame->length > mtu + ETH_HLEN + VLAN_HLEN)
        return EGRESS_REFUSED;
    return EGRESS_GOOD;
}

static __noinline int send_mirror_copy(struct packet* p, __u32 port) {
    struct xdpb_port* to = bpf_map_lookup_elem(&ports, &port);
    struct xdpb_counters* c = counters_of(port);
    __u64 length;
    long err;

    if (!to || !c || port == port_no)
        return 0;
    if (!(to->flags & XDPB_PORT_ACTIVE) || check_device(p, to->ifindex) == EGRESS_GONE) {
        c->refused[XDPB_REFUSAL_DOWN]++;
        return 0;
    }
    if (check_device(p, to->ifindex) == EGRESS_REFUSED) {
        c->refused[XDPB_REFUSAL_MTU]++;
        return 0;
    }
    length = frame_length(p->ctx, p->port);
    err = bpf_clone_redirect(p->ctx, to->ifindex, 0);
    if (err) {
        c->refused[err > 0 ? XDPB_REFUSAL_QUEUE_FULL : XDPB_REFUSAL_OTHER]++;
        return 0;
    }
    p->counters->mirrored++;
    c->tx_packets++;
    c->tx_bytes += length;
    return 0;
}

static __always_inline int mirror_received(struct packet* p) {
    send_mirror_copy(p, p->port->mirror_rx);
    return NEXT;
}

/* Of a frame that is about to leave by this port, with the tag that it leaves with. */
static __always_inline void mirror_sent(struct packet* p, const struct xdpb_port* to) {
    if (to->features & XDPB_FEATURE_MIRROR_TX)
        send_mirror_copy(p, to->mirror_tx);
}

/* Of a frame that a rule of the ACL wants a copy of, as it came in. */
static __always_inline void mirror_matched(struct packet* p, __u32 to) {
    send_mirror_copy(p, to);
}
