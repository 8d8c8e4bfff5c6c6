/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Residence at XDP: the egress program is where a frame gets to its device, as one of a batch. */
#pragma once
#include "class_xdp.h"
#include "tap_residence.h"

struct residence {
    struct xdpb_latency_mark mark;
    __u32 class;
    __u32 marked;
};

/* Before the frame loses its tag, and with it its place and maybe its class. */
static __always_inline void look_back(struct xdp_md* ctx, struct residence* r) {
    r->marked = take_mark(low_half((void*)(long)ctx->data), &r->mark);
    r->class = class_at_egress(ctx);
}

static __always_inline void note_in_tap(struct xdpb_port* port, __u32 class, __u64 now) {
    struct xdpb_tap_notes* notes = notes_of(port_no);
    __u32 number = port_no, queues = notes ? tap_queues(&port->tap) : 0;
    __u32 queue = tap_queue_of_cpu(queues);
    struct xdpb_class_counters* c = bpf_map_lookup_elem(&class_counters, &number);
    struct tap_ring ring;

    if (!queues || queue >= XDPB_LATENCY_QUEUES || !c || !read_tap_ring(&port->tap, queue, &ring))
        return;
    collect_notes(notes, port_no, queue, &ring);
    /* With classes on admit_class has counted it already. */
    if (!frames_in_batch(c, &ring, now) || !(port->features & XDPB_FEATURE_CLASSES))
        c->batch++;
    note_place(notes, queue, &ring, c->batch - 1, class, now);
}

/* A global function. */
__noinline int note_delivery(struct residence* r) {
    __u32 number = port_no;
    struct xdpb_port* port = bpf_map_lookup_elem(&ports, &number);
    __u64 now = bpf_ktime_get_ns();

    if (!r || !port || r->class >= XDPB_CLASS_COUNT)
        return 0;
    if (r->marked)
        record_way(port_no, r->class, &r->mark, now);
    if (port->tap.files)
        note_in_tap(port, r->class, now);
    return 0;
}
