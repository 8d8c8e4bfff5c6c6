/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the IP and transport headers of a frame say, in one struct that is filled once, for stages
 * that ask for more than MACs. Read by copies, so that it is the same at both hooks and a header
 * may lie anywhere in a frame of several buffers.
 *
 * It sees through what hosts see through: two VLAN tags, LLC/SNAP (RFC 1042; the way past
 * filters of CVE-2021-27861), IPv4 options, and up to IPV6_EXTENSIONS extension headers.
 */
#pragma once
#include "address.h"
#include "packet.h"
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#define IPV6_EXTENSIONS 8

enum header_flag {
    HEADERS_IPV4 = 1 << 0,     /* src, dst, ds_field and protocol are there */
    HEADERS_IPV6 = 1 << 1,     /* likewise */
    HEADERS_FRAGMENT = 1 << 2, /* a part of a datagram, or with IPv6 one that says so */
    HEADERS_LATER = 1 << 3,    /* not its first part: it has no transport header */
    /* What should be there cannot be seen: it is cut off, wrong, or behind too many headers. Of
     * ports and ICMP types nothing is known then. */
    HEADERS_HIDDEN = 1 << 4,
};

struct headers {
    __u8 src[16]; /* IPv4 as ::ffff:a.b.c.d */
    __u8 dst[16];
    __u32 length;    /* of the frame */
    __u32 end;       /* where the datagram ends by its own word: bytes from the destination MAC */
    __u16 ethertype; /* host byte order; behind tags and LLC/SNAP */
    __u16 network;   /* where that begins */
    __u16 transport; /* where the transport header begins; 0: there is none to be seen */
    __u16 sport;     /* of TCP, UDP, UDP-Lite, SCTP and DCCP, host byte order */
    __u16 dport;
    __u8 protocol;  /* behind the extension headers */
    __u8 ds_field;  /* DSCP << 2 | ECN */
    __u8 icmp_type; /* of ICMP, ICMPv6 and IGMP */
    __u8 icmp_code;
    __u8 flags; /* enum header_flag */
};

static __always_inline bool has_ports(__u8 protocol) {
    return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE ||
           protocol == IPPROTO_SCTP || protocol == IPPROTO_DCCP;
}

static __always_inline bool has_icmp_type(__u8 protocol) {
    return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6 || protocol == IPPROTO_IGMP;
}

static __always_inline int hide(struct headers* h) {
    h->flags |= HEADERS_HIDDEN;
    return 0;
}

static __always_inline int read_transport_header(hook_ctx* ctx, struct headers* h, __u32 offset) {
    __u8 bytes[4];

    if (!has_ports(h->protocol) && !has_icmp_type(h->protocol)) {
        h->transport = offset;
        return 0;
    }
    if (offset + sizeof(bytes) > h->end || !load(ctx, offset, bytes, sizeof(bytes)))
        return hide(h);
    h->transport = offset;
    if (has_ports(h->protocol)) {
        h->sport = bytes[0] << 8 | bytes[1];
        h->dport = bytes[2] << 8 | bytes[3];
    } else {
        h->icmp_type = bytes[0];
        h->icmp_code = bytes[1];
    }
    return 0;
}

