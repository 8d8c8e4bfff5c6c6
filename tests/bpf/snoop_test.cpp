// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// bpf/snoop.h: what reports and queries say of who wants which group.
#include "support/switch_test.h"

#include "lib/bridge_state.h"
#include "sandbox/process.h"
#include "support/group_frames.h"

#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>

namespace xdpbridge::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string member = "02:00:00:00:00:01", querier = "02:00:00:00:00:02";
const std::string group4 = "239.1.2.3", group6 = "ff15::1234";
const std::string all_routers = "224.0.0.22", all_routers6 = "ff02::16";

xdpb_mdb_key key_of(const std::string& group, std::uint16_t port) {
    xdpb_mdb_key key{};
    const auto octets = Ip::parse(group).value().octets;
    std::copy(octets.begin(), octets.end(), std::begin(key.group));
    key.port = port;
    return key;
}

Frame igmp_v3(const std::vector<Record>& records) {
    return igmp(member, "192.0.2.1", all_routers, igmp_v3_report(records));
}

Frame mld_v2(const std::vector<Record>& records) {
    return mld(member, "fe80::1", all_routers6, mld_v2_report(records));
}

// After a change of the IPv4 header
Frame with_ip_checksum(Frame frame) {
    sandbox::store16(frame, 24, 0);
    const std::size_t header = (frame[14] & 15U) * 4UL;
    sandbox::store16(frame, 24, sandbox::internet_checksum(std::span(frame).subspan(14, header)));
    return frame;
}

class SnoopTest : public HookTest {
  protected:
    SnoopTest()
        : map_(Fd(bpf_obj_get((bridge_.info().folder / "mdb").c_str()))),
          vlans_(Fd(bpf_obj_get((bridge_.info().folder / "vlans").c_str()))) {
        bridge_.set_snooping(true);
    }

    // Each line of the MDB: "239.1.2.3 port 1 dynamic".
    std::vector<std::string> members() const {
        std::vector<std::string> lines;
        for (const auto& entry : bridge_.mdb().list())
            lines.push_back(fmt::format("{} port {}{}", entry.group.to_string(), entry.port,
                                        entry.type == MdbType::router          ? " router"
                                        : entry.type == MdbType::overflow      ? " overflow"
                                        : entry.type == MdbType::static_member ? " static"
                                                                               : ""));
        return lines;
    }
    // The members after this frame alone.
    std::vector<std::string> after(const Frame& frame) {
        bridge_.mdb().flush();
        EXPECT_EQ(send(port_, frame), "flooded");
        return members();
    }
    // Seconds until a membership expires.
    double expires(const std::string& group) const {
        const auto entry = map_.lookup(key_of(group, port_.number)).value();
        return (static_cast<double>(entry.expires_ns) - static_cast<double>(data_plane_now())) /
               1e9;
    }
    void set_expired(const std::string& group, std::uint16_t port) {
        auto entry = map_.lookup(key_of(group, port)).value();
        entry.expires_ns = data_plane_now() - 1;
        map_.update(key_of(group, port), entry);
    }
    xdpb_vlan vlan() const { return vlans_.lookup(0).value(); }

    Map<xdpb_mdb_key, xdpb_mdb_entry> map_;
    Map<std::uint32_t, xdpb_vlan> vlans_;
    const Port port_ = add_port(), other_ = add_port();
    const std::string joined4_ = group4 + " port 1", joined6_ = group6 + " port 1";
};

TEST_P(SnoopTest, EveryVersionJoins) {
    EXPECT_THAT(after(igmp(member, "192.0.2.1", group4, igmp_message(0x12, group4))),
                ElementsAre(joined4_));
    EXPECT_THAT(after(igmp_join(member, group4)), ElementsAre(joined4_));
    EXPECT_THAT(after(mld_join(member, group6)), ElementsAre(joined6_));
    EXPECT_NEAR(expires(group6), 260, 1);
}

