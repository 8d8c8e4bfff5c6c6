// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// bpf/learn.h: where a host is, who may say so, and who is told.
#include "support/switch_test.h"

#include <gmock/gmock.h>

namespace xdpbridge::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LearnTest : public HookTest {
  protected:
    explicit LearnTest(const BridgeOptions& options = {}) : HookTest(options) {}

    const Mac host_ = host(1);
    const Mac unknown_ = host(99);
    const Port a_ = add_port();
    const Port b_ = add_port();

    // 0: not known, or aged out.
    std::uint16_t where_is(const Mac& address) const {
        const auto entry = fdb_.lookup(address);
        return entry ? entry->port : 0;
    }
    // As the host at that port would, that says no more than that it is there.
    void hear_from(const Mac& source, const Port& port) {
        EXPECT_EQ(send(port, frame(source, unknown_)), "flooded");
    }
    // Whether b_ knows the way to the address. It asks in the name of a static entry, so that
    // nothing is learned, and nothing reclaimed.
    bool is_known(const Mac& address) {
        fdb_.add({.mac = host(50), .port = b_.number, .is_static = true});
        return send(b_, frame(host(50), address)) == "forwarded";
    }
};

TEST_P(LearnTest, AFrameTellsWhereItsSourceIs) {
    hear_from(host_, a_);
    const auto entry = fdb_.lookup(host_);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->mac, host_);
    EXPECT_EQ(entry->port, a_.number);
    EXPECT_EQ(entry->vlan, 0);
    EXPECT_FALSE(entry->is_static);
    EXPECT_LT(entry->idle, 5s);
    EXPECT_EQ(fdb_.entries().size(), 1U) << "its destination is known now as well";
    EXPECT_EQ(learned(a_), 1U);
    EXPECT_EQ(learned(b_), 0U);
    EXPECT_EQ(counters(a_).moved_here, 0U);
}

TEST_P(LearnTest, HostsThatDifferInOneOctetAreDifferent) {
    for (std::size_t octet = 0; octet < 6; octet++) {
        Mac other = host_;
        other.octets[octet] ^= 0x40;
        hear_from(other, octet % 2 ? a_ : b_);
    }
    EXPECT_EQ(fdb_.entries().size(), 6U);
    EXPECT_EQ(learned(a_), 3U);
    EXPECT_EQ(learned(b_), 3U);
}

TEST_P(LearnTest, AHostIsLearnedOnce) {
    for (int i = 0; i < 5; i++)
        hear_from(host_, a_);
    EXPECT_EQ(fdb_.entries().size(), 1U);
    EXPECT_EQ(learned(a_), 1U);
}

TEST_P(LearnTest, AnEntryIsRewrittenAtMostOnceASecond) {
    hear_from(host_, a_);

    set_idle(host_, 500ms);
    const auto before = in_memory(host_).value();
    hear_from(host_, a_);
    EXPECT_EQ(in_memory(host_)->seen_ns, before.seen_ns);

    set_idle(host_, 1100ms);
    hear_from(host_, a_);
    EXPECT_GT(in_memory(host_)->seen_ns, before.seen_ns);
    EXPECT_EQ(in_memory(host_)->created_ns, before.created_ns);
}

class ShortAgeingTest : public LearnTest {
  protected:
    ShortAgeingTest() : LearnTest({.ageing = 1s}) {}
};

// A second would be all of this ageing time, and a host that sends all the time would age out.
TEST_P(ShortAgeingTest, AnEntryIsRewrittenInTime) {
    hear_from(host_, a_);
    set_idle(host_, 300ms);
    const auto before = in_memory(host_)->seen_ns;
    hear_from(host_, a_);
    EXPECT_GT(in_memory(host_)->seen_ns, before);
}

// A host that is only sent to must age out.
TEST_P(LearnTest, ADestinationIsNotRefreshed) {
    hear_from(host_, a_);
    set_idle(host_, 100s);
    const auto before = in_memory(host_)->seen_ns;
    EXPECT_EQ(send(b_, frame(unknown_, host_)), "forwarded");
    EXPECT_EQ(in_memory(host_)->seen_ns, before);
}

TEST_P(LearnTest, AHostMovesWithItsFirstFrame) {
    hear_from(host_, a_);
    set_idle(host_, 100s);
    hear_from(host_, b_);
    const auto entry = fdb_.lookup(host_);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->port, b_.number);
    EXPECT_LT(entry->idle, 50s);
    EXPECT_EQ(learned(a_), 0U);
    EXPECT_EQ(learned(b_), 1U);
    EXPECT_EQ(counters(a_).moved_here, 0U);
    EXPECT_EQ(counters(b_).moved_here, 1U);

    EXPECT_EQ(send(a_, frame(host(2), host_)), "forwarded");
    EXPECT_EQ(send(b_, frame(host(3), host_)), "dropped hairpin");
}

