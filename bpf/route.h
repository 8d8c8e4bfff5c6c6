/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The L3 switch. A frame to the MAC of an SVI, or of a routed port, is routed as the kernel's own
 * tables say. What the host's stack has to see (it resolves neighbours, answers with ICMP, is meant
 * itself) goes there as it is: by the SVI, or up from the routed port. Exits: pass (on a routed
 * port), drop BLACKHOLE.
 *
 * The kernel does not tell a destination of its own from one that it has no route to: LOCAL.
 */
#pragma once
#include "fdb.h"
#include "route_ip.h"
#include "vlan.h"

#define AF_INET 2
#define AF_INET6 10
#define IP_FRAGMENT 0x3fff /* in iphdr.frag_off: more fragments, or not the first */

/* Beside the reasons of enum xdpb_stack_reason, which are 0 and more. */
#define ROUTED (-1)
#define BLACKHOLE (-2)

/* A frame on its way through the router. */
struct hop_lookup {
    struct bpf_fib_lookup fib;
    __u32 headers; /* bytes of IP and transport, of a GSO frame */
    __u8 ttl;
};

/* Source and destination port, of which ECMP may make its choice; and what length has to fit. */
static __always_inline void read_transport_of(struct packet* p, struct hop_lookup* hop,
                                              __u32 network_bytes, bool fragment) {
    __u8 offset = 0;

    if (hop->fib.l4_protocol != IPPROTO_TCP && hop->fib.l4_protocol != IPPROTO_UDP)
        return;
    if (!fragment)
        read_network(p, network_bytes, &hop->fib.sport, 4);
    if (!is_gso(p))
        return;
    hop->fib.tot_len = 1; /* to be told the MTU */
    hop->headers = network_bytes + 8;
    if (hop->fib.l4_protocol == IPPROTO_TCP && read_network(p, network_bytes + 12, &offset, 1))
        hop->headers = network_bytes + (offset >> 4) * 4;
}

