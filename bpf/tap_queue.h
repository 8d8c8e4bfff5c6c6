/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How many frames wait in a tap for its reader. The kernel tells nobody, so this looks into its
 * struct ptr_ring (include/linux/ptr_ring.h), which producer and consumer go round in. A ring that
 * is full looks empty; what is sent to it then the tap drops.
 */
#pragma once
#include "maps.h"

/* Whether the program may read the kernel's memory (CAP_PERFMON, no lockdown for confidentiality);
 * else the verifier takes this out. */
const volatile __u8 reads_kernel = 0; /* not bool: a C++ skeleton has no _Bool */

struct tap_ring {
    __u64 size_at;  /* its address: it is seldom asked for */
    __u32 producer; /* where the next frame goes */
    __u32 consumer; /* where the reader takes the next one */
};

static __always_inline bool read_kernel(void* to, __u32 bytes, __u64 address) {
    return reads_kernel && !bpf_probe_read_kernel(to, bytes, (void*)address);
}

static __always_inline __u32 tap_queues(const struct xdpb_tap* tap) {
    __u32 queues = 1;

    if (tap->numqueues && !read_kernel(&queues, sizeof(queues), tap->files + tap->numqueues))
        return 0;
    return queues;
}

/* False: there is nothing to be read, or nobody reads this queue. */
static __always_inline bool read_tap_ring(const struct xdpb_tap* tap, __u32 queue,
                                          struct tap_ring* ring) {
    __u64 file;

    if (!read_kernel(&file, sizeof(file), tap->files + queue * sizeof(file)) || !file)
        return false;
    ring->size_at = file + tap->size;
    return read_kernel(&ring->producer, sizeof(ring->producer), file + tap->producer) &&
           read_kernel(&ring->consumer, sizeof(ring->consumer), file + tap->consumer);
}

static __always_inline __u32 ring_size(const struct tap_ring* ring) {
    __u32 size = 0;

    read_kernel(&size, sizeof(size), ring->size_at);
    return size;
}

/* Places from one index of the ring on to another. */
static __always_inline __u32 ring_distance(const struct tap_ring* ring, __u32 from, __u32 to) {
    return to >= from ? to - from : to + ring_size(ring) - from;
}

static __always_inline __u32 frames_waiting(const struct tap_ring* ring) {
    return ring_distance(ring, ring->consumer, ring->producer);
}
