/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The latency class of a frame on its way out, and whether it may join those that wait in a tap.
 *
 * A tap is one FIFO. Whatever is in it is in front of an urgent frame, so what is not urgent may
 * only have so many frames in there as the reader takes in a given time, by the pace that it was
 * seen to have; what is more is dropped, as it would be later when the FIFO is full. The time is
 * short while there is urgent traffic, and longer else, for bursts. Class normal may have a burst
 * in there all the same, or TCP would starve, unless more of it comes than the reader can take at
 * all: that does not give way. Exits: filter CLASS.
 */
#pragma once
#include "ip.h"
#include "tap_queue.h"
#include "vlan.h"

struct classing {
    __u32 fields; /* mask of enum xdpb_class_field: those that some rule classes by */
    __u32 class;  /* the most urgent one so far */
};

static __always_inline void ask_rule(struct classing* c, struct xdpb_class_key* key) {
    __u32* class = bpf_map_lookup_elem(&class_rules, key);

    if (class && *class < c->class)
        c->class = *class;
}

static __always_inline void class_by(struct classing* c, enum xdpb_class_field field, __u16 value) {
    struct xdpb_class_key key = {.field = field, .value = value};

    if (c->fields & 1 << field)
        ask_rule(c, &key);
}

static __always_inline void class_by_mac(struct classing* c, const __u8* mac) {
    struct xdpb_class_key key = {.field = XDPB_CLASS_BY_MAC};

    if (!(c->fields & 1 << XDPB_CLASS_BY_MAC))
        return;
    __builtin_memcpy(key.mac, mac, sizeof(key.mac));
    ask_rule(c, &key);
}

static __always_inline void class_by_headers(hook_ctx* ctx, const struct frame* frame,
                                             struct classing* c) {
    struct headers h = {
        .ethertype = frame->ethertype, .network = frame->network, .length = frame->length};
    enum xdpb_class_field field;

    parse_headers(ctx, &h);
    if (!(h.flags & (HEADERS_IPV4 | HEADERS_IPV6)))
        return;
    class_by(c, XDPB_CLASS_BY_DSCP, h.ds_field >> 2);
    if (h.protocol != IPPROTO_UDP && h.protocol != IPPROTO_TCP)
        return;
    field = h.protocol == IPPROTO_UDP ? XDPB_CLASS_BY_UDP_PORT : XDPB_CLASS_BY_TCP_PORT;
    class_by(c, field, h.sport);
    class_by(c, field, h.dport);
}

#define FIELDS_IN_HEADERS                                                                          \
    (1 << XDPB_CLASS_BY_DSCP | 1 << XDPB_CLASS_BY_UDP_PORT | 1 << XDPB_CLASS_BY_TCP_PORT)

/* On a bridge that is not VLAN-aware tci is that of the outer tag, if has_tag. */
static __always_inline bool has_tci(const struct frame* frame) {
    return vlan_protocol ? frame->dst.vlan != XDPB_NO_VLAN : frame->has_tag;
}

/* A global function, as parse_headers is. Returns enum xdpb_class. */
__noinline int class_of(hook_ctx* ctx, struct frame* frame) {
    struct classing c = {.class = XDPB_CLASS_COUNT};
    struct xdpb_bridge* b;
    __u32 zero = 0;

    b = bpf_map_lookup_elem(&bridge, &zero);
    if (!frame || !b)
        return XDPB_CLASS_NORMAL;
    c.fields = b->features / XDPB_BRIDGE_CLASS_BY;
    class_by(&c, XDPB_CLASS_BY_ETHERTYPE, frame->ethertype);
    class_by_mac(&c, frame->dst.mac);
    class_by_mac(&c, frame->src.mac);
    if (has_tci(frame)) {
        class_by(&c, XDPB_CLASS_BY_PCP, frame->tci >> TCI_PCP_SHIFT);
        class_by(&c, XDPB_CLASS_BY_VLAN, frame->tci & TCI_VID);
    }
    if (c.fields & FIELDS_IN_HEADERS)
        class_by_headers(ctx, frame, &c);
    return c.class < XDPB_CLASS_COUNT ? c.class : XDPB_CLASS_NORMAL;
}

/* Until the reader has been seen at work. */
#define UNKNOWN_PACE_NS 5000
/* Longer than XDP may keep a frame of a batch back: should the tap's ring not move because all of
 * them were lost on the way, that ends it. */
#define BATCH_NS 10000000

/* For all CPUs, and so not each time. */
static __always_inline void tell_pace(struct xdpb_port* port, __u64 pace) {
    __u32 old = port->pace_ns;

    if (pace > XDPB_NSEC_PER_SEC)
        pace = XDPB_NSEC_PER_SEC;
    if ((pace > old ? pace - old : old - pace) > old / 8)
        port->pace_ns = pace;
}

#define PACE_FRAMES 64
#define PACE_NS 50000000

