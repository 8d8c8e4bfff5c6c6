/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames that must not enter the switch. Exits: drop SRC_MULTICAST, SRC_ZERO, RESERVED, BPDU_GUARD;
 * pass (reserved group addresses that the host peers on).
 */
#pragma once
#include "events.h"
#include "verdict.h"

static __always_inline bool mac_is_zero(const __u8* mac) {
    return !(mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
}

/* 01:80:c2:00:00:00-0f, the addresses a bridge never relays by itself (802.1Q table 8-1) */
static __always_inline bool mac_is_reserved(const __u8* mac) {
    return mac[0] == 0x01 && mac[1] == 0x80 && mac[2] == 0xc2 && !mac[3] && !mac[4] &&
           mac[5] < XDPB_RESERVED_GROUPS;
}

/* What a bridge running a spanning tree sends: to 01:80:c2:00:00:00, a provider bridge to ...:08
 * (802.1Q table 8-1), and to 01:00:0c:cc:cc:cd for each VLAN (PVST+). */
static __always_inline bool is_bpdu(const __u8* mac) {
    if (mac_is_reserved(mac))
        return mac[5] == 0x00 || mac[5] == 0x08;
    return mac[0] == 0x01 && mac[1] == 0x00 && mac[2] == 0x0c && mac[3] == 0xcc && mac[4] == 0xcc &&
           mac[5] == 0xcd;
}

/* The first BPDU shuts the port, both ways, until the user opens it. */
static __noinline int bpdu_guard(struct packet* p) {
    if (p->port->features & XDPB_FEATURE_BLOCKED)
        return drop(p, XDPB_DROP_BPDU_GUARD);
    if (!is_bpdu(p->frame->dst.mac))
        return NEXT;
    if (!(__sync_fetch_and_or(&p->port->features, XDPB_FEATURE_BLOCKED) & XDPB_FEATURE_BLOCKED))
        send_event(p->bridge, XDPB_EVENT_BPDU, p->frame->now, &p->frame->src, port_no, 0);
    return drop(p, XDPB_DROP_BPDU_GUARD);
}

static __always_inline int guard(struct packet* p) {
    int verdict;

    if (p->port->features & (XDPB_FEATURE_BPDU_GUARD | XDPB_FEATURE_BLOCKED) &&
        (verdict = bpdu_guard(p)) != NEXT)
        return verdict;
    if (mac_is_multicast(p->frame->src.mac))
        return drop(p, XDPB_DROP_SRC_MULTICAST);
    if (mac_is_zero(p->frame->src.mac))
        return drop(p, XDPB_DROP_SRC_ZERO);
    if (!mac_is_reserved(p->frame->dst.mac))
        return NEXT;

    switch (p->bridge->reserved[p->frame->dst.mac[5] % XDPB_RESERVED_GROUPS]) {
    case XDPB_RESERVED_PEER:
        return pass(p);
    case XDPB_RESERVED_DROP:
        return drop(p, XDPB_DROP_RESERVED);
    default:
        return NEXT;
    }
}