TEST_P(LearnTest, AHostMayMoveBackAndForth) {
    for (int i = 0; i < 10; i++) {
        hear_from(host_, i % 2 ? b_ : a_);
        EXPECT_EQ(where_is(host_), i % 2 ? b_.number : a_.number);
    }
    EXPECT_EQ(learned(a_), 0U);
    EXPECT_EQ(learned(b_), 1U);
    EXPECT_EQ(counters(a_).moved_here, 4U);
    EXPECT_EQ(counters(b_).moved_here, 5U);
}

// A host that moved is known from the frame on that shows it, that very frame's answer included.
TEST_P(LearnTest, AFrameBetweenTwoHostsOfWhichOneMoved) {
    hear_from(host(1), a_);
    hear_from(host(2), a_);
    EXPECT_EQ(send(a_, frame(host(1), host(2))), "dropped hairpin");
    EXPECT_EQ(send(b_, frame(host(1), host(2))), "forwarded");
    EXPECT_EQ(send(a_, frame(host(2), host(1))), "forwarded");
}

TEST_P(LearnTest, AStaticEntryNeverMoves) {
    fdb_.add({.mac = host_, .port = a_.number, .is_static = true});
    set_idle(host_, 100s);
    const auto before = in_memory(host_).value();
    hear_from(host_, b_);
    hear_from(host_, a_);
    EXPECT_EQ(where_is(host_), a_.number);
    EXPECT_EQ(in_memory(host_)->seen_ns, before.seen_ns);
    EXPECT_EQ(counters(b_).moved_here, 0U);
    EXPECT_EQ(learned(a_), 0U);
    EXPECT_EQ(learned(b_), 0U);
}

TEST_P(LearnTest, AStaticEntryNeverAges) {
    fdb_.add({.mac = host_, .port = a_.number, .is_static = true});
    age_out(host_);
    EXPECT_EQ(where_is(host_), a_.number);
    EXPECT_EQ(send(b_, frame(unknown_, host_)), "forwarded");
}

TEST_P(LearnTest, AnEntryThatBecomesStaticIsNoLongerLearned) {
    hear_from(host_, a_);
    fdb_.add({.mac = host_, .port = b_.number, .is_static = true});
    EXPECT_EQ(learned(a_), 0U);
    hear_from(host_, a_);
    EXPECT_EQ(where_is(host_), b_.number);
}

TEST_P(LearnTest, WithLearningOffNothingIsLearned) {
    ports_.set(a_.device, {.learning = false});
    hear_from(host_, a_);
    EXPECT_TRUE(table().empty());
    EXPECT_EQ(learned(a_), 0U);

    ports_.set(a_.device, {.learning = true});
    hear_from(host_, a_);
    EXPECT_EQ(where_is(host_), a_.number);
}

TEST_P(LearnTest, WithLearningOffNothingMovesOrIsRefreshed) {
    hear_from(host(1), a_);
    hear_from(host(2), b_);
    set_idle(host(1), 100s);
    set_idle(host(2), 100s);
    const auto before = table();
    ports_.set(b_.device, {.learning = false});
    hear_from(host(1), b_);
    hear_from(host(2), b_);
    EXPECT_EQ(table(), before);
}

TEST_P(LearnTest, WithLearningOffFramesGoTheirWay) {
    hear_from(host_, a_);
    const Port silent = add_port({.learning = false});
    EXPECT_EQ(send(silent, frame(host(2), host_)), "forwarded");
    EXPECT_EQ(send(a_, frame(host_, host(2))), "flooded");
}

TEST_P(LearnTest, AnEntryThatAgedOutIsThereAgainWithTheNextFrame) {
    hear_from(host_, a_);
    age_out(host_);
    EXPECT_EQ(where_is(host_), 0);
    EXPECT_FALSE(is_known(host_));

    hear_from(host_, a_);
    EXPECT_EQ(where_is(host_), a_.number);
    EXPECT_EQ(learned(a_), 1U);
    EXPECT_TRUE(is_known(host_));
}