/* A reader that has not yet taken all of what waited at the last look was busy all the time. */
static __always_inline void watch_reader(struct xdpb_port* port, struct xdpb_class_counters* c,
                                         const struct tap_ring* ring, __u32 waiting) {
    __u32 taken = ring_distance(ring, c->look_consumer, ring->consumer);
    __u64 now;

    if (!taken && c->look_waiting) {
        c->look_waiting = waiting; /* it is still at the same one */
        return;
    }
    now = waiting || c->look_waiting ? bpf_ktime_get_ns() : 0;
    if (taken && taken < c->look_waiting) {
        c->busy_ns += now - c->look_ns;
        c->busy_frames += taken;
        if (c->busy_frames >= PACE_FRAMES || c->busy_ns >= PACE_NS || !port->pace_ns) {
            tell_pace(port, c->busy_ns / c->busy_frames);
            c->busy_ns = c->busy_frames = 0;
        }
    }
    c->look_ns = now;
    c->look_consumer = ring->consumer;
    c->look_waiting = waiting;
}

#define WINDOW_NS 20000000
#define OFFERED_AT_ONCE 16

/* More by an eighth than the reader could take in that time. */
static __always_inline void judge_window(struct xdpb_port* port, __u64 start, __u64 now) {
    __u64 offered = __sync_lock_test_and_set(&port->offered, 0), span = now - start;

    if (span < 10ULL * WINDOW_NS && offered * port->pace_ns > span + span / 8)
        port->overload_ns = now;
}

static __always_inline void count_offered(struct xdpb_port* port, struct xdpb_class_counters* c,
                                          __u64 now) {
    __u64 start = port->window_ns;

    if (++c->offered < OFFERED_AT_ONCE)
        return;
    c->offered = 0;
    __sync_fetch_and_add(&port->offered, OFFERED_AT_ONCE);
    if (now - start > WINDOW_NS && __sync_bool_compare_and_swap(&port->window_ns, start, now))
        judge_window(port, start, now);
}

/* What XDP has for the tap and has not given to it yet (struct xdp_dev_bulk_queue). */
static __always_inline __u32 frames_in_batch(struct xdpb_class_counters* c,
                                             const struct tap_ring* ring, __u64 now) {
    if (c->batch_start != ring->producer || now - c->batch_ns > BATCH_NS) {
        c->batch_start = ring->producer;
        c->batch_ns = now;
        c->batch = 0;
    }
    return c->batch;
}

/* The hook's affair: the fullest queue that the frame may get into. */
static __always_inline bool find_ring(const struct xdpb_port* port, struct tap_ring* ring);

/* How long frames of the class may keep an urgent one waiting. */
static __always_inline __u64 delay_of(const struct xdpb_port* port, __u32 class, __u64 now) {
    __u64 delay = class == XDPB_CLASS_BULK ? port->class_delay_ns : 2ULL * port->class_delay_ns;

    return now - port->urgent_ns > XDPB_CLASS_HOLD_NS ? delay * XDPB_CLASS_REST_FACTOR : delay;
}

#define OVERLOAD_NS 100000000
#define NORMAL_BURST 64 /* frames: what one poll of a device brings at once (NAPI_POLL_WEIGHT) */

/* One that is next while the reader is at another: fewer would not show its pace. */
#define AT_LEAST 2

/* Class normal may have a burst, as long as it gives way. */
static __always_inline bool may_burst(const struct xdpb_port* port, __u32 class, __u32 waiting,
                                      __u64 now) {
    return class == XDPB_CLASS_NORMAL && waiting < NORMAL_BURST &&
           now - port->overload_ns > OVERLOAD_NS;
}

/* Whether as many frames wait already as the class may have. */
static __always_inline bool must_wait(struct xdpb_port* port, struct xdpb_class_counters* c,
                                      __u32 class) {
    __u64 now = bpf_ktime_get_coarse_ns();
    struct tap_ring ring;
    __u32 waiting;

    if (!port->tap.files || !find_ring(port, &ring))
        return false;
    if (class == XDPB_CLASS_NORMAL)
        count_offered(port, c, now);
    waiting = frames_waiting(&ring);
    watch_reader(port, c, &ring, waiting);
    waiting += frames_in_batch(c, &ring, now);
    return waiting >= AT_LEAST &&
           waiting * (__u64)(port->pace_ns ?: UNKNOWN_PACE_NS) >= delay_of(port, class, now) &&
           !may_burst(port, class, waiting, now);
}

/* Not on each frame, for all CPUs read it. */
static __always_inline void note_urgent(struct xdpb_port* port) {
    __u64 now = bpf_ktime_get_coarse_ns();

    if (now - port->urgent_ns > XDPB_NSEC_PER_SEC / 10)
        port->urgent_ns = now;
}

/* Whether a frame may leave by this port, and counts it. A global function. */
__noinline int admit_class(__u32 number, __u32 class, __u32 length) {
    struct xdpb_port* port = bpf_map_lookup_elem(&ports, &number);
    struct xdpb_class_counters* c = bpf_map_lookup_elem(&class_counters, &number);

    if (!port || !c || class >= XDPB_CLASS_COUNT)
        return true; /* cannot happen */
    if (class == XDPB_CLASS_URGENT) {
        note_urgent(port);
    } else if (must_wait(port, c, class)) {
        c->held[class]++;
        return false;
    }
    c->batch++;
    c->packets[class]++;
    c->bytes[class] += length;
    return true;
}
