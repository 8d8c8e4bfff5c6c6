/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Latency classes at tc: asked before a frame, or a copy of a flood, is sent. */
#pragma once
#include "class.h"

#define TAP_QUEUES 16 /* looked at; of a tap with more, the first ones */

/* The stack chooses the queue later, by the flow (tun_select_queue): the fullest one counts. What
 * is sent is in there at once, and moves the producer. */
static __always_inline bool find_ring(const struct xdpb_port* port, struct tap_ring* ring) {
    __u32 queues = tap_queues(&port->tap);
    struct tap_ring other;
    bool found = false;

    for (__u32 queue = 0; queue < TAP_QUEUES && queue < queues; queue++)
        if (read_tap_ring(&port->tap, queue, &other) &&
            (!found || frames_waiting(&other) > frames_waiting(ring))) {
            *ring = other;
            found = true;
        }
    return found;
}

static __always_inline int class_to_send(struct packet* p) {
    if (!vlan_protocol && p->ctx->vlan_present) {
        p->frame->has_tag = true;
        p->frame->tci = p->ctx->vlan_tci;
    }
    return class_of(p->ctx, p->frame);
}
