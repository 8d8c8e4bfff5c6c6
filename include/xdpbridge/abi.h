/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * abi.h - what the BPF programs and the library agree on: the keys and values of every pinned map.
 *
 * This is the only header both sides include. A change of any size, offset or meaning here needs a
 * new XDPB_ABI_VERSION: bridges outlive the process that made them, and a tool of another version
 * meets them.
 */
#ifndef XDPBRIDGE_ABI_H
#define XDPBRIDGE_ABI_H

#include <linux/types.h>

#define XDPB_ABI_VERSION 4

#define XDPB_MAX_PORTS 256 /* port numbers 1..255; 0 is "no port" */
#define XDPB_RESERVED_GROUPS 16
#define XDPB_VLANS                                                                                 \
    4096 /* VLAN ids 1..4094; 0 is the one VLAN of a bridge that is not VLAN-aware                 \
          */
#define XDPB_NO_VLAN 4095 /* an id that no VLAN has: of a frame to or from a routed port */
#define XDPB_PORT_WORDS                                                                            \
    (XDPB_MAX_PORTS / 64) /* of a bitmap of ports, bit number % 64 of word number / 64 */
#define XDPB_NSEC_PER_SEC 1000000000ULL

/*
 * Why a frame was dropped. X(NAME, text): the text is what the CLI, the JSON and the docs print.
 * Append only: the position is the index into xdpb_counters.dropped.
 */
#define XDPB_DROP_REASONS(X)                                                                       \
    X(TRUNCATED, "truncated")         /* shorter than the headers it announces */                  \
    X(SRC_MULTICAST, "src_multicast") /* source MAC with the group bit (802.3 clause 3.2.3) */     \
    X(SRC_ZERO, "src_zero")           /* source MAC 00:00:00:00:00:00 */                           \
    X(RESERVED, "reserved")           /* 01:80:c2:00:00:0x and the bridge's policy is drop */      \
    X(HAIRPIN, "hairpin")             /* the destination is behind the port it came from */        \
    X(PARTIAL_CHECKSUM, "partial_checksum") /* at XDP, which cannot complete it; no tc hook */     \
    X(GSO, "gso")     /* at XDP, which cannot cut it into frames; no tc hook */                    \
    X(FRAGS, "frags") /* in several buffers, for a device that takes one; no tc hook */            \
    X(VLAN, "vlan")   /* the port is not in the frame's VLAN, or has no PVID (802.1Q 8.6.2) */     \
    X(VLAN_EGRESS, "vlan_egress") /* the port of the destination is not in the frame's VLAN */     \
    X(HEADROOM, "headroom")       /* at XDP: no room in front of the frame for a tag */            \
    X(BPDU_GUARD, "bpdu_guard")   /* a BPDU shut the port, or the port is shut */                  \
    X(ISOLATED, "isolated")       /* from an isolated port to an isolated port */                  \
    X(MAC_GUARD, "mac_guard")     /* the source MAC is not bound to the port */                    \
    X(IP_GUARD, "ip_guard")       /* the source IP is not bound to the port and MAC */             \
    X(ARP_GUARD, "arp_guard")     /* ARP or ND that speaks for somebody else */                    \
    X(DHCP_GUARD, "dhcp_guard")   /* a DHCP server's message from a port that has none */          \
    X(RA_GUARD, "ra_guard") /* an IPv6 router advertisement from a port that has no router */      \
    X(STORM, "storm")       /* more broadcast, multicast or unknown unicast than allowed */        \
    X(POLICER, "policer")   /* more than the port may send */                                      \
    X(ACL, "acl")           /* a rule of the ACL says drop */                                      \
    X(ACL_POLICER, "acl_policer") /* more than a rule of the ACL allows */                         \
    X(NOT_JOINED, "not_joined")   /* multicast that nobody has joined (RFC 4541) */                \
    X(BLACKHOLE, "blackhole")     /* a blackhole route */

enum xdpb_drop_reason {
#define X(name, text) XDPB_DROP_##name,
    XDPB_DROP_REASONS(X)
#undef X
        XDPB_DROP_REASON_COUNT
};

/*
 * Why the program at XDP handed a frame to the one at tc on the same port, by passing it to the
 * stack. Append only.
 */
#define XDPB_HAND_REASONS(X)                                                                       \
    X(BULK, "bulk") /* TCP, on a port with bulk=gro */                                             \
    X(PARTIAL_CHECKSUM,                                                                            \
      "partial_checksum")         /* the sender left it to a device (CHECKSUM_PARTIAL) */          \
    X(GSO, "gso")                 /* longer than the ingress MTU: to be cut later */               \
    X(FRAGS, "frags")             /* in several buffers, and the egress device takes one */        \
    X(NO_XDP_XMIT, "no_xdp_xmit") /* an egress device does not take frames from XDP */             \
    X(MIRROR, "mirror")           /* a copy is wanted, which XDP cannot make */

enum xdpb_hand_reason {
#define X(name, text) XDPB_HAND_##name,
    XDPB_HAND_REASONS(X)
#undef X
        XDPB_HAND_REASON_COUNT
};

/*
 * Why a frame did not leave after the program had sent it. At XDP the kernel refuses, seen in the
 * tracepoints xdp_devmap_xmit and xdp_redirect_err; at tc, MTU is our own check and the others are
 * what bpf_clone_redirect says of a copy of a flood. Counted on the egress port. Append only.
 */
