/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a stage knows of the frame it works on, and what it answers. */
#pragma once
#ifndef XDPB_HOOK
#error "include hook_xdp.h or hook_tc.h before the stages"
#endif
#include <bpf/bpf_endian.h>
#include <linux/if_ether.h>

#define VLAN_HLEN 4

/*
 * The port that this instance of the program serves. Each port gets its own instance, so that the
 * port number costs no lookup.
 */
const volatile __u32 port_no = 0;

struct packet {
    hook_ctx* ctx;
    struct xdpb_bridge* bridge;
    struct xdpb_port* port; /* ingress */
    struct xdpb_counters* counters;
    __u64 length; /* bytes, from the destination MAC on */
    __u64 now;    /* CLOCK_MONOTONIC_COARSE, ns */
    struct xdpb_fdb_key dst;
    struct xdpb_fdb_key src;
    __u16 ethertype; /* host byte order */
};

static __always_inline struct xdpb_counters* counters_of(__u32 port) {
    __u32 index = port + XDPB_HOOK * XDPB_MAX_PORTS;

    return bpf_map_lookup_elem(&counters, &index);
}

/* A stage returns NEXT, or the verdict, which is final. No verdict of either hook is this number.
 */
#define NEXT (-100)

static __always_inline bool is_vlan_tag(__u16 ethertype) {
    return ethertype == ETH_P_8021Q || ethertype == ETH_P_8021AD;
}

static __always_inline bool mac_is_multicast(const __u8* mac) {
    return mac[0] & 1;
}
