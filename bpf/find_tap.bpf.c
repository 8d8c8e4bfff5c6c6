// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Finds a tap in the kernel's memory: the library runs this once (BPF_PROG_RUN) in the namespace of
 * the tap, and puts what it finds into the port's slot, for tap_queue.h. All that depends on the
 * kernel's version is here, and relocated by its BTF; of a kernel whose tun is a module by that of
 * the module, which is loaded when there is a tap.
 */
#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>
#include <xdpbridge/abi.h>

#define CO_RE __attribute__((preserve_access_index))
#define NETDEV_HASHENTRIES 256 /* include/linux/netdevice.h */
#define NETDEV_ALIGN 32        /* likewise */
#define MAX_CHAIN 4096         /* devices that share a place in the hash */

struct hlist_node {
    struct hlist_node* next;
} CO_RE;

struct hlist_head {
    struct hlist_node* first;
} CO_RE;

struct net {
    struct hlist_head* dev_index_head;
} CO_RE;

struct nsproxy {
    struct net* net_ns;
} CO_RE;

struct task_struct {
    struct nsproxy* nsproxy;
} CO_RE;

/* priv: since Linux 6.10; before, private data follow the struct. */
struct net_device {
    int ifindex;
    struct hlist_node index_hlist;
    __u8 priv[0];
} CO_RE;

struct ptr_ring {
    int producer;
    int consumer_head;
    int size;
} CO_RE;

struct tun_file {
    struct ptr_ring tx_ring;
} CO_RE;

struct tun_struct {
    struct tun_file* tfiles[256];
    unsigned int numqueues;
    unsigned int flags;
} CO_RE;

struct xdpb_tap found = {};

static __always_inline __u64 private_data(__u64 device) {
    if (bpf_core_field_exists(struct net_device, priv))
        return device + bpf_core_field_offset(struct net_device, priv);
    return device +
           ((bpf_core_type_size(struct net_device) + NETDEV_ALIGN - 1) & ~(NETDEV_ALIGN - 1ULL));
}

static __always_inline void describe(__u64 device) {
    struct tun_struct* tun = (void*)private_data(device);

    if (BPF_CORE_READ(tun, flags) & IFF_MULTI_QUEUE)
        found.numqueues = bpf_core_field_offset(struct tun_struct, numqueues) -
                          bpf_core_field_offset(struct tun_struct, tfiles);
    found.producer = bpf_core_field_offset(struct tun_file, tx_ring.producer);
    found.consumer = bpf_core_field_offset(struct tun_file, tx_ring.consumer_head);
    found.size = bpf_core_field_offset(struct tun_file, tx_ring.size);
    found.files = (__u64)tun + bpf_core_field_offset(struct tun_struct, tfiles);
}

struct search {
    int ifindex;
    struct hlist_node* node;
};

static long step(__u32 i, struct search* s) {
    struct hlist_node* node = s->node;
    struct net_device* device = (void*)node - bpf_core_field_offset(struct net_device, index_hlist);

    if (!node)
        return 1;
    if (BPF_CORE_READ(device, ifindex) == s->ifindex) {
        describe((__u64)device);
        return 1;
    }
    s->node = BPF_CORE_READ(node, next);
    return 0;
}

/* args[0]: the ifindex of a device of kind "tun". */
SEC("raw_tp")
int xdpb_find_tap(struct bpf_raw_tracepoint_args* ctx) {
    struct search s = {.ifindex = ctx->args[0]};
    struct task_struct* task = (void*)bpf_get_current_task();
    struct hlist_head* head = BPF_CORE_READ(task, nsproxy, net_ns, dev_index_head);

    if (!bpf_core_type_exists(struct tun_struct) || !bpf_core_type_exists(struct tun_file))
        return 0;
    head += s.ifindex & (NETDEV_HASHENTRIES - 1);
    s.node = BPF_CORE_READ(head, first);
    bpf_loop(MAX_CHAIN, step, &s, 0);
    return 0;
}

char LICENSE[] SEC("license")
= "Dual BSD/GPL";
