// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What a host may send to harm its neighbours, at every stage that might fall for it: made-up and
// stolen MACs by the thousand, stacks of VLAN tags, chains of IPv6 headers. What each guard lets in
// is port_guard_test.cpp's; how fast the neighbours are meanwhile, bench_hostile's.
#include "support/group_frames.h"
#include "support/guard_frames.h"
#include "support/switch_test.h"

#include <algorithm>
#include <fmt/format.h>

namespace xdpbridge::test {
namespace {

constexpr std::uint32_t neighbours = 100; // behind each of two ports
constexpr std::uint32_t made_up = 100'000;

class HostileTest : public HookTest {
  protected:
    explicit HostileTest(const BridgeOptions& options = {}) : HookTest(options) {
        for (std::uint32_t n = 0; n < neighbours; n++) {
            inject(first_, frame(host(1 + n), broadcast));
            inject(second_, frame(host(1001 + n), broadcast));
        }
    }
    // The neighbours' entries, but for when they were last seen.
    [[nodiscard]] std::vector<Row> entries_of_neighbours() const {
        auto rows = table();
        std::erase_if(rows, [&](const Row& row) {
            return row.port != first_.number && row.port != second_.number;
        });
        for (auto& row : rows)
            row.seen_ns = 0;
        return rows;
    }
    void send_made_up(const Port& attacker) {
        Frame made = frame(host(0), host(1)); // to a neighbour
        for (std::uint32_t n = 0; n < made_up; n++) {
            const auto octets = host(1'000'000 + n).octets;
            std::copy(octets.begin(), octets.end(), made.begin() + 6);
            inject(attacker, made);
        }
    }
    // Claims each neighbour's MAC so many times.
    std::uint64_t claim_all(const Port& attacker, int times) {
        for (int i = 0; i < times; i++)
            for (std::uint32_t n = 0; n < neighbours; n++) {
                inject(attacker, frame(host(1 + n), broadcast));
                inject(attacker, frame(host(1001 + n), broadcast));
            }
        return static_cast<std::uint64_t>(times) * 2 * neighbours;
    }