TEST_P(LearnTest, AnEntryThatAgedOutMayComeBackElsewhere) {
    hear_from(host_, a_);
    age_out(host_);
    hear_from(host_, b_);
    EXPECT_EQ(where_is(host_), b_.number);
    EXPECT_EQ(learned(a_), 0U);
    EXPECT_EQ(learned(b_), 1U);
}

TEST_P(LearnTest, ALongerAgeingTimeBringsAnEntryBack) {
    hear_from(host_, a_);
    set_idle(host_, 400s);
    EXPECT_FALSE(is_known(host_));
    bridge_.set_ageing(500s);
    EXPECT_TRUE(is_known(host_));
    EXPECT_EQ(where_is(host_), a_.number);
    bridge_.set_ageing(300s);
    EXPECT_FALSE(is_known(host_));
    EXPECT_EQ(where_is(host_), 0);
}

TEST_P(LearnTest, TellsOfWhatItLearned) {
    Events events = bridge_.events();
    hear_from(host(1), a_);
    hear_from(host(2), b_);
    hear_from(host(1), a_);
    EXPECT_THAT(take_events(events),
                ElementsAre("learn 02:00:00:00:00:01 port 1", "learn 02:00:00:00:00:02 port 2"));
}

TEST_P(LearnTest, TellsOfMoves) {
    hear_from(host_, a_);
    Events events = bridge_.events();
    hear_from(host_, b_);
    hear_from(host_, a_);
    EXPECT_THAT(take_events(events), ElementsAre("move 02:00:00:00:00:01 port 2 from 1",
                                                 "move 02:00:00:00:00:01 port 1 from 2"));
}

// An entry that has aged out is not there, so there is nothing that could move.
TEST_P(LearnTest, AnEntryThatAgedOutIsLearnedNotMoved) {
    hear_from(host_, a_);
    age_out(host_);
    Events events = bridge_.events();
    hear_from(host_, b_);
    EXPECT_THAT(take_events(events), ElementsAre("learn 02:00:00:00:00:01 port 2"));
    EXPECT_EQ(counters(b_).moved_here, 0U);
}

// Who follows the events has seen nothing of the entry since it aged out.
TEST_P(LearnTest, TellsThatAnEntryIsThereAgain) {
    hear_from(host_, a_);
    age_out(host_);
    Events events = bridge_.events();
    hear_from(host_, a_);
    EXPECT_THAT(take_events(events), ElementsAre("learn 02:00:00:00:00:01 port 1"));
}

TEST_P(LearnTest, EventsCarryTheTime) {
    Events events = bridge_.events();
    const auto before = std::chrono::steady_clock::now();
    hear_from(host_, a_);
    const auto after = std::chrono::steady_clock::now();
    int seen = 0;
    events.read([&](const Event& event) {
        seen++;
        EXPECT_GE(event.time, before - 20ms); // the coarse clock lags by up to a tick
        EXPECT_LE(event.time, after);
    });
    EXPECT_EQ(seen, 1);
}

TEST_P(LearnTest, NothingIsTellableOfWhatIsNotNew) {
    fdb_.add({.mac = host_, .port = a_.number, .is_static = true});
    ports_.set(b_.device, {.learning = false});
    Events events = bridge_.events();
    hear_from(host_, a_);
    hear_from(host(2), b_);
    EXPECT_EQ(send(a_, frame(Mac{}, host_)), "dropped src_zero");
    EXPECT_THAT(take_events(events), IsEmpty());
}

// 256 KiB of events, 32 bytes each with their header, of which one byte has to stay free.
TEST_P(LearnTest, EventsWithoutRoomAreCountedAndHoldNothingUp) {
    Events events = bridge_.events();
    constexpr unsigned hosts = 9000;
    constexpr unsigned room = 256 * 1024 / 32;
    for (unsigned i = 0; i < hosts; i++)
        inject(a_, frame(host(1000 + i), broadcast));
    EXPECT_EQ(counters(a_).flooded, hosts);
    EXPECT_EQ(learned(a_), hosts);
    const auto lost = events.lost();
    EXPECT_GE(lost, hosts - room);
    EXPECT_LE(lost, hosts - room + 1);
    EXPECT_EQ(bridge_.info().events_lost, lost);
    EXPECT_EQ(take_events(events).size() + lost, hosts);

    hear_from(host_, b_);
    EXPECT_THAT(take_events(events), ElementsAre("learn 02:00:00:00:00:01 port 2"));
    EXPECT_EQ(events.lost(), lost);
}

XDPB_AT_EACH_HOOK(LearnTest);
XDPB_AT_EACH_HOOK(ShortAgeingTest);

} // namespace
} // namespace xdpbridge::test
