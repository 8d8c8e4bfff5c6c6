/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a stage knows of the frame it works on, and what it answers. */
#pragma once
#include "maps.h"

/*
 * The port that this instance of the program serves. Each port gets its own instance, so that the
 * port number costs no lookup.
 */
const volatile __u32 port_no = 0;

struct packet {
    void* ctx;
    struct xdpb_bridge* bridge;
    struct xdpb_port* port; /* ingress */
    struct xdpb_counters* counters;
    __u64 now; /* CLOCK_MONOTONIC_COARSE, ns */
    struct xdpb_fdb_key dst;
    struct xdpb_fdb_key src;
    __u16 ethertype; /* host byte order */
};

/* A stage returns NEXT, or the verdict, which is final. */
#define NEXT (-1)

static __always_inline bool mac_is_multicast(const __u8* mac) {
    return mac[0] & 1;
}