static __always_inline int read_ipv4(struct packet* p, struct hop_lookup* hop) {
    struct iphdr ip;
    __u32 length;

    if (!read_network(p, 0, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5)
        return XDPB_STACK_BAD_HEADER;
    if (ip.ihl > 5)
        return XDPB_STACK_OPTIONS;
    length = bpf_ntohs(ip.tot_len);
    if (!is_gso(p) && (length < sizeof(ip) || length > network_length(p)))
        return XDPB_STACK_BAD_HEADER;
    if (!checksum_is_right(&ip) || is_martian4(ip.saddr))
        return XDPB_STACK_BAD_HEADER;
    if (is_unroutable4(ip.daddr))
        return XDPB_STACK_LOCAL;
    hop->ttl = ip.ttl;
    hop->fib.family = AF_INET;
    hop->fib.tos = ip.tos;
    hop->fib.l4_protocol = ip.protocol;
    hop->fib.tot_len = length;
    hop->fib.ipv4_src = ip.saddr;
    hop->fib.ipv4_dst = ip.daddr;
    read_transport_of(p, hop, sizeof(ip), ip.frag_off & bpf_htons(IP_FRAGMENT));
    return ROUTED;
}

static __always_inline int read_ipv6(struct packet* p, struct hop_lookup* hop) {
    struct ipv6hdr ip;
    __u32 length;

    if (!read_network(p, 0, &ip, sizeof(ip)) || ip.version != 6)
        return XDPB_STACK_BAD_HEADER;
    if (ip.nexthdr == IPPROTO_HOPOPTS)
        return XDPB_STACK_OPTIONS;
    length = sizeof(ip) + bpf_ntohs(ip.payload_len);
    if ((!is_gso(p) && length > network_length(p)) || is_martian6(&ip.saddr))
        return XDPB_STACK_BAD_HEADER;
    if (stays_on_link6(&ip))
        return XDPB_STACK_LOCAL;
    hop->ttl = ip.hop_limit;
    hop->fib.family = AF_INET6;
    hop->fib.flowinfo = *(__be32*)&ip & bpf_htonl(0x0fffffff);
    hop->fib.l4_protocol = ip.nexthdr;
    hop->fib.tot_len = length;
    __builtin_memcpy(hop->fib.ipv6_src, &ip.saddr, sizeof(ip.saddr));
    __builtin_memcpy(hop->fib.ipv6_dst, &ip.daddr, sizeof(ip.daddr));
    read_transport_of(p, hop, sizeof(ip), false);
    return ROUTED;
}

static __always_inline int read_ip(struct packet* p, struct hop_lookup* hop) {
    if (has_foreign_tag(p))
        return XDPB_STACK_NOT_IP;
    if (p->ethertype == ETH_P_IP)
        return read_ipv4(p, hop);
    if (p->ethertype == ETH_P_IPV6)
        return read_ipv6(p, hop);
    return XDPB_STACK_NOT_IP;
}

static __always_inline int ask_kernel(struct packet* p, struct hop_lookup* hop) {
    switch (bpf_fib_lookup(p->ctx, &hop->fib, sizeof(hop->fib), 0)) {
    case BPF_FIB_LKUP_RET_SUCCESS:
        break;
    case BPF_FIB_LKUP_RET_BLACKHOLE:
        return BLACKHOLE;
    case BPF_FIB_LKUP_RET_UNREACHABLE:
    case BPF_FIB_LKUP_RET_PROHIBIT:
        return XDPB_STACK_NO_ROUTE;
    case BPF_FIB_LKUP_RET_NOT_FWDED:
        return XDPB_STACK_LOCAL;
    case BPF_FIB_LKUP_RET_FWD_DISABLED:
        return XDPB_STACK_FORWARDING_OFF;
    case BPF_FIB_LKUP_RET_NO_NEIGH:
        return XDPB_STACK_NO_NEIGHBOUR;
    case BPF_FIB_LKUP_RET_FRAG_NEEDED:
        return XDPB_STACK_TOO_LONG;
    default:
        return XDPB_STACK_UNSUPPORTED;
    }
    if (hop->ttl <= 1)
        return XDPB_STACK_TTL;
    if (is_gso(p) && !segments_fit(p, hop->fib.ifindex, hop->fib.mtu_result, hop->headers))
        return XDPB_STACK_TOO_LONG;
    return ROUTED;
}

/*
 * The port behind an interface that the kernel routes by. That of an SVI is the one that the next
 * hop is behind. Where it is not known, the stack shall send: by that it notices a neighbour that
 * has fallen silent.
 */
static __always_inline int take_way(struct packet* p, const struct bpf_fib_lookup* fib) {
    __u32 ifindex = fib->ifindex;
    __u32* number = bpf_map_lookup_elem(&port_by_ifindex, &ifindex);
    struct xdpb_port* to = number ? bpf_map_lookup_elem(&ports, number) : NULL;
    struct xdpb_fdb_key next = {.vlan = XDPB_NO_VLAN};
    struct xdpb_vlan* egress_vlan = NULL;
    struct xdpb_fdb_entry* entry;
    __u32 out, vid;

    if (!to || to->router_ifindex != ifindex)
        return XDPB_STACK_OFF_BRIDGE;
    out = *number;
    __builtin_memcpy(next.mac, fib->dmac, ETH_ALEN);
    if (to->features & XDPB_FEATURE_SVI) {
        next.vlan = vid = to->svi_vlan;
        entry = bpf_map_lookup_elem(&fdb, &next);
        if (!entry || fdb_aged(p->bridge, entry, p->now))
            return XDPB_STACK_NO_NEIGHBOUR;
        out = entry->port;
        if (vlan_protocol) {
            egress_vlan = bpf_map_lookup_elem(&vlans, &vid);
            if (!egress_vlan || !has_port(egress_vlan->members, out))
                return XDPB_STACK_NO_NEIGHBOUR;
        }
    }
    if (egress_isolates(p, out))
        return XDPB_STACK_UNSUPPORTED;
    p->dst = next;
    __builtin_memcpy(p->src.mac, fib->smac, ETH_ALEN);
    p->src.vlan = next.vlan;
    p->vlan = egress_vlan;
    p->tci = (p->tci & ~TCI_VID) | (egress_vlan ? next.vlan : 0);
    p->out = out;
    p->routed = true;
    return ROUTED;
}

/* ROUTED with the frame's way in p, BLACKHOLE, or why the stack shall have it. ifindex: that it
 * comes in by, to the kernel's routes. */
static __noinline int find_hop(struct packet* p, __u32 ifindex) {
    struct hop_lookup hop = {};
    int answer = read_ip(p, &hop);

    hop.fib.ifindex = ifindex;
    if (answer == ROUTED)
        answer = ask_kernel(p, &hop);
    if (answer == ROUTED)
        answer = take_way(p, &hop.fib);
    return answer;
}

/* A frame to the MAC of the SVI that is behind this port. */
static __always_inline int route(struct packet* p, __u32 svi) {
    struct xdpb_port* to = bpf_map_lookup_elem(&ports, &svi);
    int answer = to ? find_hop(p, to->router_ifindex) : XDPB_STACK_UNSUPPORTED;

    if (answer == BLACKHOLE)
        return drop(p, XDPB_DROP_BLACKHOLE);
    if (answer != ROUTED) {
        p->out = svi;
        p->to_stack = answer + 1;
    }
    return NEXT;
}

static __always_inline void count_to_stack(struct packet* p, __u32 reason) {
    asm volatile("" : "+r"(reason)); /* the verifier has to see the bound */
    if (reason < XDPB_STACK_REASON_COUNT)
        p->counters->to_stack[reason]++;
}

static __always_inline bool is_for_router(const struct packet* p) {
    const __u8* mac = p->port->router_mac;
    __u8 differ = 0;

#pragma unroll
    for (int i = 0; i < ETH_ALEN; i++)
        differ |= mac[i] ^ p->dst.mac[i];
    return !differ;
}

/* A routed port is the host's own, but for what is routed here. */
static __noinline int enter_routed(struct packet* p) {
    int answer;

    if (!is_for_router(p))
        return pass(p);
    p->tci = (__u16)p->port->priority << TCI_PCP_SHIFT;
    answer = find_hop(p, p->port->router_ifindex);
    if (answer == ROUTED)
        return NEXT;
    if (answer == BLACKHOLE)
        return drop(p, XDPB_DROP_BLACKHOLE);
    count_to_stack(p, answer);
    return pass(p);
}

/* Into its VLAN; on a routed port, which has none, onto its way. */
static __always_inline int enter(struct packet* p) {
    return p->port->features & XDPB_FEATURE_ROUTED ? enter_routed(p) : vlan(p);
}

/* When it is about to be sent: before that, tc might have had to see it as it came. */
static __always_inline int rewrite(struct packet* p) {
    if (!p->routed) {
        count_to_stack(p, p->to_stack - 1);
        return NEXT;
    }
    p->counters->routed++;
    return write_hop(p) ? NEXT : drop(p, XDPB_DROP_TRUNCATED);
}
