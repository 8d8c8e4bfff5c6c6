/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* VLAN tags at tc, where the kernel has taken the outer one out of the frame and keeps it beside
 * it (skb_vlan_untag). */
#pragma once
#include "vlan.h"

/* BPF_PROG_RUN is the one who leaves a tag in the frame. */
static __always_inline void take_tag_out(struct __sk_buff* skb) {
    struct {
        __be16 protocol;
        __be16 tci;
    } tag;

    if (bpf_skb_load_bytes(skb, 2 * ETH_ALEN, &tag, sizeof(tag)) ||
        tag.protocol != bpf_htons(vlan_protocol))
        return;
    if (!bpf_skb_vlan_pop(skb))
        bpf_skb_vlan_push(skb, tag.protocol, bpf_ntohs(tag.tci));
}

static __always_inline bool read_tag(struct packet* p) {
    if (!p->ctx->vlan_present && p->frame->network > ETH_HLEN) {
        take_tag_out(p->ctx);
        if (p->ctx->vlan_present)
            p->frame->network -= VLAN_HLEN;
    }
    if (!p->ctx->vlan_present || p->ctx->vlan_proto != bpf_htons(vlan_protocol))
        return false;
    p->frame->tag = p->ctx->vlan_tci;
    return true;
}

/* Gives the frame its tag, or takes it away, for the next port that gets it. */
static __always_inline bool set_tag(struct packet* p, bool untagged) {
    if (!vlan_protocol)
        return true;
    if (p->frame->has_tag && (untagged || p->frame->tag != p->frame->tci)) {
        if (bpf_skb_vlan_pop(p->ctx))
            return false;
        p->frame->has_tag = false;
    }
    if (untagged || p->frame->has_tag)
        return true;
    p->frame->tag = p->frame->tci;
    p->frame->has_tag = !bpf_skb_vlan_push(p->ctx, bpf_htons(vlan_protocol), p->frame->tci);
    return p->frame->has_tag;
}
