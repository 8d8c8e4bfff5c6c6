// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Real sockets that join and leave groups: the kernel of their host sends the reports, and what is
// sent to the group goes where it is wanted.
#include "network_test.h"
#include "sandbox/ethtool.h"
#include "sandbox/netns_scope.h"
#include "support/group_frames.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>

namespace xdpbridge::test {
namespace {

using sandbox::Fd;
using sandbox::NetnsScope;
using ::testing::ElementsAre;

const std::string group4 = "239.1.2.3";
const std::string group6 = "ff15::1234";

// A member for as long as it lives.
class Member {
  public:
    Member(const Host& host, const std::string& group) {
        const NetnsScope scope(host.netns);
        const auto index = ::if_nametoindex(host.device.c_str());
        const bool v4 = group.find(':') == std::string::npos;
        socket_ = Fd(::socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
        int result = 0;
        if (v4) {
            ip_mreqn request{};
            ::inet_pton(AF_INET, group.c_str(), &request.imr_multiaddr);
            request.imr_ifindex = static_cast<int>(index);
            result = ::setsockopt(socket_.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &request,
                                  sizeof(request));
        } else {
            ipv6_mreq request{};
            ::inet_pton(AF_INET6, group.c_str(), &request.ipv6mr_multiaddr);
            request.ipv6mr_interface = index;
            result = ::setsockopt(socket_.get(), IPPROTO_IPV6, IPV6_JOIN_GROUP, &request,
                                  sizeof(request));
        }
        if (result != 0)
            throw std::system_error(errno, std::generic_category(), "join " + group);
    }

  private:
    Fd socket_;
};

enum class AtHooks : std::uint8_t { xdp, tc, mixed };

void PrintTo(AtHooks hooks, std::ostream* out) {
    *out << (hooks == AtHooks::xdp ? "xdp" : hooks == AtHooks::tc ? "tc" : "mixed");
}

// h1 sends, h2 joins, h3 does neither, and behind q is a querier.
class SnoopingTest : public NetworkTest, public ::testing::WithParamInterface<AtHooks> {
  protected:
    explicit SnoopingTest(const BridgeOptions& options = {}) : NetworkTest(options) {
        bridge_->set_snooping(true);
    }

    Host add_member_host(const std::string& name) {
        const bool tc =
            GetParam() == AtHooks::tc || (GetParam() == AtHooks::mixed && hosts_ % 2 == 1);
        all_.push_back(add_host(name, {.hook = tc ? Hook::tc : Hook::xdp}));
        if (GetParam() == AtHooks::mixed) // else it takes nothing from XDP
            sandbox::set_gro(all_.back().netns, all_.back().device, true);
        return all_.back();
    }

    // Asks who is there, and waits until all have had the time to answer.
    void query() {
        send(q_, igmp_query(q_.mac, q_.ipv4));
        send(q_, mld_query(q_.mac));
        ASSERT_TRUE(eventually([&] { return is(MdbType::router, q_, "0.0.0.0"); }));
        ASSERT_TRUE(eventually([&] { return is(MdbType::router, q_, "::"); }));
        std::this_thread::sleep_for(120ms);
    }

    bool is(MdbType type, const Host& host, const std::string& group, std::uint16_t vlan = 0) {
        const auto port = bridge_->ports().get(host.port).number;
        for (const auto& entry : bridge_->mdb().list())
            if (entry.type == type && entry.port == port && entry.vlan == vlan &&
                entry.group == Ip::parse(group))
                return true;
        return false;
    }
    bool is_member(const Host& host, const std::string& group) {
        return is(MdbType::dynamic_member, host, group);
    }
    ::testing::AssertionResult joins(const Host& host, const std::string& group) {
        return eventually([&] { return is_member(host, group); })
                   ? ::testing::AssertionSuccess()
                   : ::testing::AssertionFailure() << host.name << " is no member of " << group;
    }

    // The hosts that get a frame, by name.
    std::vector<std::string> receivers(const Host& from, const Frame& frame) const {
        std::vector<std::unique_ptr<Capture>> captures;
        for (const auto& host : all_)
            captures.push_back(std::make_unique<Capture>(host.netns, host.device));
        const auto same = [&](const Frame& got) { return got == frame; };
        send(from, frame);
        std::vector<std::string> names;
        captures.back()->wait_for(same, quiet, 2); // one too many: the whole time
        for (std::size_t i = 0; i < all_.size(); i++)
            for (const auto& got : captures[i]->frames())
                if (same(got))
                    names.push_back(all_[i].name);
        return names;
    }
    std::vector<std::string> receivers_of(const std::string& group) const {
        return receivers(h1_, group_datagram(h1_.mac, group));
    }