#define XDPB_REFUSAL_REASONS(X)                                                                    \
    X(QUEUE_FULL, "queue_full")   /* the device took fewer frames than it was given */             \
    X(NO_RECEIVER, "no_receiver") /* ENXIO: no NAPI on the veth peer, or no reader on the tap */   \
    X(DOWN, "down")               /* ENETDOWN: the device is down */                               \
    X(MTU, "mtu")                 /* EMSGSIZE: longer than the device's MTU */                     \
    X(UNSUPPORTED, "unsupported") /* EOPNOTSUPP: the driver has no ndo_xdp_xmit now */             \
    X(OTHER, "other")

enum xdpb_refusal_reason {
#define X(name, text) XDPB_REFUSAL_##name,
    XDPB_REFUSAL_REASONS(X)
#undef X
        XDPB_REFUSAL_REASON_COUNT
};

/*
 * Why a frame that was sent, or a copy of a flood, did not leave by a port: at XDP the egress
 * program stopped it. At tc such a copy is never made, and counted all the same. Counted on the
 * egress port. Append only.
 */
#define XDPB_FILTER_REASONS(X)                                                                     \
    X(VLAN, "vlan")             /* the port has just left the VLAN */                              \
    X(ISOLATED, "isolated")     /* from an isolated port */                                        \
    X(NOT_JOINED, "not_joined") /* multicast that nobody has joined here */                        \
    X(BLOCKED, "blocked")       /* the BPDU guard has shut the port */                             \
    X(CLASS, "class") /* not urgent, and as many as its class may have wait in the tap already */

enum xdpb_filter_reason {
#define X(name, text) XDPB_FILTER_##name,
    XDPB_FILTER_REASONS(X)
#undef X
        XDPB_FILTER_REASON_COUNT
};

/*
 * Why a frame to the router's MAC was left to the host's stack instead of being routed here. It
 * leaves by the SVI, or passes on a routed port. Append only.
 */
#define XDPB_STACK_REASONS(X)                                                                      \
    X(NOT_IP, "not_ip")             /* ARP, or anything that is not IP */                          \
    X(LOCAL, "local")               /* to the host itself, a group, or nowhere: see route.h */     \
    X(NO_ROUTE, "no_route")         /* one that says unreachable or prohibit; of static routes,    \
                                       none */                                                     \
    X(NO_NEIGHBOUR, "no_neighbour") /* the stack has to ask for its MAC, or where that is */       \
    X(TTL, "ttl")                   /* TTL or hop limit is used up: ICMP is due */                 \
    X(OPTIONS, "options")           /* IPv4 options, IPv6 hop-by-hop options */                    \
    X(TOO_LONG, "too_long")         /* for the route's MTU: to be fragmented, or ICMP is due */    \
    X(BAD_HEADER, "bad_header")     /* an IP header that is not right */                           \
    X(FORWARDING_OFF, "forwarding_off") /* sysctl ip_forward of the ingress interface */           \
    X(OFF_BRIDGE, "off_bridge")         /* the route leaves by an interface that is not ours */    \
    X(UNSUPPORTED, "unsupported")       /* a route with encapsulation, a frame in several parts */

enum xdpb_stack_reason {
#define X(name, text) XDPB_STACK_##name,
    XDPB_STACK_REASONS(X)
#undef X
        XDPB_STACK_REASON_COUNT
};

/*
 * Latency classes: how urgent a frame is to those that wait for the same tap. In the order of rank.
 * Append only.
 */
#define XDPB_CLASSES(X)                                                                            \
    X(URGENT, "urgent") /* never held back */                                                      \
    X(NORMAL, "normal") /* what no rule says otherwise of */                                       \
    X(BULK, "bulk")

enum xdpb_class {
#define X(name, text) XDPB_CLASS_##name,
    XDPB_CLASSES(X)
#undef X
        XDPB_CLASS_COUNT
};

/* What a rule classes frames by. If several rules fit a frame the most urgent class is its. */
#define XDPB_CLASS_FIELDS(X)                                                                       \
    X(PCP, "pcp")             /* of the tag; on a VLAN-aware bridge, that it has or would have */  \
    X(DSCP, "dscp")           /* of IPv4 and IPv6 */                                               \
    X(ETHERTYPE, "ethertype") /* behind the tags */                                                \
    X(VLAN, "vlan")           /* likewise as pcp */                                                \
    X(MAC, "mac")             /* source or destination */                                          \
    X(UDP_PORT, "udp_port")   /* source or destination */                                          \
    X(TCP_PORT, "tcp_port")   /* source or destination */

enum xdpb_class_field {
#define X(name, text) XDPB_CLASS_BY_##name,
    XDPB_CLASS_FIELDS(X)
#undef X
        XDPB_CLASS_FIELD_COUNT
};

/* What to do with a frame to 01:80:c2:00:00:00-0f (802.1Q clause 8.6.3). The terms are those of
 * MEF 45. */
enum xdpb_reserved_policy {
    XDPB_RESERVED_PEER = 0,    /* hand it to the host's stack */
    XDPB_RESERVED_FORWARD = 1, /* flood it like any other multicast */
    XDPB_RESERVED_DROP = 2,
};

