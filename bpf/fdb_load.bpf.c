// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Adds many FDB entries in one system call. For each the library would need two, an update and a
 * push into the queue, and the kernel's batch update cannot be told to leave entries alone that are
 * there already. Run by the library through BPF_PROG_RUN, and attached to nothing.
 */
#include "fdb.h"

#define BATCH 256 /* short, for it keeps the CPU from other work: ~100 us */

struct {
    struct xdpb_fdb_key key;
    struct xdpb_fdb_entry entry;
} items[BATCH];
int results[BATCH]; /* 0, or the negative errno, and then nothing has changed */
__u32 count;

static __always_inline int add_new(const struct xdpb_fdb_key* key,
                                   const struct xdpb_fdb_entry* entry) {
    struct xdpb_reclaim item = {.key = *key, .created_ns = entry->created_ns};
    bool is_static = entry->flags & XDPB_FDB_STATIC;
    int err; /* not long: see docs/surprises.md */

    if (!is_static)
        count_learned(entry->port, 1);
    err = bpf_map_update_elem(&fdb, key, entry, BPF_NOEXIST);
    if (is_static)
        return err;
    if (!err) {
        err = bpf_map_push_elem(&reclaim, &item, 0);
        if (!err || bpf_map_delete_elem(&fdb, key))
            return err;
    }
    count_learned(entry->port, -1);
    return err;
}

SEC("xdp")
int xdpb_fdb_load(struct xdp_md* ctx) {
    for (__u32 i = 0; i < BATCH && i < count; i++)
        results[i] = add_new(&items[i].key, &items[i].entry);
    return XDP_ABORTED;
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
