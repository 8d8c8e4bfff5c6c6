// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What residence times need besides the switch's own programs, as long as they are measured: when
 * the stack gives a frame that was sent at tc to its device, and looks at how far the readers of
 * taps have got, whenever a system call ends (QEMU's read, which has just taken a frame) and when a
 * CPU changes to another thread (vhost's, which makes no calls). They see all of the host.
 */
#include "device.h"
#include "tap_residence.h"
#include <bpf/bpf_tracing.h>

/* Only the member we read; libbpf finds its offset in the running kernel's BTF. */
struct sk_buff {
    __u16 queue_mapping;
} __attribute__((preserve_access_index));

/* Bitmap of the ports to look at; written by the library. */
__u64 taps[XDPB_PORT_WORDS] = {};

/* The stack has chosen the queue; the frame goes in next. */
static __always_inline void note_in_tap(struct xdpb_port* port, __u32 number, __u32 queue,
                                        __u32 class, __u64 now) {
    struct xdpb_tap_notes* notes = notes_of(number);
    struct tap_ring ring;

    if (!notes || queue >= XDPB_LATENCY_QUEUES || queue >= tap_queues(&port->tap) ||
        !read_tap_ring(&port->tap, queue, &ring))
        return;
    collect_notes(notes, number, queue, &ring);
    note_place(notes, queue, &ring, 0, class, now);
}

SEC("tp_btf/net_dev_start_xmit")
int BPF_PROG(xdpb_start_xmit, const struct sk_buff* skb, const struct net_device* dev) {
    struct xdpb_latency_mark mark;
    struct xdpb_port* port;
    __u32 number;
    __u64 now;

    if (!take_mark(low_half(skb), &mark))
        return 0;
    number = mark.port;
    port = bpf_map_lookup_elem(&ports, &number);
    if (!port || mark.class_ >= XDPB_CLASS_COUNT || !number || port_of(dev) != number)
        return 0;
    now = bpf_ktime_get_ns();
    record_way(number, mark.class_, &mark, now);
    if (port->tap.files)
        note_in_tap(port, number, skb->queue_mapping, mark.class_, now);
    return 0;
}

/* A global function. */
__noinline int look_at_queue(__u32 number, __u32 queue) {
    struct xdpb_port* port = bpf_map_lookup_elem(&ports, &number);
    struct xdpb_tap_notes* notes = notes_of(number);
    struct tap_ring ring;

    if (port && notes && notes->noted[queue_index(queue)] &&
        read_tap_ring(&port->tap, queue_index(queue), &ring))
        collect_notes(notes, number, queue_index(queue), &ring);
    return 0;
}

static long look_at_tap(__u32 number, void* unused) {
    struct xdpb_tap_notes* notes;

    if (!(taps[number / 64 % XDPB_PORT_WORDS] >> number % 64 & 1))
        return 0;
    notes = notes_of(number);
    if (!notes)
        return 0;
    for (__u32 queue = 0; queue < XDPB_LATENCY_QUEUES; queue++)
        if (notes->noted[queue])
            look_at_queue(number, queue);
    return 0;
}

static __always_inline int look_at_taps(void) {
    __u32 zero = 0;
    struct xdpb_bridge* b = bpf_map_lookup_elem(&bridge, &zero);

    if (b)
        bpf_loop(b->port_limit, look_at_tap, NULL, 0);
    return 0;
}

SEC("raw_tp/sys_exit")
int xdpb_sys_exit(void* ctx) {
    return look_at_taps();
}

SEC("raw_tp/sched_switch")
int xdpb_sched_switch(void* ctx) {
    return look_at_taps();
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
