/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long a frame waits in a tap. Nobody tells when a reader takes one. But a frame's place in the
 * ring is known when it goes in, so when and of which class is noted for that place; and whoever
 * comes by next, the next frame for the tap or a tracepoint, sees how far the reader has got.
 *
 * So a time is too long by what passes until then: until the reader's system call returns, or, with
 * vhost, until its thread sleeps or the next frame comes. A place that is noted already is left
 * alone, so a frame may go unmeasured (two CPUs send to one queue at once, the ring is full), but
 * none is measured twice.
 */
#pragma once
#include "latency.h"

struct collecting {
    struct xdpb_tap_notes* notes;
    __u32 port;
    __u32 queue;
    __u32 first;
    __u32 size;
    __u64 now;
};

/* clang 19 knows the bound where it was tested and leaves the mask out; the verifier has to see it.
 */
static __always_inline __u32 queue_index(__u32 queue) {
    asm volatile("" : "+r"(queue));
    return queue & (XDPB_LATENCY_QUEUES - 1);
}

static __always_inline __u64* note_at(struct xdpb_tap_notes* notes, __u32 queue, __u32 place) {
    return &notes->notes[queue_index(queue)][place & (XDPB_LATENCY_NOTES - 1)];
}

static long collect_note(__u32 i, struct collecting* c) {
    __u32 place = c->first + i;
    __u64* at = note_at(c->notes, c->queue, place >= c->size ? place - c->size : place);
    __u64 note = *at ? __sync_lock_test_and_set(at, 0) : 0;

    if (!note)
        return 0;
    __sync_fetch_and_add(&c->notes->noted[queue_index(c->queue)], -1);
    record_latency(c->port, histogram_of(note & 3, XDPB_LATENCY_QUEUE), c->now - (note & ~3ULL));
    return 0;
}

/* What the reader has taken since the last look. Whoever moves "consumer" on has the notes that it
 * passes. */
static __always_inline void collect_notes(struct xdpb_tap_notes* notes, __u32 port, __u32 queue,
                                          const struct tap_ring* ring) {
    __u32* looked = &notes->consumer[queue_index(queue)];
    struct collecting c = {.notes = notes, .port = port, .queue = queue, .size = ring_size(ring)};
    __u32 taken;

    c.first = *looked;
    if (c.first == ring->consumer ||
        __sync_val_compare_and_swap(looked, c.first, ring->consumer) != c.first ||
        !notes->noted[queue_index(queue)])
        return;
    taken = ring_distance(ring, c.first, ring->consumer);
    c.now = bpf_ktime_get_ns();
    bpf_loop(taken < XDPB_LATENCY_NOTES ? taken : XDPB_LATENCY_NOTES, collect_note, &c, 0);
}

/* ahead: frames that go in before it. */
static __always_inline void note_place(struct xdpb_tap_notes* notes, __u32 queue,
                                       const struct tap_ring* ring, __u32 ahead, __u32 class,
                                       __u64 now) {
    __u32 place = ring->producer + ahead, size = ring_size(ring);
    __u64* at = note_at(notes, queue, place >= size ? place - size : place);

    /* Of a ring longer than there is room for, what is beyond goes unmeasured. */
    if (frames_waiting(ring) + ahead >= XDPB_LATENCY_NOTES || *at)
        return;
    if (__sync_val_compare_and_swap(at, 0, (now & ~3ULL) | (class & 3)) == 0)
        __sync_fetch_and_add(&notes->noted[queue_index(queue)], 1);
}

static __always_inline struct xdpb_tap_notes* notes_of(__u32 port) {
    void* of_port = bpf_map_lookup_elem(&latency_taps, &port);
    __u32 zero = 0;

    return of_port ? bpf_map_lookup_elem(of_port, &zero) : NULL;
}