    const Port first_ = add_port(), second_ = add_port();
};

TEST_P(HostileTest, MadeUpMacsWithAQuota) {
    constexpr std::uint32_t quota = 64;
    const Port attacker = add_port({.mac_quota = quota});
    const auto before = entries_of_neighbours();
    ASSERT_EQ(before.size(), 2 * neighbours);
    send_made_up(attacker);
    EXPECT_EQ(entries_of_neighbours(), before);
    EXPECT_EQ(learned(attacker), quota);
    const auto counted = counters(attacker);
    EXPECT_EQ(counted.quota_exceeded, made_up - quota);
    EXPECT_EQ(counted.fdb_full, 0U);
    EXPECT_EQ(counted.forwarded, made_up) << "a frame that teaches nothing is forwarded";
    inject(first_, frame(host(500), broadcast));
    EXPECT_TRUE(fdb_.lookup(host(500))) << "no room for a new neighbour";
}

TEST_P(HostileTest, StolenMacsAgainstASourceGuard) {
    const Port attacker = add_port({.settings = {.source_guard = SourceGuard::mac}});
    const auto before = entries_of_neighbours();
    const auto claims = claim_all(attacker, 10);
    EXPECT_EQ(entries_of_neighbours(), before);
    EXPECT_EQ(counters(attacker).dropped[XDPB_DROP_MAC_GUARD], claims);
    EXPECT_EQ(counters(attacker).moved_here, 0U);
}

TEST_P(HostileTest, StolenMacsAgainstAQuotaThatIsUsedUp) {
    const Port attacker = add_port({.mac_quota = 1});
    inject(attacker, frame(host(5000), broadcast));
    const auto before = entries_of_neighbours();
    const auto claims = claim_all(attacker, 10);
    EXPECT_EQ(entries_of_neighbours(), before);
    EXPECT_EQ(counters(attacker).quota_exceeded, claims);
    EXPECT_EQ(counters(attacker).moved_here, 0U);
}

TEST_P(HostileTest, StolenMacsAgainstStaticEntries) {
    for (std::uint32_t n = 0; n < neighbours; n++) {
        fdb_.add({.mac = host(1 + n), .port = first_.number, .is_static = true});
        fdb_.add({.mac = host(1001 + n), .port = second_.number, .is_static = true});
    }
    const Port attacker = add_port();
    const auto before = entries_of_neighbours();
    claim_all(attacker, 10);
    EXPECT_EQ(entries_of_neighbours(), before);
    EXPECT_EQ(counters(attacker).moved_here, 0U);
}

// A switch believes the last frame: who is not guarded loses what is sent to him until he sends
// again. This is what the three tests above are for.
TEST_P(HostileTest, StolenMacsAgainstNothing) {
    const Port attacker = add_port();
    const auto claims = claim_all(attacker, 1);
    EXPECT_EQ(counters(attacker).moved_here, claims);
    EXPECT_TRUE(entries_of_neighbours().empty());
    inject(first_, frame(host(1), broadcast));
    EXPECT_EQ(fdb_.lookup(host(1))->port, first_.number);
}

XDPB_AT_EACH_HOOK(HostileTest);

constexpr std::uint32_t small_fdb = 1024;

class HostileFullTest : public HostileTest {
  protected:
    HostileFullTest() : HostileTest({.fdb_size = small_fdb}) {}
};

TEST_P(HostileFullTest, MadeUpMacsFillTheFdbAndNoMore) {
    const Port attacker = add_port();
    const auto before = entries_of_neighbours();
    send_made_up(attacker);
    EXPECT_EQ(entries_of_neighbours(), before);
    EXPECT_EQ(learned(attacker), small_fdb - 2 * neighbours);
    EXPECT_EQ(counters(attacker).fdb_full, made_up - learned(attacker));
    EXPECT_EQ(counters(attacker).quota_exceeded, 0U);
}

XDPB_AT_EACH_HOOK(HostileFullTest);

// Tags as TPID and TCI, the outermost first, in front of an untagged frame's ethertype.
struct Tag {
    std::uint16_t vid;
    std::uint16_t tpid = 0x8100;
};
using Tags = std::vector<Tag>;

Frame stacked(const Frame& frame, const Tags& tags) {
    Frame out(frame.begin(), frame.begin() + 12);
    for (const auto& tag : tags) {
        out.resize(out.size() + 4);
        sandbox::store16(out, out.size() - 4, tag.tpid);
        sandbox::store16(out, out.size() - 2, tag.vid);
    }
    out.insert(out.end(), frame.begin() + 12, frame.end());
    return out;
}

std::string text_of(const Tags& tags) {
    std::string text;
    for (const auto& tag : tags)
        text += fmt::format("{}{} ", tag.tpid == 0x88a8 ? "s" : "", tag.vid);
    return text;
}

const std::vector<Tags> stacks = {
    {{5}},
    {{0}},
    {{4095}},
    {{5, 0x88a8}},
    {{5}, {6}},
    {{0}, {0}},
    {{4095}, {4095}},
    {{5, 0x88a8}, {6}},
    {{0, 0x88a8}, {6}},
    {{5}, {6, 0x88a8}},
    {{5}, {0}, {7}},
    {{0}, {0}, {0}},
    {{5, 0x88a8}, {6, 0x88a8}, {7}},
    {{1}, {2}, {3}, {4}, {5}, {6}, {7}},
};

const std::string attacker_mac = "02:00:00:00:00:66";

class TagStackTest : public HookTest {
  protected:
    explicit TagStackTest(const BridgeOptions& options = {}) : HookTest(options) {}
    const Port port_ = add_port(), other_ = add_port();
    const Frame advertisement_ = router_advertisement({attacker_mac, link_local(attacker_mac)});
};

// To a bridge without VLANs tags are payload, as long as the first one is whole.
TEST_P(TagStackTest, CutAtEachByteItIsTruncatedOrPayload) {
    for (const auto& tags : stacks) {
        const Frame whole = stacked(advertisement_, tags);
        for (std::size_t size = 14; size <= whole.size(); size++)
            EXPECT_EQ(send(port_, Frame(whole.begin(), whole.begin() + static_cast<long>(size))),
                      size < 18 ? "dropped truncated" : "flooded")
                << text_of(tags) << size << " bytes";
    }
}

// Whether the tags are more than we follow, or anything is cut off: it might be the advertisement.
TEST_P(TagStackTest, NothingOfItGetsPastAGuard) {
    ports_.set(port_.device, {.settings = {.ra_guard = true}});
    for (const auto& tags : stacks) {
        const Frame whole = stacked(advertisement_, tags);
        for (std::size_t size = 18; size <= whole.size(); size++)
            EXPECT_EQ(send(port_, Frame(whole.begin(), whole.begin() + static_cast<long>(size))),
                      "dropped ra_guard")
                << text_of(tags) << size << " bytes";
        const Frame harmless = stacked(
            Ethernet{.dst = everybody, .src = attacker_mac, .type = 0x88b5} / Payload{46}, tags);
        EXPECT_EQ(send(port_, harmless), tags.size() > 2 ? "dropped ra_guard" : "flooded")
            << text_of(tags);
    }
}

XDPB_AT_EACH_HOOK(TagStackTest);

class VlanTagStackTest : public TagStackTest {
  protected:
    VlanTagStackTest() : TagStackTest({.vlan_aware = true}) {
        for (const auto* port : {&port_, &other_})
            bridge_.vlans().add(port->device, {5, 5});
    }
    // The VLANs in which the frame's source is known afterwards.
    std::vector<std::uint16_t> learned_in(const Frame& frame) {
        fdb_.flush();
        const auto before = counters(port_);
        inject(port_, frame);
        const auto after = counters(port_);
        EXPECT_EQ(after.rx_packets, before.rx_packets + 1);
        std::vector<std::uint16_t> vlans;
        for (const auto& entry : fdb_.entries())
            vlans.push_back(entry.vlan);
        EXPECT_EQ(after.flooded - before.flooded, vlans.size());
        EXPECT_EQ(after.dropped_total() - before.dropped_total(), 1 - vlans.size());
        return vlans;
    }
};

// The outermost tag decides, and only if it is the bridge's own: VLAN 0 is the PVID, 4095 none, and
// an S-tag is payload to a bridge of C-tags.
TEST_P(VlanTagStackTest, TheOutermostTagDecides) {
    const Frame frame =
        Ethernet{.dst = everybody, .src = attacker_mac, .type = 0x88b5} / Payload{46};
    using Vlans = std::vector<std::uint16_t>;
    EXPECT_EQ(learned_in(frame), Vlans{1});
    EXPECT_EQ(learned_in(stacked(frame, {{6}})), Vlans{}) << "a VLAN that the port is not in";
    for (const auto& tags : stacks) {
        const Tag& outer = tags.front();
        const std::uint16_t vlan = outer.tpid == 0x88a8 || outer.vid == 0 ? 1 : outer.vid;
        const Vlans wanted = vlan == 4095 ? Vlans{} : Vlans{vlan};
        EXPECT_EQ(learned_in(stacked(frame, tags)), wanted) << text_of(tags);
    }
}

TEST_P(VlanTagStackTest, CutAtEachByteItIsTruncatedOrInItsVlan) {
    for (const auto& tags : stacks) {
        if (tags.front().vid == 4095)
            continue;
        const Frame whole = stacked(advertisement_, tags);
        for (std::size_t size = 14; size <= whole.size(); size++)
            EXPECT_EQ(
                learned_in(Frame(whole.begin(), whole.begin() + static_cast<long>(size))).size(),
                size < 18 ? 0U : 1U)
                << text_of(tags) << size << " bytes";
    }
}

XDPB_AT_EACH_HOOK(VlanTagStackTest);

// Chains that a host might follow, and those it does not.
struct Chain {
    std::string name;
    std::vector<Extension> headers;
};

const std::vector<Chain> chains = {
    {"hop-by-hop options", {hop_by_hop}},
    {"hop-by-hop options three times", {hop_by_hop, hop_by_hop, hop_by_hop}},
    {"hop-by-hop options last", {destination_options, hop_by_hop}},
    {"an atomic fragment", {fragment_header(0, false)}},
    {"two of them", {fragment_header(0, false), fragment_header(0, false)}},
    {"a first fragment", {fragment_header(0, true)}},
    {"options in a first fragment", {hop_by_hop, fragment_header(0, true), destination_options}},
    {"eight headers", std::vector<Extension>(8, destination_options)},
    {"nine headers", std::vector<Extension>(9, destination_options)},
    {"thirty headers", std::vector<Extension>(30, hop_by_hop)},
};

class HeaderChainTest : public HookTest {
  protected:
    const Port port_ = add_port(), other_ = add_port();
    const Frame advertisement_ = router_advertisement({attacker_mac, link_local(attacker_mac)});