TEST_P(SnoopTest, EachTypeOfRecord) {
    struct Case {
        std::uint8_t type;
        bool sources;
        bool joins;
    };
    for (const auto& [type, sources, joins] :
         {Case{1, false, false}, Case{1, true, true}, Case{2, false, true}, Case{2, true, true},
          Case{3, false, false}, Case{3, true, true}, Case{4, false, true}, Case{4, true, true},
          Case{5, false, false}, Case{5, true, true}, Case{6, false, false}, Case{6, true, false},
          Case{0, true, false}, Case{7, true, false}, Case{255, true, false}}) {
        const auto four = sources ? std::vector<std::string>{"192.0.2.8", "192.0.2.9"}
                                  : std::vector<std::string>{};
        const auto six = sources ? std::vector<std::string>{"2001:db8::8", "2001:db8::9"}
                                 : std::vector<std::string>{};
        EXPECT_EQ(after(igmp_v3({{type, group4, four}})).size(), joins ? 1U : 0U) << int{type};
        EXPECT_EQ(after(mld_v2({{type, group6, six}})).size(), joins ? 1U : 0U) << int{type};
    }
}

TEST_P(SnoopTest, ManyRecords) {
    std::vector<Record> four, six;
    std::vector<std::string> lines;
    for (int i = 0; i < 40; i++) {
        four.push_back({4, fmt::format("239.0.0.{}", i)});
        six.push_back({4, fmt::format("ff15::{:x}", i + 16)});
        if (i % 3 == 0) { // what follows is found behind the sources
            four.back().sources = {"192.0.2.8"};
            six.back().sources = {"2001:db8::8", "2001:db8::9"};
        }
    }
    EXPECT_EQ(after(igmp_v3(four)).size(), 40U);
    EXPECT_EQ(after(mld_v2(six)).size(), 40U);
}

TEST_P(SnoopTest, ALeaveGivesOthersTwoSecondsToObject) {
    for (const Frame& leave : {igmp_leave(member, group4), igmp_v3({{3, group4}})}) {
        EXPECT_THAT(after(igmp_join(member, group4)), ElementsAre(joined4_));
        send(port_, leave);
        EXPECT_NEAR(expires(group4), 2, 0.5);
        send(port_, igmp_join(member, group4));
        EXPECT_NEAR(expires(group4), 260, 1);
    }
    for (const Frame& leave : {mld_leave(member, group6), mld_v2({{3, group6}})}) {
        EXPECT_THAT(after(mld_join(member, group6)), ElementsAre(joined6_));
        send(port_, leave);
        EXPECT_NEAR(expires(group6), 2, 0.5);
    }
}

TEST_P(SnoopTest, AFastLeaveCountsAtOnce) {
    ports_.set(port_.device, {.settings = {.fast_leave = true}});
    send(port_, igmp_join(member, group4));
    send(port_, igmp_leave(member, group4));
    EXPECT_THAT(members(), IsEmpty());
    send(port_, igmp_join(member, group4));
    EXPECT_THAT(members(), ElementsAre(joined4_));
}

TEST_P(SnoopTest, ALeaveIsOfItsPort) {
    send(port_, igmp_join(member, group4));
    send(other_, igmp_leave(querier, group4));
    EXPECT_NEAR(expires(group4), 260, 1);
}

TEST_P(SnoopTest, AStaticMemberDoesNotLeave) {
    bridge_.mdb().add(port_.device, *Ip::parse(group4));
    send(port_, igmp_join(member, group4));
    send(port_, igmp_leave(member, group4));
    EXPECT_THAT(members(), ElementsAre(joined4_ + " static"));
    bridge_.mdb().flush();
    EXPECT_THAT(members(), ElementsAre(joined4_ + " static"));
}

TEST_P(SnoopTest, GroupsThatAllPortsGetAreNotKept) {
    for (const char* group : {"224.0.0.251", "224.0.1.129", "224.0.1.132", "192.0.2.1", "0.0.0.0",
                              "0.0.0.1", "255.255.255.255"})
        EXPECT_THAT(after(igmp(member, "192.0.2.1", "239.1.1.1", igmp_message(0x16, group))),
                    IsEmpty())
            << group;
    for (const char* group :
         {"ff02::fb", "ff01::1", "ff0e::181", "2001:db8::1", "::", "::1", "::ffff:239.1.2.3"})
        EXPECT_THAT(after(mld(member, "fe80::1", "ff15::1", mld_message(131, group))), IsEmpty())
            << group;
    EXPECT_THAT(after(mld_v2({{4, "::ffff:239.1.2.3"}})), IsEmpty());
}

