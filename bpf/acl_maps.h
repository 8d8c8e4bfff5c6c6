/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of the ACL; acl.h looks rules up in them. Sizes of inner maps are set by the library. */
#pragma once

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, XDPB_ACL_SLOTS);
    __type(key, __u32);
    __type(value, struct xdpb_acl_rule);
} acl_rules SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, XDPB_ACL_SLOTS);
    __type(key, __u32);
    __type(value, struct xdpb_acl_counters);
} acl_counters SEC(".maps");

/* Of inner maps the sizes of key and value are told, not their types: clang leaves a type that no
 * program of an object uses out of its BTF. */
struct acl_cells {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_INNER_MAP); /* each has a size of its own */
    __uint(max_entries, 1);
    __type(key, __u32);
    __uint(value_size, sizeof(union xdpb_acl_cell));
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 2);
    __type(key, __u32);
    __array(values, struct acl_cells);
} acl_tables SEC(".maps");

struct acl_mac_classes {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1);
    __uint(key_size, sizeof(struct xdpb_acl_mac));
    __type(value, __u32);
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 2);
    __type(key, __u32);
    __array(values, struct acl_mac_classes);
} acl_macs SEC(".maps");

struct acl_prefix_classes {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 1);
    __uint(key_size, sizeof(struct xdpb_acl_prefix));
    __type(value, __u32);
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 2);
    __type(key, __u32);
    __array(values, struct acl_prefix_classes);
} acl_prefixes SEC(".maps");