static __always_inline int read_ipv4_header(hook_ctx* ctx, struct headers* h) {
    struct iphdr ip;
    __u32 length;

    if (!load(ctx, h->network, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5)
        return hide(h);
    length = bpf_ntohs(ip.tot_len) ?: h->length; /* 0: a GSO frame of more than 64 KiB */
    if (length < ip.ihl * 4U)
        return hide(h);
    h->flags |= HEADERS_IPV4;
    map_ipv4(h->src, ip.saddr);
    map_ipv4(h->dst, ip.daddr);
    h->end = h->network + length;
    h->protocol = ip.protocol;
    h->ds_field = ip.tos;
    if (ip.frag_off & bpf_htons(0x3fff))
        h->flags |= HEADERS_FRAGMENT;
    if (ip.frag_off & bpf_htons(0x1fff)) {
        h->flags |= HEADERS_LATER;
        return 0;
    }
    return read_transport_header(ctx, h, h->network + ip.ihl * 4);
}

/* Of a common form, RFC 6564 section 4; the others are told apart below. */
static __always_inline bool is_extension(__u8 protocol) {
    return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
           protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_MH || protocol == IPPROTO_FRAGMENT ||
           protocol == IPPROTO_AH || protocol == 139 /* HIP */ || protocol == 140 /* Shim6 */;
}

static __always_inline __u32 extension_length(__u8 protocol, __u8 length) {
    if (protocol == IPPROTO_FRAGMENT)
        return 8;
    if (protocol == IPPROTO_AH)
        return (length + 2) * 4;
    return (length + 1) * 8;
}

static __noinline int skip_extensions(hook_ctx* ctx, struct headers* h, __u32 offset) {
    struct {
        __u8 next;
        __u8 length;
        __be16 fragment; /* of a fragment header */
    } extension;

    for (int i = 0; i < IPV6_EXTENSIONS && is_extension(h->protocol); i++) {
        if (offset + 8 > h->end || !load(ctx, offset, &extension, sizeof(extension)))
            return hide(h);
        if (h->protocol == IPPROTO_FRAGMENT)
            h->flags |= HEADERS_FRAGMENT;
        if (h->protocol == IPPROTO_FRAGMENT && extension.fragment & bpf_htons(0xfff8)) {
            h->flags |= HEADERS_LATER;
            h->protocol = extension.next;
            return 0;
        }
        offset += extension_length(h->protocol, extension.length);
        h->protocol = extension.next;
    }
    return is_extension(h->protocol) ? hide(h) : read_transport_header(ctx, h, offset);
}

static __always_inline int read_ipv6_header(hook_ctx* ctx, struct headers* h) {
    struct ipv6hdr ip;

    if (!load(ctx, h->network, &ip, sizeof(ip)) || ip.version != 6)
        return hide(h);
    h->flags |= HEADERS_IPV6;
    __builtin_memcpy(h->src, &ip.saddr, sizeof(h->src));
    __builtin_memcpy(h->dst, &ip.daddr, sizeof(h->dst));
    /* 0: a GSO frame of more than 64 KiB, or a jumbogram */
    h->end =
        bpf_ntohs(ip.payload_len) ? h->network + sizeof(ip) + bpf_ntohs(ip.payload_len) : h->length;
    h->protocol = ip.nexthdr;
    h->ds_field = ip.priority << 4 | ip.flow_lbl[0] >> 4;
    return skip_extensions(ctx, h, h->network + sizeof(ip));
}

/* The ethertype of an 802.3 frame is behind an LLC/SNAP header, where a host finds it too. */
static __always_inline void skip_snap(hook_ctx* ctx, struct headers* h) {
    struct {
        __u8 llc[3];
        __u8 oui[3];
        __be16 ethertype;
    } snap;

    if (!load(ctx, h->network, &snap, sizeof(snap)) || snap.llc[0] != 0xaa || snap.llc[1] != 0xaa ||
        snap.oui[0] || snap.oui[1] || (snap.oui[2] && snap.oui[2] != 0xf8))
        return;
    h->ethertype = bpf_ntohs(snap.ethertype);
    h->network += sizeof(snap);
}

/*
 * A global function: the verifier looks at it once, by itself, and not again for each way that a
 * frame may have come to each of its callers. So it takes plain data only, in *h: where the headers
 * begin and what they are. Returns 0.
 */
__noinline int parse_headers(hook_ctx* ctx, struct headers* h) {
    if (!h)
        return 0; /* cannot happen, but for the verifier any pointer may be NULL */
    if (h->ethertype < ETH_P_802_3_MIN)
        skip_snap(ctx, h);
    if (h->ethertype == ETH_P_IP)
        return read_ipv4_header(ctx, h);
    if (h->ethertype == ETH_P_IPV6)
        return read_ipv6_header(ctx, h);
    /* One more tag than a host has interfaces for, and than we follow. */
    return is_vlan_tag(h->ethertype) ? hide(h) : 0;
}

/* h is all zeros. */
static __always_inline void read_headers(struct packet* p, struct headers* h) {
    h->ethertype = p->frame->ethertype;
    h->network = p->frame->network;
    h->length = p->frame->length;
    parse_headers(p->ctx, h);
}