TEST_P(SnoopTest, AQueryMakesARouterPort) {
    const std::string at_port = " port 1 router";
    EXPECT_THAT(after(igmp_query(querier, "192.0.2.2")), ElementsAre("0.0.0.0" + at_port));
    EXPECT_THAT(after(igmp_v2_query(querier, "192.0.2.2")), ElementsAre("0.0.0.0" + at_port));
    EXPECT_THAT(after(mld_query(querier)), ElementsAre("::" + at_port));
    EXPECT_THAT(after(mld_v1_query(querier)), ElementsAre("::" + at_port));
    // No leave of what is no group takes it back.
    send(port_, mld(member, "fe80::1", "ff02::2", mld_message(132, "::")));
    EXPECT_THAT(members(), ElementsAre("::" + at_port));
}

TEST_P(SnoopTest, QueriesThatMakeNone) {
    EXPECT_THAT(after(igmp_query(querier, "0.0.0.0")), IsEmpty());
    EXPECT_THAT(after(igmp(querier, "192.0.2.2", group4, igmp_message(0x11, group4, 10))),
                IsEmpty());
    EXPECT_THAT(after(mld(querier, "::", "ff02::1", mld_message(130, "::", 100))), IsEmpty());
    EXPECT_THAT(after(mld(querier, "2001:db8::2", "ff02::1", mld_message(130, "::", 100))),
                IsEmpty());
    EXPECT_THAT(after(mld(querier, "fe80::2", group6, mld_message(130, group6, 100))), IsEmpty());
    EXPECT_EQ(vlan().querier_until_ns[0], 0U);
    EXPECT_EQ(vlan().querier_until_ns[1], 0U);
}

TEST_P(SnoopTest, APimHelloMakesARouterPortToo) {
    const Frame hello = {0x20, 0, 0xdf, 0xff};
    EXPECT_THAT(after(Ethernet{.dst = "01:00:5e:00:00:0d", .src = querier} /
                      IPv4{.src = "192.0.2.2", .dst = "224.0.0.13", .ttl = 1, .protocol = 103} /
                      sandbox::Bytes{hello}),
                ElementsAre("0.0.0.0 port 1 router"));
    EXPECT_THAT(after(Ethernet{.dst = "33:33:00:00:00:0d", .src = querier} /
                      sandbox::IPv6{
                          .src = "fe80::2", .dst = "ff02::d", .hop_limit = 1, .next_header = 103} /
                      sandbox::Bytes{hello}),
                ElementsAre(":: port 1 router"));
    EXPECT_THAT(after(Ethernet{.dst = "01:00:5e:00:00:0d", .src = querier} /
                      IPv4{.src = "192.0.2.2", .dst = "224.0.0.13", .ttl = 1, .protocol = 103} /
                      sandbox::Bytes{{0x23, 0, 0, 0}}),
                IsEmpty())
        << "join/prune";
}

// After the first query, when all have had the time to answer it; and then on and on.
TEST_P(SnoopTest, PruningWaitsForTheAnswersToTheFirstQuery) {
    const auto seconds = [](std::uint64_t from, std::uint64_t until) {
        return (static_cast<double>(until) - static_cast<double>(from)) / 1e9;
    };
    struct Case {
        Frame query;
        int family;
        double response;
    };
    for (const auto& [query, family, response] :
         {Case{igmp_query(querier, "192.0.2.2", 100), 0, 10},
          Case{igmp_query(querier, "192.0.2.2", 0x8f), 0, 24.8}, // 31 << 3
          Case{igmp_v2_query(querier, "192.0.2.2", 0x8f), 0, 14.3},
          Case{igmp_v2_query(querier, "192.0.2.2", 0), 0, 10}, // version 1
          Case{mld_query(querier, 1000), 1, 1}, Case{mld_query(querier, 0x8001), 1, 32.776},
          Case{mld_v1_query(querier, 0x8001), 1, 32.769}}) {
        bridge_.mdb().flush();
        const auto now = data_plane_now();
        send(port_, query);
        const auto first = vlan();
        EXPECT_NEAR(seconds(now, first.prune_from_ns[family]), response, 0.1);
        EXPECT_NEAR(seconds(now, first.querier_until_ns[family]), 255, 0.1);
        send(port_, query);
        EXPECT_EQ(vlan().prune_from_ns[family], first.prune_from_ns[family]);
        EXPECT_EQ(vlan().querier_until_ns[1 - family], 0U) << "each family has its querier";
    }
}