    // What becomes of the frame, with each length that its IPv6 header might claim.
    void expect_whatever_its_length(const std::string& outcome, Frame frame,
                                    const std::string& what) {
        for (std::uint32_t length = 0; length <= frame.size(); length++) {
            sandbox::store16(frame, 18, static_cast<std::uint16_t>(length));
            EXPECT_EQ(send(port_, frame), outcome) << what << ", a length of " << length;
        }
        sandbox::store16(frame, 18, 0xffff);
        EXPECT_EQ(send(port_, frame), outcome) << what << ", a length of 65535";
    }
    void expect_however_cut(const std::string& outcome, const Frame& frame,
                            const std::string& what) {
        for (std::size_t size = 54; size <= frame.size(); size++)
            EXPECT_EQ(send(port_, Frame(frame.begin(), frame.begin() + static_cast<long>(size))),
                      outcome)
                << what << ", cut to " << size;
    }
};

TEST_P(HeaderChainTest, NoRouterGetsPastTheGuard) {
    ports_.set(port_.device, {.settings = {.ra_guard = true}});
    for (const auto& chain : chains) {
        const Frame frame = extended(advertisement_, chain.headers);
        expect_whatever_its_length("dropped ra_guard", frame, chain.name);
        expect_however_cut("dropped ra_guard", frame, chain.name);
    }
}

TEST_P(HeaderChainTest, NoDhcpServerGetsPastTheGuard) {
    ports_.set(port_.device, {.settings = {.dhcp_guard = true}});
    const Frame reply =
        udp6({attacker_mac, link_local(attacker_mac)}, "33:33:00:01:00:02", "ff02::1:2", 547, 546);
    for (const auto& chain : chains) {
        const Frame frame = extended(reply, chain.headers);
        expect_whatever_its_length("dropped dhcp_guard", frame, chain.name);
        expect_however_cut("dropped dhcp_guard", frame, chain.name);
    }
}

// What no host takes for an advertisement: parts without their first, and headers that are the last
// by their own word or by that of nobody who could read them.
TEST_P(HeaderChainTest, WhatNoHostFollowsIsNoRouter) {
    ports_.set(port_.device,
               {.settings = {.arp_guard = true, .dhcp_guard = true, .ra_guard = true}});
    for (const std::vector<Extension>& headers :
         {std::vector<Extension>{fragment_header(8, false)},
          {hop_by_hop, fragment_header(8, true)},
          {fragment_header(0, false), fragment_header(1480, false)}})
        EXPECT_EQ(send(port_, extended(advertisement_, headers)), "flooded") << headers.size();
    for (const std::uint8_t next : {59, 50, 253, 254, 255}) {
        Frame frame = extended(advertisement_, {hop_by_hop});
        frame[14 + 40] = next;
        EXPECT_EQ(send(port_, frame), "flooded") << "next header " << int{next};
    }
}

TEST_P(HeaderChainTest, ARuleThatDropsByPortsTakesWhatHidesThem) {
    bridge_.acl().add(AclRule::parse("--proto udp --dport 546 drop"));
    const Frame frame = udp6({attacker_mac, "2001:db8::1"}, everybody, "2001:db8::2", 547, 546);
    for (const auto& chain : chains)
        expect_however_cut("dropped acl", extended(frame, chain.headers), chain.name);
}

// Of neighbour discovery behind any header nothing is believed, and nothing answered (RFC 6980 is
// the same for fragments).
TEST_P(HeaderChainTest, SuppressionTakesNoPart) {
    const std::string owner = "02:00:00:00:00:02";
    bridge_.set_suppression(true);
    send(other_, frame(mac(owner), broadcast));
    bridge_.neighbours().add(*Ip::parse("2001:db8::2"), mac(owner));
    const Frame question = solicitation(attacker_mac, "2001:db8::1", "2001:db8::2");
    const auto known = bridge_.neighbours().list().size();
    for (const auto& chain : chains) {
        EXPECT_EQ(send(port_, extended(question, chain.headers)), "flooded") << chain.name;
        EXPECT_EQ(bridge_.neighbours().list().size(), known) << chain.name;
    }
    EXPECT_EQ(send(port_, question), "answered");
    EXPECT_EQ(bridge_.neighbours().list().size(), known + 1);
}

// MLD has one header in front of it, with the router alert (RFC 3810 5).
TEST_P(HeaderChainTest, SnoopingBelievesNoReportBehindAnotherHeader) {
    bridge_.set_snooping(true);
    const Frame join = mld_join(attacker_mac, "ff15::1234");
    for (const auto& chain : chains) {
        EXPECT_EQ(send(port_, extended(join, chain.headers)), "flooded") << chain.name;
        EXPECT_TRUE(bridge_.mdb().list().empty()) << chain.name;
    }
    EXPECT_EQ(send(port_, join), "flooded");
    EXPECT_FALSE(bridge_.mdb().list().empty());
}

XDPB_AT_EACH_HOOK(HeaderChainTest);

} // namespace
} // namespace xdpbridge::test
