/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who a multicast frame is for (RFC 4541 2.1), asked for each copy of a flood: at XDP by the egress
 * program of the port, at tc before the copy is made.
 *
 * Pruning needs a querier, or memberships would expire and never be renewed: a VLAN that has heard
 * no query lately floods, as on the kernel's bridge (br_multicast_querier_exists).
 */
#pragma once
#include "address.h"
#include "verdict.h"
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#define IGMP_QUERY 0x11
#define IGMP_V1_REPORT 0x12
#define IGMP_V2_REPORT 0x16
#define IGMP_LEAVE 0x17
#define IGMP_V3_REPORT 0x22
#define MLD_QUERY 130
#define MLD_V1_REPORT 131
#define MLD_DONE 132
#define MLD_V2_REPORT 143

enum audience {
    EVERYBODY,
    MEMBERS, /* of the group, and routers */
    ROUTERS, /* a report: other hosts that hear it would not send theirs (RFC 4541 2.1.1) */
};

struct multicast {
    __u8 group[16]; /* as xdpb_mdb_key.group */
    __u32 vlan;
    enum audience audience;
};

static __always_inline bool is_mapped(const __u8* ip) {
    const __u32* words = (const __u32*)ip;

    return !words[0] && !words[1] && words[2] == bpf_htonl(0xffff);
}

/* Link-local groups, 224.0.0.0/24, which are to reach everybody (RFC 4541 2.1.2), and those of PTP,
 * whose clocks need not join (IEEE 1588 annex C). */
static __always_inline bool is_for_all_ipv4(const __u8* ip) {
    return ip[0] == 224 && ip[1] == 0 && (ip[2] == 0 || (ip[2] == 1 && ip[3] - 129U < 4));
}

/* Groups of node and link scope; and PTP's ff0x::181, in any scope (IEEE 1588 annex D). */
static __always_inline bool is_for_all_ipv6(const __u8* ip) {
    const __u32* words = (const __u32*)ip;

    return (ip[1] & 0x0f) <= 2 ||
           (ip[1] < 0x10 && words[0] == bpf_htonl(0xff000000 | ip[1] << 16) && !words[1] &&
            !words[2] && words[3] == bpf_htonl(0x181));
}

/* Not a group that anybody has to join */
static __always_inline bool is_for_all(const __u8* group) {
    if (is_mapped(group))
        return group[12] >> 4 != 0xe || is_for_all_ipv4(group + 12);
    return group[0] != 0xff || is_for_all_ipv6(group);
}

static __always_inline enum audience igmp_audience(hook_ctx* ctx, __u32 network,
                                                   const struct iphdr* ip) {
    __u8 type;

    if (!load(ctx, network + ip->ihl * 4, &type, sizeof(type)))
        return EVERYBODY;
    return type == IGMP_V1_REPORT || type == IGMP_V2_REPORT || type == IGMP_V3_REPORT ||
                   type == IGMP_LEAVE
               ? ROUTERS
               : EVERYBODY;
}

/* Of a frame with hop-by-hop options. */
static __always_inline enum audience mld_audience(hook_ctx* ctx, __u32 network) {
    __u8 options[2], type;

    if (!load(ctx, network + sizeof(struct ipv6hdr), options, sizeof(options)) ||
        options[0] != IPPROTO_ICMPV6 ||
        !load(ctx, network + sizeof(struct ipv6hdr) + (options[1] + 1) * 8UL, &type, sizeof(type)))
        return MEMBERS;
    switch (type) {
    case MLD_V1_REPORT:
    case MLD_V2_REPORT:
    case MLD_DONE:
        return ROUTERS;
    case MLD_QUERY:
        return EVERYBODY;
    default:
        return MEMBERS;
    }
}

static __always_inline enum audience ipv4_audience(hook_ctx* ctx, __u32 network,
                                                   struct multicast* m) {
    struct iphdr ip;

    if (!load(ctx, network, &ip, sizeof(ip)))
        return EVERYBODY;
    if (ip.protocol == IPPROTO_IGMP)
        return igmp_audience(ctx, network, &ip);
    map_ipv4(m->group, ip.daddr);
    return MEMBERS;
}

static __always_inline enum audience ipv6_audience(hook_ctx* ctx, __u32 network,
                                                   struct multicast* m) {
    struct ipv6hdr ip;

    if (!load(ctx, network, &ip, sizeof(ip)))
        return EVERYBODY;
    __builtin_memcpy(m->group, &ip.daddr, sizeof(m->group));
    return ip.nexthdr == IPPROTO_HOPOPTS ? mld_audience(ctx, network) : MEMBERS;
}

/* Sets all but m->vlan, of a frame to a multicast MAC. Queries, and what is not IP, are for
 * everybody. */
static __noinline int read_multicast(hook_ctx* ctx, __u32 network, __u32 ethertype,
                                     struct multicast* m) {
    m->audience = EVERYBODY;
    if (ethertype == ETH_P_IP)
        m->audience = ipv4_audience(ctx, network, m);
    else if (ethertype == ETH_P_IPV6)
        m->audience = ipv6_audience(ctx, network, m);
    if (m->audience == MEMBERS && is_for_all(m->group))
        m->audience = EVERYBODY;
    return 0;
}

static __always_inline bool in_mdb(const struct xdpb_mdb_key* key, __u64 now) {
    struct xdpb_mdb_entry* entry = bpf_map_lookup_elem(&mdb, key);

    return entry && mdb_alive(entry, now);
}

/* What stands for all groups of the family: see struct xdpb_mdb_key. */
#define MDB_ROUTER 0
#define MDB_OVERFLOW 1

static __always_inline void set_special_group(__u8* group, enum xdpb_family family, __u32 which) {
    __u32* words = (__u32*)group;

    words[0] = words[1] = 0;
    words[2] = family == XDPB_FAMILY_IPV4 ? bpf_htonl(0xffff) : 0;
    words[3] = bpf_htonl(which);
}

static __always_inline bool is_pruning(const struct xdpb_vlan* vlan, enum xdpb_family family,
                                       __u64 now) {
    return now < vlan->querier_until_ns[family] && now >= vlan->prune_from_ns[family];
}

/* Whether the port is a member, or there are none: nobody has ever joined the group. */
static __always_inline bool wants_group(const struct multicast* m, enum xdpb_family family,
                                        struct xdpb_mdb_key* key, __u64 now) {
    __u32 port = key->port;

    __builtin_memcpy(key->group, m->group, sizeof(key->group));
    if (in_mdb(key, now))
        return true;
    key->port = 0;
    if (!bpf_map_lookup_elem(&mdb, key))
        return true;
    key->port = port;
    set_special_group(key->group, family, MDB_OVERFLOW);
    return in_mdb(key, now);
}

/* The question: whether this port is to get no copy. */
static __noinline int not_joined(const struct multicast* m, __u32 port, __u64 now) {
    __u32 vid = m->vlan;
    struct xdpb_vlan* vlan = bpf_map_lookup_elem(&vlans, &vid);
    struct xdpb_port* to = bpf_map_lookup_elem(&ports, &port);
    struct xdpb_mdb_key key = {.vlan = vid, .port = port};
    enum xdpb_family family = is_mapped(m->group) ? XDPB_FAMILY_IPV4 : XDPB_FAMILY_IPV6;

    if (!vlan || !to || to->features & XDPB_FEATURE_MROUTER || !is_pruning(vlan, family, now))
        return false;
    if (m->audience == MEMBERS && wants_group(m, family, &key, now))
        return false;
    set_special_group(key.group, family, MDB_ROUTER);
    return !in_mdb(&key, now);
}