/* What is on in a bridge, beside plain switching. */
enum xdpb_bridge_feature {
    XDPB_BRIDGE_ACL = 1 << 0,      /* there are rules */
    XDPB_BRIDGE_SNOOPING = 1 << 1, /* IGMP and MLD snooping */
    XDPB_BRIDGE_SUPPRESS = 1 << 2, /* answer ARP and ND from the map "neighbours" */
    XDPB_BRIDGE_STATIC_ROUTES =
        1 << 3,                      /* route by the maps "routes4" and "routes6", not the kernel */
    XDPB_BRIDGE_MIRROR = 1 << 4,     /* some port or rule has a mirror */
    XDPB_BRIDGE_BPDU_GUARD = 1 << 5, /* some port has a BPDU guard, or was shut by it */
    XDPB_BRIDGE_LATENCY = 1 << 6,    /* how long frames stay is being measured */
    XDPB_BRIDGE_UPGRADING = 1 << 7,  /* for the library: not all ports may have the same programs */
    XDPB_BRIDGE_MIRROR_FLOODS = 1 << 8, /* some port has XDPB_FEATURE_MIRROR_TX */
    XDPB_BRIDGE_ACL_ODD = 1 << 9,       /* which of the two generations of the ACL's tables holds */
    XDPB_BRIDGE_CLASS_BY = 1 << 16, /* << enum xdpb_class_field: some rule classes by that field */
};

/*
 * Map "bridge", one entry, memory-mapped by the library. The first cache line is written by the
 * library and read by every frame; the second is written by the data plane.
 */
struct xdpb_bridge {
    __u32 abi_version;
    __u32 fdb_size;     /* entries */
    __u64 ageing_ns;    /* an entry not seen for longer is not there */
    __u64 refresh_ns;   /* how old xdpb_fdb_entry.seen_ns may get before a hit rewrites it */
    __u64 netns_cookie; /* SO_NETNS_COOKIE of the namespace that the ports live in */
    __u8 reserved[XDPB_RESERVED_GROUPS]; /* enum xdpb_reserved_policy by last nibble */
    __u32 port_limit;                    /* no port has this number or a higher one */
    __u32 no_xdp_xmit;                   /* ports whose device does not take frames from XDP */
    __u32 features;                      /* enum xdpb_bridge_feature */
    __u16 vlan_protocol; /* TPID of its tags, host byte order, for good; 0: not VLAN-aware */
    __u16 default_pvid;  /* for the library: that a new port gets; 0: none */

    __u64 reclaim_second; /* the second that reclaim_spent counts in (CLOCK_MONOTONIC) */
    __u64 reclaim_spent;  /* entries inspected in that second on behalf of a full table or quota */
    __u64 events_lost;    /* events that did not fit into the ring buffer */
    __u64 fdb_changing;   /* a process is changing the FDB, or was killed while it did */
    __u64 pad2[4];
};

/* Where the data plane meets a frame. Also the place of its counters: see map "counters". */
enum xdpb_hook {
    XDPB_HOOK_XDP = 0, /* in the driver, before there is an skb */
    XDPB_HOOK_TC = 1,  /* on the skb, at clsact ingress: keeps GSO and checksum offload */
    XDPB_HOOK_COUNT,
};

enum xdpb_port_flag {
    XDPB_PORT_USED = 1 << 0,     /* the slot is taken */
    XDPB_PORT_ACTIVE = 1 << 1,   /* fully attached; without it frames pass to the stack */
    XDPB_PORT_LEARNING = 1 << 2, /* learn source MACs */
    XDPB_PORT_GENERIC = 1 << 3,  /* attached in generic (skb) mode */
    XDPB_PORT_DISPATCHER =
        1 << 4,             /* attached through libxdp's dispatcher; else by a pinned bpf_link */
    XDPB_PORT_XDP = 1 << 5, /* a program at XDP */
    XDPB_PORT_TC = 1 << 6,  /* a program at tc */
    XDPB_PORT_HOOK_AUTO = 1 << 7, /* the library chose the hooks */
    XDPB_PORT_OFFLOADS = 1 << 8,  /* frames may come in with a partial checksum or as GSO */
    XDPB_PORT_BULK_GRO = 1 << 9,  /* hand TCP to tc, for the stack's GRO to make it large frames */
    XDPB_PORT_XDP_XMIT = 1 << 10, /* the device takes frames from XDP */
    XDPB_PORT_XDP_XMIT_FRAGS = 1 << 11, /* and those of several buffers */
    XDPB_PORT_FRAGS = 1 << 15,          /* frames may come in in several buffers */
    /* What the library changed on the device when it added the port, and changes back. */
    XDPB_PORT_SET_PROMISC = 1 << 12,
    XDPB_PORT_CLEARED_RXVLAN = 1 << 13,
    XDPB_PORT_MADE_CLSACT = 1 << 14,
    XDPB_PORT_TC_LENT = 1 << 16, /* has XDPB_PORT_TC only as long as something is mirrored */
};

