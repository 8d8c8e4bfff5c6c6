/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ACL: finds the rule of a frame. Exits: drop ACL. What other rules do happens later, in
 * acl_apply.h, at the hook that sends the frame.
 *
 * The search is by bit vectors (Lakshman and Stiliadis, SIGCOMM 1998), aggregated (Baboescu and
 * Varghese, SIGCOMM 2001): each field that some rule asks for is looked up once and says which
 * rules allow it, in their order; the first rule that all fields allow is the one. So 1,000 rules
 * cost little more than ten.
 */
#pragma once
#include "ip.h"
#include "vlan.h"

/* What rules may ask of a frame, as plain data. */
struct acl_query {
    struct headers headers;
    __u32 generation; /* of the tables */
    __u16 vlan;
    __u8 pcp;
    __u8 src_mac[ETH_ALEN];
    __u8 dst_mac[ETH_ALEN];
};

struct acl_search {
    void* cells;    /* of the generation that holds */
    __u32 words;    /* a bit for each word of the sets in which all fields so far have some rule */
    __u32 count;    /* of fields looked up */
    __u16 sets[16]; /* their cells; a power of two, for the verifier */
};

/* The bit number of the lowest bit that is set, by a de Bruijn sequence: BPF has no instruction. */
static const __u8 bit_numbers[64] = {
    0,  1,  2,  53, 3,  7,  54, 27, 4,  38, 41, 8,  34, 55, 48, 28, 62, 5,  39, 46, 44, 42,
    22, 9,  24, 35, 59, 56, 49, 18, 29, 11, 63, 52, 6,  26, 37, 40, 33, 47, 61, 45, 43, 21,
    23, 58, 17, 10, 51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19, 15, 30, 14, 13, 12};

static __always_inline __u32 lowest_bit(__u64 word) {
    __u32 number = bit_numbers[(word & -word) * 0x022fdd63cc95386dULL >> 58];

    /* clang 19 knows the bound and leaves the mask out; the verifier has to see it. */
    asm volatile("" : "+r"(number));
    return number % 64;
}

static __always_inline void add_class(struct acl_search* s, __u32 class) {
    s->words &= class >> 16;
    s->sets[s->count++ & 15] = class & 0xffff;
}

static __always_inline void add_value(struct acl_search* s, __u32 table, __u32 value) {
    __u32 index = table + value / 32;
    union xdpb_acl_cell* cell = bpf_map_lookup_elem(s->cells, &index);

    add_class(s, cell ? cell->classes[value % 32] : 0);
}

static __always_inline void add_mac(struct acl_search* s, void* macs, const __u8* address,
                                    __u16 destination, __u32 other) {
    struct xdpb_acl_mac key = {.destination = destination};
    __u32* class;

    __builtin_memcpy(key.mac, address, ETH_ALEN);
    class = bpf_map_lookup_elem(macs, &key);
    add_class(s, class ? *class : other);
}

/* kind: that of IPv4. */
static __always_inline void add_address(struct acl_search* s, void* prefixes, __u32 kind,
                                        const struct headers* h, const __u8* address) {
    struct xdpb_acl_prefix key = {.bits = 32 + 32, .kind = kind};
    __u32* class;

    if (h->flags & HEADERS_IPV6) {
        key.bits = 32 + 128;
        key.kind++;
        __builtin_memcpy(key.address, address, 16);
    } else {
        __builtin_memcpy(key.address, address + 12, 4);
    }
    class = bpf_map_lookup_elem(prefixes, &key);
    add_class(s, class ? *class : 0);
}

#define ASKS(field) (1U << (field))
#define ASKS_LINK (ASKS(XDPB_ACL_PORT) | ASKS(XDPB_ACL_VLAN) | ASKS(XDPB_ACL_PCP))
#define ASKS_MAC (ASKS(XDPB_ACL_SRC_MAC) | ASKS(XDPB_ACL_DST_MAC))
#define ASKS_ADDRESS (ASKS(XDPB_ACL_SRC) | ASKS(XDPB_ACL_DST))
#define ASKS_HEADERS                                                                               \
    (ASKS_ADDRESS | ASKS(XDPB_ACL_PROTOCOL) | ASKS(XDPB_ACL_SPORT) | ASKS(XDPB_ACL_DPORT) |        \
     ASKS(XDPB_ACL_DSCP) | ASKS(XDPB_ACL_ETHERTYPE))