TEST_P(SnoopTest, CutShortItSaysNothing) {
    for (const Frame& whole :
         {igmp_join(member, group4), igmp_v3({{4, group4}}), mld_join(member, group6),
          mld_v2({{4, group6}}), igmp_query(querier, "192.0.2.2"), mld_query(querier)}) {
        ASSERT_EQ(after(whole).size(), 1U);
        for (std::size_t size = shortest(whole); size < whole.size(); size++) {
            const Frame cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            EXPECT_THAT(after(cut), IsEmpty()) << size << " of " << whole.size();
        }
    }
}

// The checksum is right each time, and the length in the IP header too.
TEST_P(SnoopTest, MessagesThatAreTooShort) {
    for (const Frame& whole : {igmp_message(0x16, group4), igmp_v3_report({{4, group4}})})
        for (std::size_t size = 0; size < whole.size(); size++) {
            Frame cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            if (size >= 4) {
                sandbox::store16(cut, 2, 0);
                sandbox::store16(cut, 2, sandbox::internet_checksum(cut));
            }
            EXPECT_THAT(after(igmp(member, "192.0.2.1", group4, cut)), IsEmpty()) << size;
        }
    for (const Frame& whole : {mld_message(131, group6), mld_v2_report({{4, group6}})})
        for (std::size_t size = 4; size < whole.size(); size++) {
            const Frame cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            EXPECT_THAT(after(mld(member, "fe80::1", group6, cut)), IsEmpty()) << size;
        }
}

TEST_P(SnoopTest, RecordsThatLie) {
    const auto lie = [&](std::size_t at, std::uint16_t value) {
        Frame message = igmp_v3_report({{4, "239.0.0.1"}, {4, "239.0.0.2", {"192.0.2.8"}}});
        sandbox::store16(message, at, value);
        sandbox::store16(message, 2, 0);
        sandbox::store16(message, 2, sandbox::internet_checksum(message));
        return after(igmp(member, "192.0.2.1", all_routers, message));
    };
    EXPECT_EQ(lie(6, 0xffff).size(), 2U) << "more records than there are";
    EXPECT_EQ(lie(6, 1).size(), 1U) << "fewer";
    EXPECT_THAT(lie(6, 0), IsEmpty());
    EXPECT_THAT(lie(10, 0xffff), IsEmpty()) << "more sources than there are";
    EXPECT_EQ(lie(18, 2).size(), 1U) << "of the second record";
    EXPECT_THAT(lie(8, 0x04ff), IsEmpty()) << "more auxiliary data than there is";
}

TEST_P(SnoopTest, HeadersThatAreNotRight) {
    const Frame right = igmp_join(member, group4), right6 = mld_join(member, group6);
    const auto changed = [](Frame frame, std::size_t at, std::uint8_t value) {
        frame[at] = value;
        return frame;
    };
    const std::vector<std::pair<const char*, Frame>> frames = {
        {"version 5", with_ip_checksum(changed(right, 14, 0x56))},
        {"a header of 16 bytes", with_ip_checksum(changed(right, 14, 0x44))},
        {"a header of 60 bytes", changed(right, 14, 0x4f)},
        {"a length below the header's", with_ip_checksum(changed(right, 17, 20))},
        {"a length beyond the frame", with_ip_checksum(changed(right, 17, 200))},
        {"a length beyond everything", with_ip_checksum(changed(right, 16, 0xff))},
        {"TTL 2", with_ip_checksum(changed(right, 22, 2))},
        {"a fragment", with_ip_checksum(changed(right, 21, 1))},
        {"a first fragment", with_ip_checksum(changed(right, 20, 0x20))},
        {"a wrong checksum", changed(right, 41, 4)},
        {"an unknown type", with_ip_checksum(changed(right, 38, 0x33))},
        {"IPv6 version 5", changed(right6, 14, 0x50)},
        {"no hop-by-hop options", changed(right6, 20, 58)},
        {"hop limit 2", changed(right6, 21, 2)},
        {"a global source", changed(right6, 22, 0x20)},
        {"options beyond the packet", changed(right6, 55, 255)},
        {"options longer than they are", changed(right6, 55, 1)},
        {"another protocol", changed(right6, 54, 17)},
        {"a length beyond the frame", changed(right6, 18, 1)},
        {"a wrong checksum", changed(right6, right6.size() - 1, 0x35)},
    };
    ASSERT_THAT(after(right), ElementsAre(joined4_));
    ASSERT_THAT(after(right6), ElementsAre(joined6_));
    for (const auto& [what, frame] : frames)
        EXPECT_THAT(after(frame), IsEmpty()) << what;
}