/* What is on on a port, beside plain switching: tested as one word. */
enum xdpb_port_feature {
    XDPB_FEATURE_ISOLATED = 1 << 0,
    XDPB_FEATURE_MAC_GUARD = 1 << 1, /* source MACs have to be in the map "sources" */
    XDPB_FEATURE_IP_GUARD = 1 << 2,  /* source IPs too, with their MAC */
    XDPB_FEATURE_ARP_GUARD = 1 << 3,
    XDPB_FEATURE_DHCP_GUARD = 1 << 4,
    XDPB_FEATURE_RA_GUARD = 1 << 5,
    XDPB_FEATURE_BPDU_GUARD = 1 << 6,
    XDPB_FEATURE_BLOCKED = 1 << 7, /* set by the data plane: a BPDU came in */
    XDPB_FEATURE_STORM = 1 << 8,   /* one of the port's storm policers has a rate */
    XDPB_FEATURE_POLICER = 1 << 9,
    XDPB_FEATURE_MIRROR_RX = 1 << 10,
    XDPB_FEATURE_MIRROR_TX = 1 << 11,
    XDPB_FEATURE_TUNNEL = 1 << 12,       /* Q-in-Q: every frame is untagged to it */
    XDPB_FEATURE_SET_PRIORITY = 1 << 13, /* PCP of tagged frames too becomes xdpb_port.priority */
    XDPB_FEATURE_ROUTED = 1 << 14,       /* a port of the router, and of no VLAN */
    XDPB_FEATURE_SVI = 1 << 15,          /* the bridge's end of an SVI */
    XDPB_FEATURE_SNOOPING = 1 << 16,     /* the bridge's, for the egress program */
    XDPB_FEATURE_MROUTER = 1 << 17,      /* a multicast router is behind it, by the user's word */
    XDPB_FEATURE_FAST_LEAVE = 1 << 18, /* one host is behind it: a leave needs no second question */
    XDPB_FEATURE_CLASSES = 1 << 19,    /* holds back, on the way out, what is not urgent */
    XDPB_FEATURE_LATENCY = 1 << 20,    /* the bridge's, where what leaves is measured */
};

/*
 * Where the kernel keeps the queues of a tap (struct tun_struct, drivers/net/tun.c), for
 * bpf_probe_read_kernel. Found by bpf/find_tap.bpf.c; read by bpf/tap_queue.h.
 */
struct xdpb_tap {
    __u64 files;     /* address of tun_struct.tfiles; 0: not a tap, or not to be read */
    __u16 numqueues; /* offset of tun_struct.numqueues from there; 0: the tap has one queue */
    /* Of the ring that a reader takes frames from, offsets from its struct tun_file. */
    __u16 producer;
    __u16 consumer;
    __u16 size;
};

/* Map "ports", indexed by port number, memory-mapped by the library. */
struct xdpb_port {
    /* Written by the library, read by every frame. */
    __u32 flags; /* enum xdpb_port_flag */
    __u32 ifindex;
    __u32 mac_quota; /* learned entries at most; 0: no limit but the FDB's size */
    __u32 mtu;       /* bytes, when last looked at; read on ports with XDPB_PORT_OFFLOADS */
    __u32 features;  /* enum xdpb_port_feature; BLOCKED is set by the data plane */
    __u16 pvid;      /* VLAN of untagged frames, 0: none */
    __u8 priority;   /* PCP of frames without one, 0 to 7 */
    __u8 pad;
    __u16 mirror_rx; /* port that gets copies of what comes in here, 0: none */
    __u16 svi_vlan;
    __u32 router_ifindex; /* of an SVI the host's end, of a routed port its own */
    __u8 router_mac[6];   /* of that interface */
    __u16 mirror_tx;      /* port that gets copies of what leaves here, 0: none */
    struct xdpb_tap tap;
    __u32 class_delay_ns; /* how long frames of class bulk may keep an urgent one waiting; those of
                             class normal twice so long */
    __u8 pad2[4];

    /* Written by the data plane. */
    __u32 learned;        /* FDB entries that this port has learned; atomic */
    __u32 neighbour_hand; /* where in the map "neighbour_slots" it looks next; atomic */
    __u64 limit_event_ns; /* when the last XDPB_EVENT_LIMIT of this port was sent */
    __u64 urgent_ns;      /* when the last frame of class urgent left, to within 0.1 s */
    __u32 group_hand;     /* likewise in the map "group_slots" */
    __u32 pace_ns;        /* in which the tap's reader takes a frame while there are any, to within
                             an eighth; 0: not known */
    __u64 window_ns;      /* since when frames of class normal are counted for the next line */
    __u64 overload_ns;    /* when there were last more of them than the reader can take */
    __u32 offered;        /* such frames since window_ns; atomic */
    __u32 pad3;
    __u64 pad4;

    /* The library's own. */
    char name[16];     /* as it was when added: the device may be renamed or vanish */
    __u32 hook_reason; /* why it chose the hooks */
    __u32 pad5;
    __u64 added_ns; /* CLOCK_MONOTONIC, when its device was added: no two ports have the same */
    __u64 pad6[4];
};

enum xdpb_family { XDPB_FAMILY_IPV4, XDPB_FAMILY_IPV6, XDPB_FAMILY_COUNT };

/* Map "vlans", indexed by VLAN id, memory-mapped by the library. A bridge that is not VLAN-aware
 * has all its ports in VLAN 0. */
struct xdpb_vlan {
    __u64 members[XDPB_PORT_WORDS];
    __u64 untagged[XDPB_PORT_WORDS]; /* those that send its frames without a tag */
    __u32 all_untagged;              /* every member does */
    __u32 pad;
    /* Of IGMP and MLD, CLOCK_MONOTONIC, written by the data plane: there is a querier until then,
     * and members have had the time to answer it from then on. In between groups are pruned. */
    __u64 querier_until_ns[XDPB_FAMILY_COUNT];
    __u64 prune_from_ns[XDPB_FAMILY_COUNT];
    __u64 pad2[3];
};