static __always_inline void search_link(const struct acl_query* q, struct acl_search* s,
                                        const struct xdpb_acl_head* head) {
    if (head->fields & ASKS(XDPB_ACL_PORT))
        add_value(s, head->table[XDPB_ACL_PORT], port_no);
    if (head->fields & ASKS(XDPB_ACL_VLAN))
        add_value(s, head->table[XDPB_ACL_VLAN], q->vlan);
    if (head->fields & ASKS(XDPB_ACL_PCP))
        add_value(s, head->table[XDPB_ACL_PCP], q->pcp);
}

static __always_inline void search_macs(const struct acl_query* q, struct acl_search* s,
                                        const struct xdpb_acl_head* head) {
    __u32 generation = q->generation;
    void* macs = bpf_map_lookup_elem(&acl_macs, &generation);

    if (!macs) {
        s->words = 0;
        return;
    }
    if (head->fields & ASKS(XDPB_ACL_SRC_MAC))
        add_mac(s, macs, q->src_mac, 0, head->other_mac[0]);
    if (head->fields & ASKS(XDPB_ACL_DST_MAC))
        add_mac(s, macs, q->dst_mac, 1, head->other_mac[1]);
}

static __always_inline void search_addresses(const struct acl_query* q, struct acl_search* s,
                                             const struct xdpb_acl_head* head) {
    const struct headers* h = &q->headers;
    __u32 generation = q->generation;
    bool has_address = h->flags & (HEADERS_IPV4 | HEADERS_IPV6);
    void* prefixes = bpf_map_lookup_elem(&acl_prefixes, &generation);

    if (!prefixes) {
        s->words = 0;
        return;
    }
    if (head->fields & ASKS(XDPB_ACL_SRC)) {
        if (has_address)
            add_address(s, prefixes, XDPB_ACL_SRC4, h, h->src);
        else
            add_class(s, head->no_address[0]);
    }
    if (head->fields & ASKS(XDPB_ACL_DST)) {
        if (has_address)
            add_address(s, prefixes, XDPB_ACL_DST4, h, h->dst);
        else
            add_class(s, head->no_address[1]);
    }
}

/* Of IPv6 the protocol is behind the extension headers, of which one may be too many, or cut off.
 */
static __always_inline bool hides_protocol(const struct headers* h) {
    return h->flags & HEADERS_HIDDEN && h->flags & HEADERS_IPV6 && is_extension(h->protocol);
}

static __always_inline __u32 protocol_of(const struct headers* h) {
    if (hides_protocol(h))
        return XDPB_ACL_HIDDEN_PROTOCOL;
    return h->flags & (HEADERS_IPV4 | HEADERS_IPV6) ? h->protocol : XDPB_ACL_NO_PROTOCOL;
}

static __always_inline __u32 port_of(const struct headers* h, __u16 port) {
    if (hides_protocol(h))
        return XDPB_ACL_HIDDEN_PORT;
    if (!(h->flags & (HEADERS_IPV4 | HEADERS_IPV6)) || !has_ports(h->protocol))
        return XDPB_ACL_NO_PORT;
    if (h->flags & HEADERS_HIDDEN)
        return XDPB_ACL_HIDDEN_PORT;
    return h->transport ? port : XDPB_ACL_NO_PORT;
}

static __always_inline void search_headers(struct acl_search* s, const struct xdpb_acl_head* head,
                                           const struct headers* h) {
    if (head->fields & ASKS(XDPB_ACL_ETHERTYPE))
        add_value(s, head->table[XDPB_ACL_ETHERTYPE], h->ethertype);
    if (head->fields & ASKS(XDPB_ACL_PROTOCOL))
        add_value(s, head->table[XDPB_ACL_PROTOCOL], protocol_of(h));
    if (head->fields & ASKS(XDPB_ACL_SPORT))
        add_value(s, head->table[XDPB_ACL_SPORT], port_of(h, h->sport));
    if (head->fields & ASKS(XDPB_ACL_DPORT))
        add_value(s, head->table[XDPB_ACL_DPORT], port_of(h, h->dport));
    if (head->fields & ASKS(XDPB_ACL_DSCP))
        add_value(s, head->table[XDPB_ACL_DSCP],
                  h->flags & (HEADERS_IPV4 | HEADERS_IPV6) ? h->ds_field >> 2 : XDPB_ACL_NO_DSCP);
}

