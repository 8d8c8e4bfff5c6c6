/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Neighbour discovery (RFC 4861): ICMPv6 types and options. */
#pragma once
#include "address.h"

#define ND_ROUTER_SOLICITATION 133
#define ND_ROUTER_ADVERTISEMENT 134
#define ND_NEIGHBOUR_SOLICITATION 135
#define ND_NEIGHBOUR_ADVERTISEMENT 136
#define ND_REDIRECT 137

#define ND_SOURCE_MAC 1
#define ND_TARGET_MAC 2

struct nd_option {
    __u8 type;
    __u8 length; /* in units of 8 bytes */
    __u8 mac[ETH_ALEN];
};
