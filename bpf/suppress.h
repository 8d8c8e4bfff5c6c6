/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ARP and ND suppression: a question for an address whose owner is known is answered here, in the
 * owner's name, and reaches nobody else. Exits: answer; those of check_output.
 *
 * As on the kernel's bridge (net/bridge/br_arp_nd_proxy.c), probes of RFC 5227 and of DAD, which
 * have no sender yet, and gratuitous ARP go their way, for it is the owner who has to object; and
 * nobody is answered for whom the FDB does not know. Neither is a host behind the port that asks,
 * which hears the question itself, or one that the port could not reach.
 */
#pragma once
#include "arp.h"
#include "nd.h"

#define ANSWER (-101) /* beside NEXT and the verdicts */

static __always_inline int make_answer(struct packet* p) {
    bool is_arp = p->frame->ethertype == ETH_P_ARP;
    __u8 mac[ETH_ALEN];
    int verdict;

    if (is_arp ? !answers_arp(p, mac) : !answers_nd(p, mac))
        return NEXT;
    p->frame->out = port_no;
    if ((verdict = check_output(p)) != NEXT)
        return verdict;
    if (is_arp ? !write_arp_reply(p, mac) : !write_advertisement(p, mac))
        return drop(p, XDPB_DROP_TRUNCATED); /* cannot happen: it has just been read */
    return ANSWER;
}

__noinline int suppress_frame(hook_ctx* ctx, struct frame* frame) {
    struct packet p;

    return resume(&p, ctx, frame) ? make_answer(&p) : NEXT;
}

static __always_inline int suppress(struct packet* p, bool retags) {
    int verdict = NEXT;

    if (p->bridge->features & XDPB_BRIDGE_SUPPRESS && !(p->port->features & XDPB_FEATURE_ROUTED) &&
        (p->frame->ethertype == ETH_P_ARP || p->frame->ethertype == ETH_P_IPV6))
        verdict = suppress_frame(p->ctx, p->frame);
    return verdict == ANSWER ? answer(p, retags) : verdict;
}
