// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Version 4 of the ABI, written down a second time: bridges that run were made by earlier builds.
// If a test here fails, the layout has changed: raise XDPB_ABI_VERSION, then change the test.
#include <xdpbridge/abi.h>
#include <xdpbridge/bridge.h>
#include <xdpbridge/events.h>

#include <cstddef>
#include <gtest/gtest.h>

namespace xdpbridge {
namespace {

TEST(Abi, IsVersion4) {
    EXPECT_EQ(XDPB_ABI_VERSION, 4);
    EXPECT_EQ(XDPB_MAX_PORTS, 256);
    EXPECT_EQ(XDPB_RESERVED_GROUPS, 16);
}

TEST(Abi, Bridge) {
    EXPECT_EQ(sizeof(xdpb_bridge), 128U);
    EXPECT_EQ(offsetof(xdpb_bridge, abi_version), 0U); // of every version, now and later
    EXPECT_EQ(offsetof(xdpb_bridge, fdb_size), 4U);
    EXPECT_EQ(offsetof(xdpb_bridge, ageing_ns), 8U);
    EXPECT_EQ(offsetof(xdpb_bridge, refresh_ns), 16U);
    EXPECT_EQ(offsetof(xdpb_bridge, netns_cookie), 24U);
    EXPECT_EQ(offsetof(xdpb_bridge, reserved), 32U);
    EXPECT_EQ(offsetof(xdpb_bridge, port_limit), 48U);
    EXPECT_EQ(offsetof(xdpb_bridge, no_xdp_xmit), 52U);
    EXPECT_EQ(offsetof(xdpb_bridge, features), 56U);
    EXPECT_EQ(offsetof(xdpb_bridge, vlan_protocol), 60U);
    EXPECT_EQ(offsetof(xdpb_bridge, default_pvid), 62U);
    EXPECT_EQ(offsetof(xdpb_bridge, reclaim_second), 64U);
    EXPECT_EQ(offsetof(xdpb_bridge, reclaim_spent), 72U);
    EXPECT_EQ(offsetof(xdpb_bridge, events_lost), 80U);
}

TEST(Abi, Classes) {
    EXPECT_EQ(sizeof(xdpb_class_key), 12U);
    EXPECT_EQ(offsetof(xdpb_class_key, value), 4U);
    EXPECT_EQ(offsetof(xdpb_class_key, mac), 6U);
    EXPECT_EQ(offsetof(xdpb_class_counters, bytes), 24U);
    EXPECT_EQ(offsetof(xdpb_class_counters, held), 48U);
    EXPECT_EQ(XDPB_CLASS_URGENT, 0);
    EXPECT_EQ(XDPB_CLASS_NORMAL, 1);
    EXPECT_EQ(XDPB_CLASS_BULK, 2);
    EXPECT_EQ(XDPB_CLASS_BY_PCP, 0);
    EXPECT_EQ(XDPB_CLASS_BY_TCP_PORT, 6);
    EXPECT_EQ(XDPB_BRIDGE_CLASS_BY, 1 << 16);
    EXPECT_EQ(XDPB_FEATURE_CLASSES, 1 << 19);
    EXPECT_EQ(XDPB_FILTER_CLASS, 4);
}

TEST(Abi, Port) {
    EXPECT_EQ(sizeof(xdpb_port), 192U);
    EXPECT_EQ(offsetof(xdpb_port, flags), 0U);
    EXPECT_EQ(offsetof(xdpb_port, ifindex), 4U);
    EXPECT_EQ(offsetof(xdpb_port, mac_quota), 8U);
    EXPECT_EQ(offsetof(xdpb_port, mtu), 12U);
    EXPECT_EQ(offsetof(xdpb_port, features), 16U);
    EXPECT_EQ(offsetof(xdpb_port, pvid), 20U);
    EXPECT_EQ(offsetof(xdpb_port, priority), 22U);
    EXPECT_EQ(offsetof(xdpb_port, mirror_rx), 24U);
    EXPECT_EQ(offsetof(xdpb_port, svi_vlan), 26U);
    EXPECT_EQ(offsetof(xdpb_port, router_ifindex), 28U);
    EXPECT_EQ(offsetof(xdpb_port, router_mac), 32U);
    EXPECT_EQ(offsetof(xdpb_port, mirror_tx), 38U);
    EXPECT_EQ(offsetof(xdpb_port, tap), 40U);
    EXPECT_EQ(offsetof(xdpb_port, class_delay_ns), 56U);
    EXPECT_EQ(offsetof(xdpb_port, learned), 64U);
    EXPECT_EQ(offsetof(xdpb_port, limit_event_ns), 72U);
    EXPECT_EQ(offsetof(xdpb_port, urgent_ns), 80U);
    EXPECT_EQ(offsetof(xdpb_port, name), 128U);
    EXPECT_EQ(offsetof(xdpb_port, hook_reason), 144U);
    EXPECT_EQ(XDPB_PORT_USED, 1);
    EXPECT_EQ(XDPB_PORT_ACTIVE, 2);
    EXPECT_EQ(XDPB_PORT_LEARNING, 4);
    EXPECT_EQ(XDPB_PORT_GENERIC, 8);
    EXPECT_EQ(XDPB_PORT_DISPATCHER, 16);
    EXPECT_EQ(XDPB_PORT_XDP, 32);
    EXPECT_EQ(XDPB_PORT_TC, 64);
    EXPECT_EQ(XDPB_PORT_HOOK_AUTO, 128);
    EXPECT_EQ(XDPB_PORT_OFFLOADS, 256);
    EXPECT_EQ(XDPB_PORT_BULK_GRO, 512);
    EXPECT_EQ(XDPB_PORT_XDP_XMIT, 1024);
    EXPECT_EQ(XDPB_PORT_XDP_XMIT_FRAGS, 2048);
    EXPECT_EQ(XDPB_PORT_SET_PROMISC, 4096);
    EXPECT_EQ(XDPB_PORT_CLEARED_RXVLAN, 8192);
    EXPECT_EQ(XDPB_PORT_MADE_CLSACT, 16384);
    EXPECT_EQ(XDPB_PORT_FRAGS, 32768);
    EXPECT_EQ(XDPB_PORT_TC_LENT, 65536);
}

TEST(Abi, Vlan) {
    EXPECT_EQ(XDPB_VLANS, 4096);
    EXPECT_EQ(sizeof(xdpb_vlan), 128U);
    EXPECT_EQ(offsetof(xdpb_vlan, members), 0U);
    EXPECT_EQ(offsetof(xdpb_vlan, untagged), 32U);
    EXPECT_EQ(offsetof(xdpb_vlan, all_untagged), 64U);
    EXPECT_EQ(offsetof(xdpb_vlan, querier_until_ns), 72U);
    EXPECT_EQ(offsetof(xdpb_vlan, prune_from_ns), 88U);
}

TEST(Abi, Fdb) {
    EXPECT_EQ(sizeof(xdpb_fdb_key), 8U);
    EXPECT_EQ(offsetof(xdpb_fdb_key, mac), 0U);
    EXPECT_EQ(offsetof(xdpb_fdb_key, vlan), 6U);
    EXPECT_EQ(sizeof(xdpb_fdb_entry), 24U);
    EXPECT_EQ(offsetof(xdpb_fdb_entry, port), 0U); // with flags one aligned 32-bit word
    EXPECT_EQ(offsetof(xdpb_fdb_entry, flags), 2U);
    EXPECT_EQ(offsetof(xdpb_fdb_entry, seen_ns), 8U);
    EXPECT_EQ(offsetof(xdpb_fdb_entry, created_ns), 16U);
    EXPECT_EQ(XDPB_FDB_STATIC, 1);
    EXPECT_EQ(XDPB_FDB_ROUTER, 2);
    EXPECT_EQ(sizeof(xdpb_reclaim), 16U);
    EXPECT_EQ(offsetof(xdpb_reclaim, created_ns), 8U);
}

TEST(Abi, Counters) {
    // The lists of reasons grow; what follows them moves with ABI versions only.
    EXPECT_EQ(offsetof(xdpb_counters, rx_packets), 0U);
    EXPECT_EQ(offsetof(xdpb_counters, rx_bytes), 8U);
    EXPECT_EQ(offsetof(xdpb_counters, forwarded), 16U);
    EXPECT_EQ(offsetof(xdpb_counters, flooded), 24U);
    EXPECT_EQ(offsetof(xdpb_counters, passed), 32U);
    EXPECT_EQ(offsetof(xdpb_counters, handed), 40U);
    EXPECT_EQ(XDPB_HAND_REASON_COUNT, 6);
    EXPECT_EQ(offsetof(xdpb_counters, dropped), 88U);
    EXPECT_EQ(XDPB_DROP_REASON_COUNT, 24);
    EXPECT_EQ(offsetof(xdpb_counters, tx_packets), 280U);
    EXPECT_EQ(XDPB_REFUSAL_REASON_COUNT, 6);
    EXPECT_EQ(XDPB_STACK_REASON_COUNT, 11);
    EXPECT_EQ(XDPB_FILTER_REASON_COUNT, 5);
    EXPECT_EQ(sizeof(xdpb_counters), 66 * sizeof(__u64));
}

TEST(Abi, Policer) {
    EXPECT_EQ(sizeof(xdpb_meter), 64U);
    EXPECT_EQ(offsetof(xdpb_meter, cost), 0U);
    EXPECT_EQ(offsetof(xdpb_meter, tolerance), 8U);
    EXPECT_EQ(offsetof(xdpb_meter, horizon), 16U);
    EXPECT_EQ(offsetof(xdpb_meter, arrival), 24U);
    EXPECT_EQ(offsetof(xdpb_meter, rate), 32U);
    EXPECT_EQ(offsetof(xdpb_meter, burst), 40U);
    EXPECT_EQ(sizeof(xdpb_policer), 128U);
    EXPECT_EQ(offsetof(xdpb_policer, bytes), 64U);
    EXPECT_EQ(XDPB_POLICER_KINDS, 4);
    EXPECT_EQ(XDPB_POLICER_ACL, 1024);
    EXPECT_EQ(XDPB_POLICERS, 1024 + 2048);
}

TEST(Abi, Source) {
    EXPECT_EQ(sizeof(xdpb_source), 24U);
    EXPECT_EQ(offsetof(xdpb_source, ip), 0U);
    EXPECT_EQ(offsetof(xdpb_source, mac), 16U);
    EXPECT_EQ(offsetof(xdpb_source, port), 22U);
    EXPECT_EQ(sizeof(xdpb_source_info), 4U);
    EXPECT_EQ(XDPB_SOURCES, 16384);
}

TEST(Abi, Acl) {
    EXPECT_EQ(XDPB_ACL_RULES, 1024);
    EXPECT_EQ(XDPB_ACL_SLOTS, 2 * XDPB_ACL_RULES);
    EXPECT_EQ(XDPB_ACL_FIELDS, 12);
    EXPECT_EQ(XDPB_ACL_PASS, 0);
    EXPECT_EQ(XDPB_ACL_DROP, 1);
    EXPECT_EQ(XDPB_ACL_POLICE, 2);
    EXPECT_EQ(XDPB_ACL_MIRROR, 3);
    EXPECT_EQ(XDPB_ACL_CLASS, 4);
    EXPECT_EQ(sizeof(xdpb_acl_rule), 128U);
    EXPECT_EQ(offsetof(xdpb_acl_rule, fields), 4U);
    EXPECT_EQ(offsetof(xdpb_acl_rule, action), 6U);
    EXPECT_EQ(offsetof(xdpb_acl_rule, mirror), 8U);
    EXPECT_EQ(offsetof(xdpb_acl_rule, src_mac), 16U);
    EXPECT_EQ(offsetof(xdpb_acl_rule, sport), 34U);
    EXPECT_EQ(offsetof(xdpb_acl_rule, src), 42U);
    EXPECT_EQ(sizeof(xdpb_acl_cell), 128U);
    EXPECT_EQ(sizeof(xdpb_acl_head), 128U);
    EXPECT_EQ(offsetof(xdpb_acl_head, table), 12U);
    EXPECT_EQ(offsetof(xdpb_acl_head, other_mac), 60U);
    EXPECT_EQ(offsetof(xdpb_acl_head, no_address), 68U);
    EXPECT_EQ(sizeof(xdpb_acl_counters), 16U);
    EXPECT_EQ(sizeof(xdpb_acl_mac), 8U);
    EXPECT_EQ(sizeof(xdpb_acl_prefix), 24U);
    EXPECT_EQ(XDPB_BRIDGE_ACL, 1);
    EXPECT_EQ(XDPB_BRIDGE_MIRROR, 16);
    EXPECT_EQ(XDPB_BRIDGE_MIRROR_FLOODS, 256);
    EXPECT_EQ(XDPB_BRIDGE_ACL_ODD, 512);
}

TEST(Abi, Neighbours) {
    EXPECT_EQ(sizeof(xdpb_neighbour_key), 24U);
    EXPECT_EQ(offsetof(xdpb_neighbour_key, ip), 0U);
    EXPECT_EQ(offsetof(xdpb_neighbour_key, domain), 16U);
    EXPECT_EQ(sizeof(xdpb_neighbour), 16U);
    EXPECT_EQ(offsetof(xdpb_neighbour, mac), 0U);
    EXPECT_EQ(offsetof(xdpb_neighbour, flags), 6U);
    EXPECT_EQ(offsetof(xdpb_neighbour, seen_ns), 8U);
    EXPECT_EQ(XDPB_NEIGHBOUR_STATIC, 1);
    EXPECT_EQ(XDPB_DOMAIN_PORT, 0x8000);
}

TEST(Abi, Mdb) {
    EXPECT_EQ(sizeof(xdpb_mdb_key), 24U);
    EXPECT_EQ(offsetof(xdpb_mdb_key, group), 0U);
    EXPECT_EQ(offsetof(xdpb_mdb_key, vlan), 16U);
    EXPECT_EQ(offsetof(xdpb_mdb_key, port), 18U);
    EXPECT_EQ(sizeof(xdpb_mdb_entry), 16U);
    EXPECT_EQ(offsetof(xdpb_mdb_entry, expires_ns), 0U);
    EXPECT_EQ(offsetof(xdpb_mdb_entry, flags), 8U);
    EXPECT_EQ(XDPB_MDB_STATIC, 1);
    EXPECT_EQ(XDPB_FAMILY_IPV4, 0);
    EXPECT_EQ(XDPB_FAMILY_IPV6, 1);
}

TEST(Abi, Event) {
    EXPECT_EQ(sizeof(xdpb_route4_key), 8U);
    EXPECT_EQ(offsetof(xdpb_route4_key, bits), 0U) << "as struct bpf_lpm_trie_key has it";
    EXPECT_EQ(offsetof(xdpb_route4_key, address), 4U);
    EXPECT_EQ(sizeof(xdpb_route6_key), 20U);
    EXPECT_EQ(offsetof(xdpb_route6_key, address), 4U);
    EXPECT_EQ(sizeof(xdpb_route), 20U);
    EXPECT_EQ(offsetof(xdpb_route, port), 0U);
    EXPECT_EQ(offsetof(xdpb_route, flags), 2U);
    EXPECT_EQ(offsetof(xdpb_route, gateway), 4U);
    EXPECT_EQ(sizeof(xdpb_event), 24U);
    EXPECT_EQ(offsetof(xdpb_event, time_ns), 0U);
    EXPECT_EQ(offsetof(xdpb_event, type), 8U);
    EXPECT_EQ(offsetof(xdpb_event, port), 12U);
    EXPECT_EQ(offsetof(xdpb_event, old_port), 14U);
    EXPECT_EQ(offsetof(xdpb_event, key), 16U);
    EXPECT_EQ(XDPB_EVENT_LEARN, 1);
    EXPECT_EQ(XDPB_EVENT_MOVE, 2);
    EXPECT_EQ(XDPB_EVENT_AGE, 3);
    EXPECT_EQ(XDPB_EVENT_LIMIT, 4);
    EXPECT_EQ(XDPB_EVENT_BPDU, 5);
}

TEST(Abi, ReservedPolicies) {
    EXPECT_EQ(XDPB_RESERVED_PEER, 0); // a map is all zeros at first
    EXPECT_EQ(XDPB_RESERVED_FORWARD, 1);
    EXPECT_EQ(XDPB_RESERVED_DROP, 2);
}

} // namespace
} // namespace xdpbridge
