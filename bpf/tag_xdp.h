/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * VLAN tags at XDP, where they are part of the frame.
 *
 * Between the ingress program and the egress program a frame of a VLAN-aware bridge has its VLAN in
 * a tag of the bridge, so that the copies of a flood leave each port as the port wants it; and so
 * that no other way is needed to tell the egress program. One case needs no tag: a frame that came
 * in without one and leaves without one by every port. The egress program sees no tag of ours then,
 * and lets the frame go as it is.
 */
#pragma once
#include "vlan.h"

struct tagged_header {
    __u8 macs[2 * ETH_ALEN];
    __be16 protocol;
    __be16 tci;
};

static __always_inline struct tagged_header* find_tag(struct xdp_md* ctx) {
    struct tagged_header* header = (void*)(long)ctx->data;

    if ((void*)(header + 1) > (void*)(long)ctx->data_end ||
        header->protocol != bpf_htons(vlan_protocol))
        return NULL;
    return header;
}

static __always_inline bool read_tag(struct packet* p) {
    struct tagged_header* header = find_tag(p->ctx);

    if (header)
        p->frame->tag = bpf_ntohs(header->tci);
    return header;
}

/* Through registers: the old place and the new one overlap. */
struct macs {
    __u32 words[3];
};

static __always_inline bool push_tag(struct packet* p) {
    struct tagged_header* header;
    struct macs macs;

    if (bpf_xdp_adjust_head(p->ctx, -VLAN_HLEN))
        return false;
    header = (void*)(long)p->ctx->data;
    if ((void*)(header + 1) > (void*)(long)p->ctx->data_end)
        return false;
    macs = *(struct macs*)((void*)header + VLAN_HLEN);
    *(struct macs*)header = macs;
    header->protocol = bpf_htons(vlan_protocol);
    header->tci = bpf_htons(p->frame->tci);
    p->frame->network += VLAN_HLEN;
    p->frame->tag = p->frame->tci;
    p->frame->has_tag = true;
    return true;
}

/* False: the frame is lost. */
static __always_inline bool pop_tag(struct xdp_md* ctx) {
    struct tagged_header* header = (void*)(long)ctx->data;
    struct macs macs;

    if ((void*)(header + 1) > (void*)(long)ctx->data_end)
        return false;
    macs = *(struct macs*)header;
    *(struct macs*)((void*)header + VLAN_HLEN) = macs;
    return !bpf_xdp_adjust_head(ctx, VLAN_HLEN);
}

/* Before the frame goes to ports that, if untagged, all send its VLAN without a tag. */
static __always_inline bool set_tag(struct packet* p, bool untagged) {
    struct tagged_header* header;

    if (!p->vlan) /* to a routed port */
        return !p->frame->has_tag || pop_tag(p->ctx);
    header = find_tag(p->ctx);
    if (!p->frame->has_tag) /* header: a tag that is not the bridge's business, but looks like it */
        return (untagged && !header) || push_tag(p);
    if (header && p->frame->tci != p->frame->tag)
        header->tci = bpf_htons(p->frame->tci);
    return true;
}
