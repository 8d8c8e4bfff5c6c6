// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// bpf/learn.h: the limits of learning, which are each port's quota and the size of the FDB. A frame
// whose source finds no place is forwarded all the same.
#include "support/switch_test.h"

#include <gmock/gmock.h>

namespace xdpbridge::test {
namespace {

using ::testing::ElementsAre;

class QuotaTest : public HookTest {
  protected:
    explicit QuotaTest(const BridgeOptions& options = {}) : HookTest(options) {}

    void hear_from(const Mac& source, const Port& port) {
        EXPECT_EQ(send(port, frame(source, broadcast)), "flooded");
    }
    // Lets hosts first, first + 1, ... send a frame each.
    void hear_from_many(std::uint32_t first, std::uint32_t count, const Port& port) {
        for (std::uint32_t i = 0; i < count; i++)
            hear_from(host(first + i), port);
    }
    // As if the port's last event of this kind had been sent long ago.
    void forget_limit_event(const Port& port) {
        auto slot = port_map_.lookup(port.number).value();
        slot.limit_event_ns = 0;
        ASSERT_EQ(port_map_.update(port.number, slot), 0);
    }
};

TEST_P(QuotaTest, IsExact) {
    const Port port = add_port({.mac_quota = 3});
    hear_from_many(1, 3, port);
    EXPECT_EQ(counters(port).quota_exceeded, 0U);
    hear_from_many(4, 2, port);
    EXPECT_EQ(counters(port).quota_exceeded, 2U);
    EXPECT_EQ(counters(port).fdb_full, 0U);
    EXPECT_EQ(learned(port), 3U);
    for (std::uint32_t i = 1; i <= 3; i++)
        EXPECT_TRUE(fdb_.lookup(host(i))) << i;
    EXPECT_EQ(fdb_.entries().size(), 3U);
}

TEST_P(QuotaTest, HostsThatAreKnownCostNothingMore) {
    const Port port = add_port({.mac_quota = 1});
    for (int i = 0; i < 5; i++)
        hear_from(host(1), port);
    EXPECT_EQ(counters(port).quota_exceeded, 0U);
}

TEST_P(QuotaTest, IsThePortsOwn) {
    const Port small = add_port({.mac_quota = 1});
    const Port other = add_port({.mac_quota = 2});
    hear_from_many(1, 5, small);
    hear_from_many(101, 2, other);
    EXPECT_EQ(learned(small), 1U);
    EXPECT_EQ(learned(other), 2U);
    EXPECT_EQ(counters(other).quota_exceeded, 0U);
}

TEST_P(QuotaTest, ZeroIsNoQuota) {
    const Port port = add_port();
    hear_from_many(1, 300, port);
    EXPECT_EQ(learned(port), 300U);
    EXPECT_EQ(counters(port).quota_exceeded, 0U);
}

TEST_P(QuotaTest, CanBeChangedWhileThePortRuns) {
    const Port port = add_port({.mac_quota = 2});
    hear_from_many(1, 3, port);
    EXPECT_EQ(learned(port), 2U);
    ports_.set(port.device, {.mac_quota = 4});
    hear_from_many(1, 5, port);
    EXPECT_EQ(learned(port), 4U);
    ports_.set(port.device, {.mac_quota = 1}); // takes nothing away
    hear_from_many(1, 6, port);
    EXPECT_EQ(learned(port), 4U);
    EXPECT_EQ(fdb_.entries().size(), 4U);
}

TEST_P(QuotaTest, IsFreedByAgeing) {
    const Port port = add_port({.mac_quota = 2});
    hear_from_many(1, 2, port);
    age_out(host(1));
    hear_from(host(3), port);
    EXPECT_TRUE(fdb_.lookup(host(3)));
    EXPECT_TRUE(fdb_.lookup(host(2)));
    EXPECT_EQ(learned(port), 2U);
    EXPECT_EQ(counters(port).quota_exceeded, 0U);
}

TEST_P(QuotaTest, IsFreedByDeletion) {
    const Port port = add_port({.mac_quota = 2});
    hear_from_many(1, 2, port);
    EXPECT_TRUE(fdb_.remove(host(1)));
    hear_from_many(3, 2, port);
    EXPECT_TRUE(fdb_.lookup(host(3)));
    EXPECT_FALSE(fdb_.lookup(host(4)));
    EXPECT_EQ(fdb_.flush(), 2U);
    hear_from_many(5, 3, port);
    EXPECT_EQ(learned(port), 2U);
}

TEST_P(QuotaTest, StaticEntriesDoNotCount) {
    const Port port = add_port({.mac_quota = 1});
    for (std::uint32_t i = 101; i < 105; i++)
        fdb_.add({.mac = host(i), .port = port.number, .is_static = true});
    hear_from_many(1, 2, port);
    EXPECT_TRUE(fdb_.lookup(host(1)));
    EXPECT_FALSE(fdb_.lookup(host(2)));
    fdb_.add({.mac = host(1), .port = port.number, .is_static = true}); // gives its place back
    hear_from(host(2), port);
    EXPECT_TRUE(fdb_.lookup(host(2)));
}

TEST_P(QuotaTest, AHostThatMovesAwayGivesItsPlaceBack) {
    const Port port = add_port({.mac_quota = 1});
    const Port other = add_port();
    hear_from(host(1), port);
    hear_from(host(1), other);
    hear_from(host(2), port);
    EXPECT_EQ(fdb_.lookup(host(2))->port, port.number);
    EXPECT_EQ(counters(port).quota_exceeded, 0U);
}

// Else a port could take the hosts of another one over, whatever its quota.
TEST_P(QuotaTest, AHostCannotMoveToAPortWithoutAPlace) {
    const Port port = add_port({.mac_quota = 1});
    const Port other = add_port();
    hear_from(host(1), port);
    hear_from(host(2), other);
    hear_from(host(2), port);
    EXPECT_EQ(fdb_.lookup(host(2))->port, other.number);
    EXPECT_EQ(counters(port).quota_exceeded, 1U);
    EXPECT_EQ(counters(port).moved_here, 0U);
    EXPECT_EQ(learned(port), 1U);
    EXPECT_EQ(learned(other), 1U);
}

// The search for a place may reclaim the very entry that is about to move.
TEST_P(QuotaTest, AnAgedHostThatMovesIsCountedOnce) {
    const Port port = add_port({.mac_quota = 1});
    const Port other = add_port();
    hear_from(host(1), port);
    hear_from(host(2), other);
    age_out(host(1));
    age_out(host(2));
    hear_from(host(2), port);
    EXPECT_EQ(learned(other), 0U);
    EXPECT_EQ(learned(port), learned_in_table(port.number));

    hear_from(host(2), port);
    EXPECT_EQ(fdb_.lookup(host(2)).value_or(FdbEntry{}).port, port.number);
}

TEST_P(QuotaTest, TellsOfTheLimitAtMostOnceASecond) {
    const Port port = add_port({.mac_quota = 1});
    hear_from(host(1), port);
    Events events = bridge_.events();
    hear_from_many(2, 20, port);
    EXPECT_THAT(take_events(events), ElementsAre("limit 02:00:00:00:00:02 port 1"));
    forget_limit_event(port);
    hear_from_many(30, 20, port);
    EXPECT_THAT(take_events(events), ElementsAre("limit 02:00:00:00:00:1e port 1"));
}

class SmallFdbTest : public QuotaTest {
  protected:
    SmallFdbTest() : QuotaTest({.fdb_size = 4}) {}
    const Port a_ = add_port();
    const Port b_ = add_port();
};

TEST_P(SmallFdbTest, IsFullAtItsSize) {
    hear_from_many(1, 4, a_);
    EXPECT_EQ(counters(a_).fdb_full, 0U);
    hear_from(host(5), a_);
    EXPECT_EQ(counters(a_).fdb_full, 1U);
    EXPECT_EQ(counters(a_).quota_exceeded, 0U);
    EXPECT_EQ(learned(a_), 4U);
    EXPECT_EQ(fdb_.entries().size(), 4U);
    EXPECT_EQ(send(b_, frame(host(1), host(5))), "flooded");
}

// The reason why the FDB is no LRU.
TEST_P(SmallFdbTest, OnePortCannotEvictTheHostsOfAnother) {
    hear_from_many(1, 2, a_);
    for (std::uint32_t i = 100; i < 1100; i++)
        inject(b_, frame(host(i), broadcast));
    EXPECT_EQ(fdb_.lookup(host(1))->port, a_.number);
    EXPECT_EQ(fdb_.lookup(host(2))->port, a_.number);
    EXPECT_EQ(learned(b_), 2U);
    EXPECT_EQ(counters(b_).fdb_full, 998U);
}

TEST_P(SmallFdbTest, HostsMoveInAFullTable) {
    hear_from_many(1, 4, a_);
    hear_from(host(1), b_);
    EXPECT_EQ(fdb_.lookup(host(1))->port, b_.number);
    EXPECT_EQ(counters(b_).fdb_full, 0U);
}

TEST_P(SmallFdbTest, AgedEntriesMakeRoomForAnyPort) {
    hear_from_many(1, 4, a_);
    age_out(host(3));
    hear_from(host(5), b_);
    EXPECT_EQ(fdb_.lookup(host(5))->port, b_.number);
    EXPECT_FALSE(in_memory(host(3)));
    EXPECT_EQ(learned(a_), 3U);
    EXPECT_EQ(counters(b_).fdb_full, 0U);
}

TEST_P(SmallFdbTest, TellsOfTheLimit) {
    hear_from_many(1, 4, a_);
    Events events = bridge_.events();
    hear_from_many(5, 3, b_);
    EXPECT_THAT(take_events(events), ElementsAre("limit 02:00:00:00:00:05 port 2"));
    hear_from(host(9), a_); // each port has its own second
    EXPECT_THAT(take_events(events), ElementsAre("limit 02:00:00:00:00:09 port 1"));
}

XDPB_AT_EACH_HOOK(QuotaTest);
XDPB_AT_EACH_HOOK(SmallFdbTest);

} // namespace
} // namespace xdpbridge::test