/* Map "fdb", key. vlan is the VLAN id, 0 on a VLAN-unaware bridge. */
struct xdpb_fdb_key {
    __u8 mac[6];
    __u16 vlan; /* host byte order */
};

enum xdpb_fdb_flag {
    XDPB_FDB_STATIC = 1 << 0, /* never ages, never moves */
    XDPB_FDB_ROUTER = 1 << 1, /* the MAC of an SVI: what is sent to it is routed */
};

/* Map "fdb", value. A move is one compare-and-swap of port and flags as one 32-bit word. */
struct xdpb_fdb_entry {
    __u16 port;
    __u16 flags; /* enum xdpb_fdb_flag */
    __u32 pad;
    __u64 seen_ns;    /* CLOCK_MONOTONIC, the last frame from this MAC, to within refresh_ns */
    __u64 created_ns; /* CLOCK_MONOTONIC; ties the entry to its place in the map "reclaim" */
};

/* Map "reclaim", a queue with one element for each learned entry. */
struct xdpb_reclaim {
    struct xdpb_fdb_key key;
    __u64 created_ns;
};

/* The ACL: an ordered list of rules, of which the first that fits a frame decides. */
#define XDPB_ACL_RULES 1024
#define XDPB_ACL_WORDS (XDPB_ACL_RULES / 64)
/* Places in the maps "acl_rules" and "acl_counters": twice as many as rules, so that a whole new
 * list fits beside the one that holds. */
#define XDPB_ACL_SLOTS 2048

/* What a rule may ask for, and what of a frame is looked up. As a mask: 1 << field. */
enum xdpb_acl_field {
    XDPB_ACL_PORT,      /* by which the frame came in */
    XDPB_ACL_VLAN,      /* that the switch has put it into */
    XDPB_ACL_PCP,       /* of its tag, or that a frame without one gets */
    XDPB_ACL_SRC_MAC,   /* exact */
    XDPB_ACL_DST_MAC,   /* exact */
    XDPB_ACL_ETHERTYPE, /* behind the tags */
    XDPB_ACL_SRC,       /* prefix, IPv4 or IPv6 */
    XDPB_ACL_DST,       /* prefix, IPv4 or IPv6 */
    XDPB_ACL_PROTOCOL,  /* of IP, behind the extension headers */
    XDPB_ACL_SPORT,     /* range; TCP, UDP, UDP-Lite, DCCP, SCTP */
    XDPB_ACL_DPORT,     /* range */
    XDPB_ACL_DSCP,
    XDPB_ACL_FIELDS,
};

enum xdpb_acl_action {
    XDPB_ACL_PASS = 0,
    XDPB_ACL_DROP = 1,
    XDPB_ACL_POLICE = 2, /* by the policer at XDPB_POLICER_ACL + slot */
    XDPB_ACL_MIRROR = 3, /* and pass */
    XDPB_ACL_CLASS = 4,  /* and pass */
};

/* Map "acl_rules", indexed by slot, memory-mapped by the library. A rule never changes as long as
 * the tables that hold name its slot. Host byte order but for the addresses. */
struct xdpb_acl_rule {
    __u32 priority; /* the order, from 1 on */
    __u16 fields;   /* mask of enum xdpb_acl_field: those the rule asks for */
    __u8 action;    /* enum xdpb_acl_action */
    __u8 set_class; /* XDPB_ACL_CLASS: 0 to 7 */
    __u16 mirror;   /* XDPB_ACL_MIRROR: port that gets the copies */
    __u16 port;
    __u16 vlan;
    __u16 ethertype;
    __u8 src_mac[6];
    __u8 dst_mac[6];
    __u8 pcp;
    __u8 dscp;
    __u8 protocol;
    __u8 ipv6;       /* what src and dst are */
    __u8 src_length; /* bits */
    __u8 dst_length;
    __u16 sport[2]; /* first and last */
    __u16 dport[2];
    __u8 src[16]; /* of IPv4 the first four */
    __u8 dst[16];
    __u8 pad[54];
};

/* Map "acl_counters", per CPU, indexed by slot. */
struct xdpb_acl_counters {
    __u64 packets; /* that the rule decided on, and that were sent or dropped by it */
    __u64 bytes;
};

/*
 * The rules as the data plane looks them up, made by the library: for each field a table from its
 * value to a "class", which is the set of the rules that allow this value. The first rule that is
 * in the sets of all fields is the one.
 *
 * Two generations are in map "acl_tables", at 0 and 1, and the flag XDPB_BRIDGE_ACL_ODD says which
 * holds. Each is an array of cells of 128 bytes: the head, the slots of the rules in their order,
 * the tables of fields with small values, and the sets.
 *
 * A class is the number of the cell with the set in its low half, and in the high half a bit for
 * each word of the set that is not zero.
 */
struct xdpb_acl_head {
    __u32 rules;
    __u32 fields;                 /* mask: those that some rule asks for */
    __u32 slots;                  /* number of the first cell with slots */
    __u32 table[XDPB_ACL_FIELDS]; /* number of the field's first cell with classes */
    __u32 other_mac[2];  /* class of source and destination MACs that are not in "acl_macs" */
    __u32 no_address[2]; /* class of frames without a source and a destination address */
    __u32 pad[13];
};

union xdpb_acl_cell {
    struct xdpb_acl_head head;
    __u32 classes[32];
    __u16 slots[64];
    __u64 set[XDPB_ACL_WORDS];
};

