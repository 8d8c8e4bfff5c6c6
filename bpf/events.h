/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the data plane tells whoever listens. A full ring buffer never holds a frame up: it is
 * counted. */
#pragma once
#include "maps.h"

static __always_inline void send_event(struct xdpb_bridge* br, enum xdpb_event_type type, __u64 now,
                                       const struct xdpb_fdb_key* key, __u16 port, __u16 old_port) {
    struct xdpb_event* event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

    if (!event) {
        __sync_fetch_and_add(&br->events_lost, 1);
        return;
    }
    event->time_ns = now;
    event->type = type;
    event->port = port;
    event->old_port = old_port;
    event->key = *key;
    bpf_ringbuf_submit(event, 0);
}
