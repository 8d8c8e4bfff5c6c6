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

#define XDPB_ABI_VERSION 2

#define XDPB_MAX_PORTS 256 /* port numbers 1..255; 0 is "no port" */
#define XDPB_RESERVED_GROUPS 16
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
    X(FRAGS, "frags") /* in several buffers, for a device that takes one; no tc hook */

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
    X(NO_XDP_XMIT, "no_xdp_xmit") /* an egress device does not take frames from XDP */

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

/* What to do with a frame to 01:80:c2:00:00:00-0f (802.1Q clause 8.6.3). The terms are those of
 * MEF 45. */
enum xdpb_reserved_policy {
    XDPB_RESERVED_PEER = 0,    /* hand it to the host's stack */
    XDPB_RESERVED_FORWARD = 1, /* flood it like any other multicast */
    XDPB_RESERVED_DROP = 2,
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
    __u64 pad;

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
};

/* Map "ports", indexed by port number, memory-mapped by the library. Same split as xdpb_bridge. */
struct xdpb_port {
    __u32 flags; /* enum xdpb_port_flag */
    __u32 ifindex;
    __u32 mac_quota;   /* learned entries at most; 0: no limit but the FDB's size */
    __u32 mtu;         /* bytes, when last looked at; read on ports with XDPB_PORT_OFFLOADS */
    char name[16];     /* as it was when added: the device may be renamed or vanish */
    __u32 hook_reason; /* for the library: why it chose the hooks */
    __u32 pad;
    __u64 pad2[3];

    __u32 learned; /* FDB entries that this port has learned; atomic */
    __u32 pad3;
    __u64 limit_event_ns; /* when the last XDPB_EVENT_LIMIT of this port was sent */
    __u64 pad4[6];
};

/* Map "fdb", key. vlan is the VLAN id, 0 on a VLAN-unaware bridge. */
struct xdpb_fdb_key {
    __u8 mac[6];
    __u16 vlan; /* host byte order */
};

enum xdpb_fdb_flag {
    XDPB_FDB_STATIC = 1 << 0, /* never ages, never moves */
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

/*
 * Map "counters", per CPU. The index is port number + hook * XDPB_MAX_PORTS: each hook keeps its
 * own books, in which rx = forwarded + flooded + passed + handed + dropped. What XDP passes or
 * hands over, tc receives again. A GSO frame counts as one.
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
    __u64 quota_exceeded; /* source MAC not learned: the port is at its quota (frame still
                             forwarded) */
    __u64 fdb_full;       /* source MAC not learned: the FDB is full (frame still forwarded) */
    __u64 moved_here;     /* entries that moved to this port */
};

enum xdpb_event_type {
    XDPB_EVENT_LEARN = 1,
    XDPB_EVENT_MOVE = 2,
    XDPB_EVENT_AGE = 3,   /* an aged-out entry was met and removed or replaced */
    XDPB_EVENT_LIMIT = 4, /* quota or FDB full; at most one a second and port */
};

/* Record of the ring buffer "events". */
struct xdpb_event {
    __u64 time_ns; /* CLOCK_MONOTONIC */
    __u32 type;    /* enum xdpb_event_type */
    __u16 port;
    __u16 old_port; /* XDPB_EVENT_MOVE: where the MAC was before */
    struct xdpb_fdb_key key;
};

#ifdef __cplusplus
#define XDPB_STATIC_ASSERT static_assert
#else
#define XDPB_STATIC_ASSERT _Static_assert
#endif
XDPB_STATIC_ASSERT(sizeof(struct xdpb_bridge) == 128, "two cache lines");
XDPB_STATIC_ASSERT(__builtin_offsetof(struct xdpb_bridge, reclaim_second) == 64, "own cache line");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_port) == 128, "two cache lines");
XDPB_STATIC_ASSERT(__builtin_offsetof(struct xdpb_port, learned) == 64, "own cache line");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_fdb_key) == 8, "hashed as one word");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_fdb_entry) == 24, "");
XDPB_STATIC_ASSERT(__builtin_offsetof(struct xdpb_fdb_entry, seen_ns) == 8, "");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_reclaim) == 16, "");
XDPB_STATIC_ASSERT(sizeof(struct xdpb_event) == 24, "");

#endif