/* Places in a table beside those of the field's values: the frame has none, or it is hidden, being
 * cut off or behind too many headers. Rules that drop fit what is hidden. */
#define XDPB_ACL_NO_PORT 65536 /* of XDPB_ACL_SPORT and XDPB_ACL_DPORT */
#define XDPB_ACL_HIDDEN_PORT 65537
#define XDPB_ACL_NO_PROTOCOL 256
#define XDPB_ACL_HIDDEN_PROTOCOL 257
#define XDPB_ACL_NO_DSCP 64

/* Map "acl_macs", key: two generations of hashes from MACs to classes. */
struct xdpb_acl_mac {
    __u8 mac[6];
    __u16 destination; /* 0: source */
};

/* Map "acl_prefixes", key: two generations of tries from addresses to classes. */
enum xdpb_acl_kind { XDPB_ACL_SRC4, XDPB_ACL_SRC6, XDPB_ACL_DST4, XDPB_ACL_DST6 };
struct xdpb_acl_prefix {
    __u32 bits; /* 32 of kind, and those of the address */
    __u32 kind; /* enum xdpb_acl_kind */
    __u8 address[16];
};

/*
 * One rate and its burst, policed by the generic cell rate algorithm (ITU-T I.371 annex A): what
 * comes pushes the theoretical arrival time ahead by its cost. Times are in 2^-10 ns and wrap
 * around, all 208 days. Of its own cache line, which a frame that is not let through does not
 * write.
 */
struct xdpb_meter {
    __u64 cost;      /* of a packet in 2^-10 ns, of a byte in 2^-20 ns; 0: no limit */
    __u64 tolerance; /* how far the arrival time may be ahead of the clock: burst * cost */
    __u64 horizon;   /* further ahead it is a time long ago, seen around the corner */
    __u64 arrival;   /* the theoretical arrival time, on CLOCK_MONOTONIC; the data plane's */
    __u64 rate;      /* as given, for the library: packets, or bits, a second */
    __u64 burst;     /* as given: packets, or bytes */
    __u64 pad[2];
};

/* Map "policers". A frame has to conform to both meters, and counts on both or none. */
struct xdpb_policer {
    struct xdpb_meter packets;
    struct xdpb_meter bytes;
};

/* A port's policers are at port number * XDPB_POLICER_KINDS + kind, those of the ACL's rules from
 * XDPB_POLICER_ACL on. */
enum xdpb_policer_kind {
    XDPB_POLICER_BROADCAST = 0,
    XDPB_POLICER_MULTICAST = 1,
    XDPB_POLICER_UNKNOWN = 2, /* unicast that is flooded, its destination being unknown */
    XDPB_POLICER_INGRESS = 3, /* all that the port sends into the switch */
    XDPB_POLICER_KINDS,
};
#define XDPB_POLICER_ACL (XDPB_MAX_PORTS * XDPB_POLICER_KINDS)
#define XDPB_POLICERS (XDPB_POLICER_ACL + XDPB_ACL_SLOTS)
#define XDPB_SOURCES 16384

/*
 * Map "sources", key: who may send from a port with a source guard. Of an IPv4 address the bytes
 * are those of ::ffff:a.b.c.d; of the binding of a MAC alone they are all zero.
 */
struct xdpb_source {
    __u8 ip[16];
    __u8 mac[6];
    __u16 port; /* host byte order */
};

/* Map "sources", value. */
struct xdpb_source_info {
    __u32 implied; /* a MAC that the user has not bound by itself, but with an IP address */
};

/*
 * Map "counters", per CPU. The index is port number + hook * XDPB_MAX_PORTS: each hook keeps its
 * own books, in which rx = forwarded + flooded + answered + passed + handed + dropped. What XDP
 * passes or hands over, tc receives again. A GSO frame counts as one.
 */
struct xdpb_counters {
    __u64 rx_packets;
    __u64 rx_bytes;
    __u64 forwarded; /* redirected to one port */
    __u64 flooded;   /* handed to the kernel's broadcast; one per frame received, not per copy */
    __u64 passed;    /* left to the host's stack */
    __u64 handed[XDPB_HAND_REASON_COUNT]; /* from XDP to tc */
    __u64 dropped[XDPB_DROP_REASON_COUNT];
    __u64 tx_packets; /* handed to the device, before it may refuse */
    __u64 tx_bytes;
    __u64 refused[XDPB_REFUSAL_REASON_COUNT];
    __u64 quota_exceeded; /* source MAC, neighbour or group not learned: the port is at its quota
                             (frame still forwarded) */
    __u64 fdb_full;       /* source MAC not learned: the FDB is full (frame still forwarded) */
    __u64 moved_here;     /* entries that moved to this port */
    __u64 answered;       /* ARP or ND request that was answered in the name of who was asked */
    __u64 routed;         /* of those forwarded or flooded: between VLANs or routed ports */
    __u64
        to_stack[XDPB_STACK_REASON_COUNT]; /* of those forwarded or passed: the host has to route */
    __u64 mirrored;                        /* copies of frames that came in here */
    __u64 filtered[XDPB_FILTER_REASON_COUNT];
    __u64
        filtered_unseen; /* of those, not yet seen by the tracepoint, which sees them as refused */
};

/*
 * Map "neighbours": who has an IP address, for the answers to ARP and ND and for routing by
 * "routes4" and "routes6". Key.
 */
