// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// An XDP program NAME that lets every frame pass on, and counts it in the map NAME_frames.
#pragma once
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define XDPB_COUNT_FRAMES(name)                                                                    \
    struct {                                                                                       \
        __uint(type, BPF_MAP_TYPE_ARRAY);                                                          \
        __uint(max_entries, 1);                                                                    \
        __type(key, __u32);                                                                        \
        __type(value, __u64);                                                                      \
    } name##_frames SEC(".maps");                                                                  \
                                                                                                   \
    SEC("xdp")                                                                                     \
    int name(struct xdp_md* ctx) {                                                                 \
        __u32 key = 0;                                                                             \
        __u64* frames = bpf_map_lookup_elem(&name##_frames, &key);                                 \
        if (frames)                                                                                \
            __sync_fetch_and_add(frames, 1);                                                       \
        return XDP_PASS;                                                                           \
    }                                                                                              \
                                                                                                   \
    char LICENSE[] SEC("license")                                                                  \
    = "Dual BSD/GPL"
