/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The map of who may send from which port; source_guard.h asks it. */
#pragma once

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, XDPB_SOURCES);
    __type(key, struct xdpb_source);
    __type(value, struct xdpb_source_info);
} sources SEC(".maps");
