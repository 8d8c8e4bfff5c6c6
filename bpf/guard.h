/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames that must not enter the switch. Exits: drop SRC_MULTICAST, SRC_ZERO, RESERVED; pass
 * (reserved group addresses that the host peers on).
 */
#pragma once
#include "verdict.h"

static __always_inline bool mac_is_zero(const __u8* mac) {
    return !(mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
}

/* 01:80:c2:00:00:00-0f, the addresses a bridge never relays by itself (802.1Q table 8-1) */
static __always_inline bool mac_is_reserved(const __u8* mac) {
    return mac[0] == 0x01 && mac[1] == 0x80 && mac[2] == 0xc2 && !mac[3] && !mac[4] &&
           mac[5] < XDPB_RESERVED_GROUPS;
}

static __always_inline int guard(struct packet* p) {
    if (mac_is_multicast(p->src.mac))
        return drop(p, XDPB_DROP_SRC_MULTICAST);
    if (mac_is_zero(p->src.mac))
        return drop(p, XDPB_DROP_SRC_ZERO);
    if (!mac_is_reserved(p->dst.mac))
        return NEXT;

    switch (p->bridge->reserved[p->dst.mac[5] % XDPB_RESERVED_GROUPS]) {
    case XDPB_RESERVED_PEER:
        return pass(p);
    case XDPB_RESERVED_DROP:
        return drop(p, XDPB_DROP_RESERVED);
    default:
        return NEXT;
    }
}
