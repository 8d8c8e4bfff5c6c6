/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Latency classes at tc: asked before a frame, or a copy of a flood, is sent. */
#pragma once
#include "class.h"

#define TAP_QUEUES 16 /* looked at; of a tap with more, the first ones */

/* The stack chooses the queue later, by the flow (tun_select_queue): the fullest one counts. */
static __always_inline __u32 frames_before(const struct xdpb_port* port,
                                           struct xdpb_class_counters* c) {
    __u32 queues = tap_queues(&port->tap), most = 0;
    struct tap_ring ring;

    for (__u32 queue = 0; queue < TAP_QUEUES && queue < queues; queue++)
        if (read_tap_ring(&port->tap, queue, &ring) && frames_waiting(&ring) > most)
            most = frames_waiting(&ring);
    return most;
}

/* The tap gets each frame at once. */
static __always_inline void joined(struct xdpb_class_counters* c) {}

static __always_inline int class_to_send(struct packet* p) {
    if (!vlan_protocol && p->ctx->vlan_present) {
        p->frame->has_tag = true;
        p->frame->tci = p->ctx->vlan_tci;
    }
    return class_of(p->ctx, p->frame);
}
