/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rates, policed without a lock: the generic cell rate algorithm (ITU-T I.371 annex A, the
 * "virtual scheduling" form) on one 64-bit word, the theoretical arrival time, which moves by
 * compare-and-swap.
 *
 * In any time t no more passes than rate * t + burst; but a frame that is larger than the whole
 * burst passes too when nothing has for as long as its predecessors take, or it could never pass.
 * What does not pass costs nothing, and writes nothing that other CPUs read.
 */
#pragma once
#include "packet.h"

#define POLICER_ATTEMPTS 16

/* The exact clock: the coarse one stands still for 4 ms. */
static __always_inline __u64 policer_now(void) {
    return bpf_ktime_get_ns() << 10;
}

/* How far the arrival time is ahead of the clock; 0 once it has passed. */
static __always_inline __u64 meter_ahead(const struct xdpb_meter* m, __u64 arrival, __u64 now) {
    __u64 ahead = arrival - now;

    return ahead > m->horizon ? 0 : ahead;
}

static __always_inline bool meter_conforms(const struct xdpb_meter* m, __u64 ahead, __u64 cost) {
    return !ahead || ahead + cost <= m->tolerance;
}

static __always_inline bool meter_would_take(struct xdpb_meter* m, __u64 cost, __u64 now) {
    __u64 arrival = *(volatile __u64*)&m->arrival;

    return !cost || meter_conforms(m, meter_ahead(m, arrival, now), cost);
}

/* Whoever loses the race that often against other CPUs is dropped: a policer errs on that side. */
static __always_inline bool meter_take(struct xdpb_meter* m, __u64 cost, __u64 now) {
    for (int attempt = 0; cost && attempt < POLICER_ATTEMPTS; attempt++) {
        __u64 arrival = *(volatile __u64*)&m->arrival;
        __u64 ahead = meter_ahead(m, arrival, now);

        if (!meter_conforms(m, ahead, cost))
            return false;
        if (__sync_bool_compare_and_swap(&m->arrival, arrival, now + ahead + cost))
            return true;
    }
    return !cost;
}

static __always_inline void meter_give_back(struct xdpb_meter* m, __u64 cost) {
    if (cost)
        __sync_fetch_and_add(&m->arrival, -cost);
}

static __always_inline __u64 cost_of_packets(const struct xdpb_policer* policer, __u64 packets) {
    return policer->packets.cost * packets;
}

static __always_inline __u64 cost_of_bytes(const struct xdpb_policer* policer, __u64 bytes) {
    return policer->bytes.cost * bytes >> 10;
}

/* Whether packets of so many bytes in all may pass. Both meters are asked before one is charged, so
 * that a stream that one of them stops does not take from the other. A global function, as
 * parse_headers is. */
__noinline int police(struct xdpb_policer* policer, __u64 packets, __u64 bytes) {
    __u64 now, packet_cost, byte_cost;

    if (!policer)
        return true;
    now = policer_now();
    packet_cost = cost_of_packets(policer, packets);
    byte_cost = cost_of_bytes(policer, bytes);
    if (!meter_would_take(&policer->packets, packet_cost, now) ||
        !meter_would_take(&policer->bytes, byte_cost, now))
        return false;
    if (!meter_take(&policer->packets, packet_cost, now))
        return false;
    if (meter_take(&policer->bytes, byte_cost, now))
        return true;
    meter_give_back(&policer->packets, packet_cost);
    return false;
}

/* One frame; a GSO frame is as many packets as it will be cut into. */
static __always_inline bool police_frame(struct xdpb_policer* policer, struct packet* p) {
    return police(policer, frame_segments(p->ctx, p->frame->length), p->frame->length);
}

/* For a frame that has passed this policer and is dropped all the same. */
static __always_inline void give_back(struct xdpb_policer* policer, struct packet* p) {
    meter_give_back(&policer->packets,
                    cost_of_packets(policer, frame_segments(p->ctx, p->frame->length)));
    meter_give_back(&policer->bytes, cost_of_bytes(policer, p->frame->length));
}

/* NULL cannot happen: an array map. */
static __always_inline struct xdpb_policer* policer_at(__u32 index) {
    return bpf_map_lookup_elem(&policers, &index);
}
