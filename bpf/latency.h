/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long a frame stays in the switch, while that is measured. Neither a tap at XDP nor an skb at
 * tc has room to take the time along that nobody else uses, so it is left in the map
 * "latency_marks" under the frame's address. The copies of a flood have other addresses, and are
 * not measured on the way to the device; nor is a frame whose place another one has taken.
 */
#pragma once
#include "tap_queue.h"

/* A mark that is older was left by a frame that never got to its device. */
#define MARK_NS XDPB_NSEC_PER_SEC

/* A pointer as a number, of which the verifier allows half. Only where programs may look into the
 * kernel, and nothing is measured elsewhere. */
static __always_inline __u32 low_half(const void* pointer) {
    __u64 number = 0;

    if (reads_kernel)
        asm volatile("r0 = %1\n w0 = w0\n %0 = r0" : "=r"(number) : "r"(pointer) : "r0");
    return number;
}

static __always_inline void note_entry(void) {
    __u32 zero = 0;
    __u64* entered = bpf_map_lookup_elem(&latency_entry, &zero);

    if (entered)
        *entered = bpf_ktime_get_ns();
}

static __always_inline struct xdpb_latency_mark* mark_of(__u32 address) {
    __u32 place = address * 0x9e3779b1U >> (32 - XDPB_LATENCY_MARK_BITS);

    return address ? bpf_map_lookup_elem(&latency_marks, &place) : NULL;
}

/* A global function. */
__noinline int note_sent(__u32 address, __u32 port, __u32 class) {
    struct xdpb_latency_mark* mark = mark_of(address);
    __u32 zero = 0;
    __u64* entered = bpf_map_lookup_elem(&latency_entry, &zero);

    if (!mark || !entered || !*entered)
        return 0;
    /* Whoever reads it meanwhile sees that it is not what it was. */
    __sync_lock_test_and_set(&mark->address, 0);
    mark->port = port;
    mark->class_ = class;
    mark->entered_ns = *entered;
    mark->sent_ns = bpf_ktime_get_ns();
    __sync_lock_test_and_set(&mark->address, address);
    return 0;
}

/* False: the frame has none. */
static __always_inline bool take_mark(__u32 address, struct xdpb_latency_mark* taken) {
    struct xdpb_latency_mark* mark = mark_of(address);

    if (!mark || mark->address != address)
        return false;
    *taken = *mark;
    return __sync_val_compare_and_swap(&mark->address, address, 0) == address &&
           bpf_ktime_get_ns() - taken->sent_ns < MARK_NS;
}

/* The tracepoints may interrupt a program on the same CPU, so the sums are atomic. A global
 * function. */
__noinline int record_latency(__u32 port, __u32 histogram, __u64 ns) {
    void* of_port = bpf_map_lookup_elem(&latency, &port);
    struct xdpb_histogram* h = of_port ? bpf_map_lookup_elem(of_port, &histogram) : NULL;
    __u32 bucket = xdpb_latency_bucket(ns);

    if (!h || bucket >= XDPB_LATENCY_BUCKETS)
        return 0;
    if (!h->count || ns < h->min_ns)
        h->min_ns = ns;
    if (ns > h->max_ns)
        h->max_ns = ns;
    __sync_fetch_and_add(&h->sum_ns, ns);
    __sync_fetch_and_add(&h->count, 1);
    __sync_fetch_and_add(&h->buckets[bucket], 1);
    return 0;
}

static __always_inline __u32 histogram_of(__u32 class, enum xdpb_latency_part part) {
    return class * XDPB_LATENCY_PART_COUNT + part;
}

/* The way to the device: now it is there. */
static __always_inline void record_way(__u32 port, __u32 class,
                                       const struct xdpb_latency_mark* mark, __u64 now) {
    record_latency(port, histogram_of(class, XDPB_LATENCY_SWITCH),
                   mark->sent_ns - mark->entered_ns);
    record_latency(port, histogram_of(class, XDPB_LATENCY_TRANSMIT), now - mark->sent_ns);
}
