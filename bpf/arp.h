/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ARP half of suppress.h (RFC 826). */
#pragma once
#include "arp_message.h"
#include "neighbour_learn.h"

/* Neither of "this network", nor loopback, nor multicast, reserved and broadcast */
static __always_inline bool is_host_ipv4(const __u8* ip) {
    return ip[0] != 0 && ip[0] != 127 && ip[0] < 224;
}

static __always_inline struct xdpb_neighbour_key ipv4_neighbour(struct packet* p, const __u8* ip) {
    struct xdpb_neighbour_key key = {.ip = {[10] = 0xff, [11] = 0xff},
                                     .domain = p->frame->dst.vlan};

    __builtin_memcpy(key.ip + 12, ip, 4);
    return key;
}

static __always_inline bool same_ipv4(const __u8* a, const __u8* b) {
    return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]));
}

/* Whether the frame is a request that is to be answered, with this MAC. Learns from it. */
static __noinline int answers_arp(struct packet* p, __u8* mac) {
    struct xdpb_neighbour_key key;
    struct arp_ipv4 arp;

    if (!load(p->ctx, p->frame->network, &arp, sizeof(arp)) || !is_arp_ipv4(&arp))
        return false;
    if (arp.operation != bpf_htons(ARP_REQUEST) && arp.operation != bpf_htons(ARP_REPLY))
        return false;
    if (is_host_ipv4(arp.sender_ip) && same_mac(arp.sender_mac, p->frame->src.mac)) {
        key = ipv4_neighbour(p, arp.sender_ip);
        learn_neighbour(p, &key);
    }
    if (arp.operation != bpf_htons(ARP_REQUEST) || !mac_is_multicast(p->frame->dst.mac) ||
        !is_host_ipv4(arp.sender_ip) || !is_host_ipv4(arp.target_ip) ||
        same_ipv4(arp.sender_ip, arp.target_ip) || !is_host_mac(arp.sender_mac))
        return false;
    key = ipv4_neighbour(p, arp.target_ip);
    return find_neighbour(p, &key, mac);
}

/* Turns the request in the frame into the reply of who has this MAC. */
static __noinline int write_arp_reply(struct packet* p, const __u8* mac) {
    struct mac_pair macs;
    struct arp_ipv4 arp;
    __u8 asked[4];

    if (!load(p->ctx, p->frame->network, &arp, sizeof(arp)))
        return false;
    __builtin_memcpy(asked, arp.target_ip, 4);
    arp.operation = bpf_htons(ARP_REPLY);
    __builtin_memcpy(arp.target_mac, arp.sender_mac, ETH_ALEN);
    __builtin_memcpy(arp.target_ip, arp.sender_ip, 4);
    __builtin_memcpy(arp.sender_mac, mac, ETH_ALEN);
    __builtin_memcpy(arp.sender_ip, asked, 4);
    __builtin_memcpy(macs.dst, arp.target_mac, ETH_ALEN);
    __builtin_memcpy(macs.src, mac, ETH_ALEN);
    return store(p->ctx, p->frame->network, &arp, sizeof(arp)) &&
           store(p->ctx, 0, &macs, sizeof(macs));
}
