/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* MAC and IP addresses, as keys and headers have them. */
#pragma once
#include <linux/if_ether.h>

static __always_inline bool same_mac(const __u8* a, const __u8* b) {
    return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) | (a[4] ^ b[4]) |
             (a[5] ^ b[5]));
}

/* ::ffff:a.b.c.d */
static __always_inline void map_ipv4(__u8* ip, __be32 address) {
    __builtin_memset(ip, 0, 10);
    ip[10] = ip[11] = 0xff;
    __builtin_memcpy(ip + 12, &address, sizeof(address));
}
