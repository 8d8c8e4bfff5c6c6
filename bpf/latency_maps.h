/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The maps of the residence times; latency.h and tap_residence.h fill them. What is large has a
 * map for each port, made when measuring begins and gone when it ends.
 */
#pragma once

struct port_latency {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, XDPB_LATENCY_HISTOGRAMS);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct xdpb_histogram));
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, XDPB_MAX_PORTS);
    __type(key, __u32);
    __array(values, struct port_latency);
} latency SEC(".maps");

struct tap_latency {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct xdpb_tap_notes));
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, XDPB_MAX_PORTS);
    __type(key, __u32);
    __array(values, struct tap_latency);
} latency_taps SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1 << XDPB_LATENCY_MARK_BITS);
    __type(key, __u32);
    __type(value, struct xdpb_latency_mark);
} latency_marks SEC(".maps");

/* When the frame that this CPU is at came in. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} latency_entry SEC(".maps");
