// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the kernel keeps to itself of a hash map: the seed of its hash function, drawn at random
 * when the map was made. Root may read it; a host that sends frames cannot.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct bpf_htab {
    __u32 n_buckets;
    __u32 hashrnd;
};
#pragma clang attribute pop

/* In the place of it comes the map in question. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1);
    __type(key, __u64);
    __uint(value_size, 24);
} map SEC(".maps");

__u32 buckets = 0;
__u32 seed = 0;

SEC("syscall")
int hash_seed(void* ctx) {
    struct bpf_htab* htab = (struct bpf_htab*)&map;

    buckets = htab->n_buckets;
    seed = htab->hashrnd;
    return 0;
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