    std::vector<Host> all_;
    Host h1_ = add_member_host("h1"), h2_ = add_member_host("h2"), h3_ = add_member_host("h3"),
         q_ = add_member_host("q");
};

TEST_P(SnoopingTest, AGroupGoesToItsMembersAndToRouters) {
    const Member four(h2_, group4), six(h2_, group6);
    ASSERT_TRUE(joins(h2_, group4));
    ASSERT_TRUE(joins(h2_, group6));
    query();
    const auto before = counters(h3_.port).filtered[XDPB_FILTER_NOT_JOINED];
    EXPECT_THAT(receivers_of(group4), ElementsAre("h2", "q"));
    EXPECT_THAT(receivers_of(group6), ElementsAre("h2", "q"));
    EXPECT_GE(counters(h3_.port).filtered[XDPB_FILTER_NOT_JOINED], before + 2);
}

TEST_P(SnoopingTest, ByReportsOfTheEarlierVersionsToo) {
    sandbox::write_sysctl(h2_.netns, "net/ipv4/conf/eth0/force_igmp_version", "2");
    sandbox::write_sysctl(h2_.netns, "net/ipv6/conf/eth0/force_mld_version", "1");
    {
        const Member four(h2_, group4), six(h2_, group6);
        ASSERT_TRUE(joins(h2_, group4));
        ASSERT_TRUE(joins(h2_, group6));
        query();
        EXPECT_THAT(receivers_of(group4), ElementsAre("h2", "q"));
        EXPECT_THAT(receivers_of(group6), ElementsAre("h2", "q"));
        bridge_->ports().set(h2_.port, {.settings = {.fast_leave = true}});
    }
    EXPECT_TRUE(eventually([&] { return !is_member(h2_, group4) && !is_member(h2_, group6); }));
    EXPECT_THAT(receivers_of(group4), ElementsAre("q"));
    EXPECT_THAT(receivers_of(group6), ElementsAre("q"));
}

TEST_P(SnoopingTest, ALeaveStopsIt) {
    query();
    {
        const Member four(h2_, group4), six(h2_, group6);
        ASSERT_TRUE(joins(h2_, group4));
        ASSERT_TRUE(joins(h2_, group6));
        EXPECT_THAT(receivers_of(group4), ElementsAre("h2", "q"));
    }
    EXPECT_TRUE(is_member(h2_, group4)) << "until others behind the port have had time to object";
    std::this_thread::sleep_for(2500ms);
    EXPECT_THAT(receivers_of(group4), ElementsAre("q"));
    EXPECT_THAT(receivers_of(group6), ElementsAre("q"));
}

TEST_P(SnoopingTest, AMemberAnswersTheQuerierAndStays) {
    query();
    const Member four(h2_, group4), six(h2_, group6);
    ASSERT_TRUE(joins(h2_, group4));
    ASSERT_TRUE(joins(h2_, group6));
    bridge_->mdb().flush();
    EXPECT_THAT(receivers_of(group4), ElementsAre("h2", "h3", "q")) << "nothing is known";
    query();
    EXPECT_TRUE(joins(h2_, group4));
    EXPECT_TRUE(joins(h2_, group6));
}

TEST_P(SnoopingTest, WithoutAQuerierNothingIsPruned) {
    const Member four(h2_, group4), six(h2_, group6);
    ASSERT_TRUE(joins(h2_, group4));
    ASSERT_TRUE(joins(h2_, group6));
    EXPECT_THAT(receivers_of(group4), ElementsAre("h2", "h3", "q"));
    EXPECT_THAT(receivers_of(group6), ElementsAre("h2", "h3", "q"));
    send(q_, igmp_query(q_.mac, "0.0.0.0"));
    std::this_thread::sleep_for(200ms);
    EXPECT_THAT(receivers_of(group4), ElementsAre("h2", "h3", "q"))
        << "a switch that asks is no querier";
}

TEST_P(SnoopingTest, NeverPruned) {
    query();
    const std::vector<std::string> everybody = {"h2", "h3", "q"};
    // One host joins, as the hosts of PTP do, which must not cost the others theirs.
    for (const char* group : {"224.0.0.251", "224.0.0.107", "224.0.1.129", "224.0.1.132",
                              "ff02::fb", "ff02::6b", "ff0e::181", "ff05::181"}) {
        send(h2_,
             Ip::parse(group)->is_ipv4() ? igmp_join(h2_.mac, group) : mld_join(h2_.mac, group));
        EXPECT_EQ(receivers_of(group), everybody) << group;
    }
    for (const char* group : {"239.9.9.9", "ff15::9999"})
        EXPECT_EQ(receivers_of(group), everybody) << group << ", which nobody has joined";
    for (const char* dst : {"01:1b:19:00:00:00", "01:00:5e:01:02:03", "ff:ff:ff:ff:ff:ff"})
        EXPECT_EQ(receivers(h1_, Ethernet{.dst = dst, .src = h1_.mac, .type = 0x88f7} /
                                     Payload{.size = 50}),
                  everybody)
            << dst;
}

// Hosts of the earlier versions that hear a report do not send theirs.
TEST_P(SnoopingTest, ReportsGoToRoutersQueriesToAll) {
    const Frame join = igmp_join(h1_.mac, group4), join6 = mld_join(h1_.mac, group6);
    EXPECT_THAT(receivers(h1_, join), ElementsAre("h2", "h3", "q")) << "no querier is known";
    query();
    EXPECT_THAT(receivers(h1_, join), ElementsAre("q"));
    EXPECT_THAT(receivers(h1_, join6), ElementsAre("q"));
    EXPECT_THAT(receivers(h1_, igmp_leave(h1_.mac, group4)), ElementsAre("q"));
    EXPECT_THAT(receivers(h1_, mld_leave(h1_.mac, group6)), ElementsAre("q"));
    EXPECT_THAT(receivers(q_, igmp_query(q_.mac, q_.ipv4)), ElementsAre("h1", "h2", "h3"));
    EXPECT_THAT(receivers(q_, mld_query(q_.mac)), ElementsAre("h1", "h2", "h3"));
}

TEST_P(SnoopingTest, ByTheUsersWord) {
    query();
    bridge_->mdb().add(h2_.port, *Ip::parse(group4));
    EXPECT_THAT(receivers_of(group4), ElementsAre("h2", "q"));
    send(h2_, igmp_leave(h2_.mac, group4));
    EXPECT_THAT(receivers_of(group4), ElementsAre("h2", "q"));
    bridge_->ports().set(h3_.port, {.settings = {.mrouter = true}});
    EXPECT_THAT(receivers_of(group4), ElementsAre("h2", "h3", "q"));
    bridge_->ports().set(h3_.port, {.settings = {.mrouter = false}});
    EXPECT_TRUE(bridge_->mdb().remove(h2_.port, *Ip::parse(group4)));
    EXPECT_THAT(receivers_of(group4), ElementsAre("h2", "h3", "q")) << "nobody's group again";
}

TEST_P(SnoopingTest, OffItFloods) {
    const Member four(h2_, group4);
    ASSERT_TRUE(joins(h2_, group4));
    query();
    EXPECT_THAT(receivers_of(group4), ElementsAre("h2", "q"));
    bridge_->set_snooping(false);
    EXPECT_THAT(receivers_of(group4), ElementsAre("h2", "h3", "q"));
    bridge_->set_snooping(true);
    EXPECT_THAT(receivers_of(group4), ElementsAre("h2", "h3", "q")) << "until the next query";
}

INSTANTIATE_TEST_SUITE_P(Hooks, SnoopingTest,
                         ::testing::Values(AtHooks::xdp, AtHooks::tc, AtHooks::mixed),
                         ::testing::PrintToStringParamName());

class SnoopingVlanTest : public SnoopingTest {
  protected:
    SnoopingVlanTest() : SnoopingTest({.vlan_aware = true}) {}
};

// At XDP a flood that needs no tag anywhere has none.
TEST_P(SnoopingVlanTest, UntaggedEverywhere) {
    send(q_, igmp_query(q_.mac, q_.ipv4));
    send(q_, mld_query(q_.mac));
    const Member four(h2_, group4), six(h2_, group6);
    ASSERT_TRUE(eventually([&] { return is(MdbType::dynamic_member, h2_, group4, 1); }));
    ASSERT_TRUE(eventually([&] { return is(MdbType::dynamic_member, h2_, group6, 1); }));
    std::this_thread::sleep_for(120ms);
    EXPECT_THAT(receivers_of(group4), ElementsAre("h2", "q"));
    EXPECT_THAT(receivers_of(group6), ElementsAre("h2", "q"));
}

TEST_P(SnoopingVlanTest, AMemberIsOneInItsVlan) {
    for (const auto& host : all_)
        bridge_->vlans().add(host.port, {10, 20});
    const auto tagged = [](Frame frame, std::uint8_t vid) {
        const std::array<std::uint8_t, 4> tag = {0x81, 0, 0, vid};
        frame.insert(frame.begin() + 12, tag.begin(), tag.end());
        return frame;
    };
    for (const std::uint8_t vid : {10, 20}) {
        send(q_, tagged(igmp_query(q_.mac, q_.ipv4), vid));
        send(q_, tagged(mld_query(q_.mac), vid));
    }
    send(h2_, tagged(igmp_join(h2_.mac, group4), 10));
    send(h2_, tagged(mld_join(h2_.mac, group6), 10));
    send(h3_, tagged(igmp_join(h3_.mac, group4), 20));
    send(h3_, tagged(mld_join(h3_.mac, group6), 20));
    std::this_thread::sleep_for(250ms);
    for (const auto& group : {group4, group6}) {
        const Frame data = group_datagram(h1_.mac, group);
        EXPECT_THAT(receivers(h1_, tagged(data, 10)), ElementsAre("h2", "q"));
        EXPECT_THAT(receivers(h1_, tagged(data, 20)), ElementsAre("h3", "q"));
        EXPECT_THAT(receivers(h1_, data), ElementsAre("h2", "h3", "q")) << "no querier in VLAN 1";
    }
    bridge_->vlans().remove(h2_.port, {10, 10});
    EXPECT_FALSE(is(MdbType::dynamic_member, h2_, group4, 10));
}

INSTANTIATE_TEST_SUITE_P(Hooks, SnoopingVlanTest,
                         ::testing::Values(AtHooks::xdp, AtHooks::tc, AtHooks::mixed),
                         ::testing::PrintToStringParamName());

} // namespace
} // namespace xdpbridge::test
