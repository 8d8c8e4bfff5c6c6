/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The map of policers, those of ports and those of the ACL's rules; policer.h works with it. */
#pragma once

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, XDPB_POLICERS);
    __type(key, __u32);
    __type(value, struct xdpb_policer);
} policers SEC(".maps");