struct xdpb_neighbour_key {
    __u8 ip[16];  /* network byte order; IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2) */
    __u16 domain; /* host byte order: VLAN id, or XDPB_DOMAIN_PORT + the number of a routed port */
    __u16 pad[3];
};

#define XDPB_DOMAIN_PORT 0x8000
#define XDPB_NEIGHBOURS 65536        /* entries at most */
#define XDPB_NEIGHBOURS_PER_PORT 256 /* of them learned from one port; a power of two */

enum xdpb_neighbour_flag {
    XDPB_NEIGHBOUR_STATIC = 1 << 0, /* by the user's word: neither ages nor changes */
};

/* Map "neighbours", value. A learned one is there for as long as an FDB entry would be. */
struct xdpb_neighbour {
    __u8 mac[6];
    __u16 flags;   /* enum xdpb_neighbour_flag */
    __u64 seen_ns; /* CLOCK_MONOTONIC, when it last said so itself, to within refresh_ns */
};

/*
 * Map "mdb", key: a port's membership in a multicast group. Those of port 0 say that the group is
 * registered: somebody has joined it. Two addresses that are no groups stand for all groups of
 * their family: 0.0.0.0 and :: say that a multicast router is behind the port, 0.0.0.1 and ::1 that
 * it has joined more groups than there was room for.
 */
struct xdpb_mdb_key {
    __u8 group[16]; /* as xdpb_neighbour_key.ip */
    __u16 vlan;     /* host byte order */
    __u16 port;
    __u32 pad;
};

#define XDPB_MDB_SIZE 65536      /* entries at most */
#define XDPB_GROUPS_PER_PORT 512 /* of them by what one port has sent; a power of two */

enum xdpb_mdb_flag {
    XDPB_MDB_STATIC = 1 << 0, /* by the user's word: does not expire */
};

/* Map "mdb", value. An entry that has expired is not there, but for those of port 0. */
struct xdpb_mdb_entry {
    __u64 expires_ns; /* CLOCK_MONOTONIC */
    __u32 flags;      /* enum xdpb_mdb_flag */
    __u32 pad;
};

/*
 * Maps "routes4" and "routes6": the bridge's own routes, the longest prefix that fits. Keys.
 */
struct xdpb_route4_key {
    __u32 bits;      /* of the prefix, 0 to 32 */
    __u8 address[4]; /* network byte order; zero beyond the prefix */
};

struct xdpb_route6_key {
    __u32 bits; /* 0 to 128 */
    __u8 address[16];
};

#define XDPB_ROUTES 1000000 /* at most, of each family */
/* Before Linux 6.13 a full table does not even let a route be replaced. */
#define XDPB_ROUTE_ROOM (XDPB_ROUTES + 64)

enum xdpb_route_flag {
    XDPB_ROUTE_GATEWAY = 1 << 0,   /* else the destination itself is the next hop */
    XDPB_ROUTE_BLACKHOLE = 1 << 1, /* drop */
    XDPB_ROUTE_LOCAL = 1 << 2,     /* to the host's stack */
};

/* Value. */
struct xdpb_route {
    __u16 port;       /* of an SVI, or a routed port; 0 for blackhole and local */
    __u16 flags;      /* enum xdpb_route_flag */
    __u8 gateway[16]; /* as xdpb_neighbour_key.ip */
};

/* Map "class_rules", key; the value is a __u32, enum xdpb_class. */
struct xdpb_class_key {
    __u32 field; /* enum xdpb_class_field */
    __u16 value; /* host byte order */
    __u8 mac[6]; /* of XDPB_CLASS_BY_MAC, whose value is 0 */
};

#define XDPB_CLASS_RULES 1024 /* at most */

/* Map "class_counters", per CPU, indexed by port number: of frames on their way out of it. */
struct xdpb_class_counters {
    __u64 packets[XDPB_CLASS_COUNT]; /* sent */
    __u64 bytes[XDPB_CLASS_COUNT];
    __u64 held[XDPB_CLASS_COUNT]; /* dropped for more urgent ones: XDPB_FILTER_CLASS */
    /* The reader of the tap, as this CPU last looked at it. */
    __u64 look_ns;
    __u32 look_consumer; /* where it took its next frame */
    __u32 look_waiting;  /* frames that waited for it then */
    __u64 busy_ns;       /* in which it took busy_frames, and did not run out of any */
    __u32 busy_frames;
    __u32 offered; /* not yet added to xdpb_port.offered */
    /* At XDP, where frames are collected before the tap gets them: those that it has not got yet
     * are as many as were let through since its ring's producer was here, from that time on. */
    __u64 batch_ns;
    __u32 batch_start;
    __u32 batch;
};

/* Without a frame of class urgent for so long others may keep the next one waiting so many times
 * longer. */
#define XDPB_CLASS_HOLD_NS (10 * XDPB_NSEC_PER_SEC)
#define XDPB_CLASS_REST_FACTOR 100

enum xdpb_event_type {
    XDPB_EVENT_LEARN = 1,
    XDPB_EVENT_MOVE = 2,
    XDPB_EVENT_AGE = 3,   /* an aged-out entry was met and removed or replaced */
    XDPB_EVENT_LIMIT = 4, /* quota or FDB full; at most one a second and port */
    XDPB_EVENT_BPDU = 5,  /* the BPDU guard has shut the port */
};

