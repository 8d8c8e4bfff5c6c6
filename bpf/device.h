/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's devices, as tracepoints show them, and which port one is. */
#pragma once
#include "maps.h"

/* Only the members we read; libbpf finds their offsets in the running kernel's BTF. */
struct net {
    __u64 net_cookie;
} __attribute__((preserve_access_index));

typedef struct {
    struct net* net;
} possible_net_t;

struct net_device {
    int ifindex;
    possible_net_t nd_net;
} __attribute__((preserve_access_index));

const volatile __u64 netns_cookie = 0;

/* 0 when the device is none of ours. ifindexes repeat across namespaces, hence the cookie. */
static __always_inline __u32 port_of(const struct net_device* dev) {
    __u32 ifindex = dev->ifindex;
    __u32* port;

    if (dev->nd_net.net->net_cookie != netns_cookie)
        return 0;
    port = bpf_map_lookup_elem(&port_by_ifindex, &ifindex);
    return port ? *port : 0;
}