/* The first rule that is in all sets: its position + 1, or 0. */
static __always_inline __u32 first_rule(struct acl_search* s) {
    for (int i = 0; i < XDPB_ACL_WORDS && s->words; i++) {
        __u32 word = lowest_bit(s->words) % XDPB_ACL_WORDS;
        __u64 rules = ~0ULL;

        s->words &= s->words - 1;
        for (__u32 field = 0; field < XDPB_ACL_FIELDS && field < s->count; field++) {
            __u32 index = s->sets[field];
            union xdpb_acl_cell* cell = bpf_map_lookup_elem(s->cells, &index);

            rules &= cell ? cell->set[word] : 0;
        }
        if (rules)
            return word * 64 + lowest_bit(rules) + 1;
    }
    return 0;
}

static __always_inline __u32 slot_of(struct acl_search* s, const struct xdpb_acl_head* head,
                                     __u32 position) {
    __u32 index = head->slots + position / 64;
    union xdpb_acl_cell* cell = bpf_map_lookup_elem(s->cells, &index);

    return cell ? cell->slots[position % 64] + 1 : 0;
}

/* The slot of the first rule that fits, + 1, or 0. A global function, as parse_headers is. */
__noinline int find_rule(struct acl_query* q) {
    struct acl_search s = {.words = 0xffff};
    struct xdpb_acl_head* head;
    __u32 generation, zero = 0, position;

    if (!q)
        return 0;
    generation = q->generation;
    s.cells = bpf_map_lookup_elem(&acl_tables, &generation);
    if (!s.cells)
        return 0;
    head = bpf_map_lookup_elem(s.cells, &zero);
    if (!head)
        return 0;
    if (head->fields & ASKS_LINK)
        search_link(q, &s, head);
    if (s.words && head->fields & ASKS_MAC)
        search_macs(q, &s, head);
    if (s.words && head->fields & ASKS_HEADERS)
        search_headers(&s, head, &q->headers);
    if (s.words && head->fields & ASKS_ADDRESS)
        search_addresses(q, &s, head);
    position = first_rule(&s);
    return position ? slot_of(&s, head, position - 1) : 0;
}

static __always_inline __u32 fields_asked(__u32 generation) {
    void* cells = bpf_map_lookup_elem(&acl_tables, &generation);
    __u32 zero = 0;
    struct xdpb_acl_head* head = cells ? bpf_map_lookup_elem(cells, &zero) : NULL;

    return head ? head->fields : 0;
}

static __always_inline struct xdpb_acl_rule* rule_of(struct packet* p) {
    __u32 slot = p->frame->rule - 1;

    return p->frame->rule ? bpf_map_lookup_elem(&acl_rules, &slot) : NULL;
}

static __always_inline void count_rule(struct packet* p) {
    __u32 slot = p->frame->rule - 1;
    struct xdpb_acl_counters* c = bpf_map_lookup_elem(&acl_counters, &slot);

    if (c) {
        c->packets++;
        c->bytes += p->frame->length;
    }
}

static __noinline int search_acl(struct packet* p, __u32 generation) {
    struct acl_query q = {.generation = generation, .vlan = p->frame->dst.vlan};
    struct xdpb_acl_rule* rule;
    struct frame_macs macs;

    if (vlan_protocol)
        q.pcp = p->frame->tci >> TCI_PCP_SHIFT;
    read_macs(p, &macs);
    __builtin_memcpy(q.src_mac, macs.src, ETH_ALEN);
    __builtin_memcpy(q.dst_mac, macs.dst, ETH_ALEN);
    if (fields_asked(generation) & ASKS_HEADERS)
        read_headers(p, &q.headers);
    p->frame->rule = find_rule(&q);
    rule = rule_of(p);
    if (!rule || rule->action != XDPB_ACL_DROP)
        return NEXT;
    count_rule(p);
    return drop(p, XDPB_DROP_ACL);
}

static __always_inline int acl(struct packet* p) {
    /* One look: the flag says which of two generations of tables the frame is looked up in. */
    __u32 features = *(volatile __u32*)&p->bridge->features;

    if (features & XDPB_BRIDGE_ACL)
        return search_acl(p, !!(features & XDPB_BRIDGE_ACL_ODD));
    return NEXT;
}