/* Record of the ring buffer "events". */
struct xdpb_event {
    __u64 time_ns; /* CLOCK_MONOTONIC */
    __u32 type;    /* enum xdpb_event_type */
    __u16 port;
    __u16 old_port; /* XDPB_EVENT_MOVE: where the MAC was before */
    struct xdpb_fdb_key key;
};

/*
 * Residence: how long a frame stays in the switch, in parts. Measured as long as the bridge has
 * XDPB_BRIDGE_LATENCY. Append only.
 */
#define XDPB_LATENCY_PARTS(X)                                                                      \
    X(SWITCH, "switch")     /* from the program's start until it sends the frame */                \
    X(TRANSMIT, "transmit") /* until the kernel gives it to the device */                          \
    X(QUEUE, "queue")       /* in a tap, until its reader takes it */

enum xdpb_latency_part {
#define X(name, text) XDPB_LATENCY_##name,
    XDPB_LATENCY_PARTS(X)
#undef X
        XDPB_LATENCY_PART_COUNT
};

/* A port has a histogram for each class and part, at class * XDPB_LATENCY_PART_COUNT + part. */
#define XDPB_LATENCY_HISTOGRAMS ((__u32)XDPB_CLASS_COUNT * XDPB_LATENCY_PART_COUNT)
#define XDPB_LATENCY_STEP_BITS 4 /* 16 steps to a power of two: a bucket is 1/16 wide at most */
#define XDPB_LATENCY_BUCKETS 512 /* up to 2^35 ns, 34 s; the last one has all above too */

/* Map "latency", an array by port of per-CPU arrays. */
struct xdpb_histogram {
    __u64 count;
    __u64 sum_ns;
    __u64 min_ns; /* if count */
    __u64 max_ns;
    __u64 buckets[XDPB_LATENCY_BUCKETS];
};

/* The bucket of a time. 0 to 15 ns have one each; from there on each power of two has 16. */
static inline __u32 xdpb_latency_bucket(__u64 ns) {
    __u32 power = 0; /* of the highest bit */
    __u64 rest = ns;

    for (__u32 half = 32; half; half /= 2)
        if (rest >> half) {
            rest >>= half;
            power += half;
        }
    if (power < XDPB_LATENCY_STEP_BITS)
        return (__u32)ns;
    if (power >= 35)
        return XDPB_LATENCY_BUCKETS - 1;
    return ((power - XDPB_LATENCY_STEP_BITS) << XDPB_LATENCY_STEP_BITS) +
           (__u32)(ns >> (power - XDPB_LATENCY_STEP_BITS));
}

/* Map "latency_marks": when a frame on its way came in and was sent. A place is found by a hash of
 * the frame's address, and belongs to the last one that came there. */
#define XDPB_LATENCY_MARK_BITS 11
struct xdpb_latency_mark {
    __u32 address; /* low half: of the frame's data at XDP, of its skb at tc; 0: free */
    __u16 port;    /* at tc: by which it leaves, and its class; at XDP the egress program knows */
    __u16 class_;
    __u64 entered_ns;
    __u64 sent_ns;
};

/* Map "latency_taps", an array by port of arrays with one of these: when the frames that wait in a
 * tap came there, by their places in its rings. */
#define XDPB_LATENCY_QUEUES 8 /* of a tap with more, the first ones are measured */
#define XDPB_LATENCY_NOTES 1024
struct xdpb_tap_notes {
    __u32 consumer[XDPB_LATENCY_QUEUES];                  /* as far as was looked */
    __u32 noted[XDPB_LATENCY_QUEUES];                     /* notes that wait for it */
    __u64 notes[XDPB_LATENCY_QUEUES][XDPB_LATENCY_NOTES]; /* ns, with the class in bits 0 and 1 */
};

#ifdef __cplusplus
#define XDPB_STATIC_ASSERT static_assert
#else
#define XDPB_STATIC_ASSERT _Static_assert
#endif
XDPB_STATIC_ASSERT(sizeof(struct xdpb_bridge) == 128, "two cache lines");
XDPB_STATIC_ASSERT(__builtin_offsetof(struct xdpb_bridge, reclaim_second) == 64, "own cache line");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_port) == 192, "three cache lines");
XDPB_STATIC_ASSERT(__builtin_offsetof(struct xdpb_port, learned) == 64, "own cache line");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_vlan) == 128, "two cache lines");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_fdb_key) == 8, "hashed as one word");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_fdb_entry) == 24, "");
XDPB_STATIC_ASSERT(__builtin_offsetof(struct xdpb_fdb_entry, seen_ns) == 8, "");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_reclaim) == 16, "");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_neighbour_key) == 24, "");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_neighbour) == 16, "");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_mdb_key) == 24, "");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_mdb_entry) == 16, "");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_route4_key) == 8, "");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_route6_key) == 20, "");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_route) == 20, "");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_event) == 24, "");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_latency_mark) == 24, "");
XDPB_STATIC_ASSERT(XDPB_CLASS_COUNT <= 4, "two bits of a note");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_tap) == 16, "");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_class_key) == 12, "no padding: it is hashed");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_meter) == 64, "one cache line");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_policer) == 128, "two cache lines");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_source) == 24, "no padding: it is hashed");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_acl_rule) == 128, "two cache lines");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_acl_head) == 128, "a cell");
XDPB_STATIC_ASSERT(sizeof(union xdpb_acl_cell) == 128, "two cache lines");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_acl_mac) == 8, "hashed as one word");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_acl_prefix) == 24, "");

#endif
