/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of the latency classes; class.h asks them. */
#pragma once

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, XDPB_CLASS_RULES);
    __type(key, struct xdpb_class_key);
    __type(value, __u32);
} class_rules SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, XDPB_MAX_PORTS);
    __type(key, __u32);
    __type(value, struct xdpb_class_counters);
} class_counters SEC(".maps");
