/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ARP for IPv4 over Ethernet (RFC 826). */
#pragma once
#include "address.h"
#include <bpf/bpf_endian.h>

struct arp_ipv4 {
    __be16 hardware;
    __be16 protocol;
    __u8 hardware_size;
    __u8 protocol_size;
    __be16 operation;
    __u8 sender_mac[ETH_ALEN];
    __u8 sender_ip[4];
    __u8 target_mac[ETH_ALEN];
    __u8 target_ip[4];
} __attribute__((packed));

#define ARP_ETHERNET 1
#define ARP_REQUEST 1
#define ARP_REPLY 2

static __always_inline bool is_arp_ipv4(const struct arp_ipv4* arp) {
    return arp->hardware == bpf_htons(ARP_ETHERNET) && arp->protocol == bpf_htons(ETH_P_IP) &&
           arp->hardware_size == ETH_ALEN && arp->protocol_size == 4;
}