// Ethernet pads what is short, and hosts of IGMPv1 know no router alert.
TEST_P(SnoopTest, PaddingAndNoOptions) {
    Frame padded = igmp_join(member, group4);
    padded.resize(60);
    EXPECT_THAT(after(padded), ElementsAre(joined4_));
    EXPECT_THAT(after(Ethernet{.dst = group_mac(group4), .src = member} /
                      IPv4{.src = "192.0.2.1", .dst = group4, .ttl = 1, .protocol = 2} /
                      sandbox::Bytes{igmp_message(0x12, group4)}),
                ElementsAre(joined4_));
}

TEST_P(SnoopTest, OffNothingIsLearned) {
    bridge_.set_snooping(false);
    for (const Frame& frame : {igmp_join(member, group4), mld_join(member, group6),
                               igmp_query(querier, "192.0.2.2"), mld_query(querier)})
        EXPECT_THAT(after(frame), IsEmpty());
}

// With one entry for the membership and one that says that the group is somebody's.
TEST_P(SnoopTest, APortFillsItsOwnPlacesAlone) {
    const auto group = [](unsigned i) { return fmt::format("239.1.{}.{}", i / 200, i % 200); };
    constexpr unsigned most = XDPB_GROUPS_PER_PORT / 2;
    for (unsigned i = 0; i < most; i++)
        inject(port_, igmp_join(member, group(i)));
    EXPECT_EQ(members().size(), most);
    EXPECT_EQ(counters(port_).quota_exceeded, 0U);
    inject(port_, igmp_join(member, group(most)));
    EXPECT_EQ(counters(port_).quota_exceeded, 1U);
    EXPECT_THAT(members(), ::testing::Contains("0.0.0.0 port 1 overflow"))
        << "what it has not joined in the table it gets nevertheless";
    inject(other_, igmp_join(querier, group4));
    EXPECT_THAT(members(), ::testing::Contains(group4 + " port 2"));

    for (unsigned i = 0; i < most; i++) {
        set_expired(group(i), port_.number);
        set_expired(group(i), 0);
    }
    for (unsigned i = 0; i < 100; i++)
        inject(port_, igmp_join(member, group(1000 + i)));
    EXPECT_EQ(counters(port_).quota_exceeded, 1U) << "those that have expired give theirs up";
    EXPECT_EQ(members().size(), 102U);
}

TEST_P(SnoopTest, MoreRecordsThanAreLookedAt) {
    sandbox::check({"ip", "link", "set", "dev", port_.device, "mtu", "3000"});
    ports_.set(port_.device, {}); // looks at the device again
    std::vector<Record> records;
    for (int i = 0; i < 257; i++)
        records.push_back({2, "239.1.2.3"});
    EXPECT_THAT(after(igmp_v3(records)), ElementsAre("0.0.0.0 port 1 overflow", joined4_));
}

TEST_P(SnoopTest, APortThatIsRemovedIsNoMember) {
    send(port_, igmp_join(member, group4));
    send(port_, igmp_query(querier, "192.0.2.2"));
    bridge_.mdb().add(port_.device, *Ip::parse("239.9.9.9"));
    ports_.remove(port_.device);
    EXPECT_THAT(members(), IsEmpty());
    EXPECT_FALSE(map_.lookup(key_of("239.9.9.9", 0))) << "nor is the group anybody's";
}

XDPB_AT_EACH_HOOK(SnoopTest);

} // namespace
} // namespace xdpbridge::test
