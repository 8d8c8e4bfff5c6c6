// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// bpf/reclaim.h: the memory of aged-out entries comes back by learning alone. No test here calls
// the library between the ageing and the learning.
#include "support/switch_test.h"

#include "lib/bridge_state.h"
#include "lib/fdb_table.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <random>
#include <set>

namespace xdpbridge::test {
namespace {

using ::testing::Contains;

constexpr std::uint32_t fdb_size = 64;

class ReclaimTest : public HookTest {
  protected:
    ReclaimTest() : HookTest({.fdb_size = fdb_size}) {}

    const Port a_ = add_port();
    const Port b_ = add_port();

    void learn(std::uint32_t first, std::uint32_t count, const Port& port) {
        for (std::uint32_t i = 0; i < count; i++)
            inject(port, frame(host(first + i), broadcast));
    }
    void age_out_all() {
        for (const auto& row : table())
            age_out(row.mac);
    }

    struct Element {
        Mac mac;
        std::uint64_t created_ns;
        auto operator<=>(const Element&) const = default;
    };
    // Takes all elements out of the queue.
    std::multiset<Element> drain_queue() {
        const Fd queue(bpf_obj_get((bridge_.info().folder / "reclaim").c_str()));
        std::multiset<Element> elements;
        xdpb_reclaim item{};
        while (bpf_map_lookup_and_delete_elem(queue.get(), nullptr, &item) == 0)
            elements.insert({{std::to_array(item.key.mac)}, item.created_ns});
        return elements;
    }
    // An entry without an element in the queue would keep its memory for ever.
    void expect_every_learned_entry_queued() {
        const auto elements = drain_queue();
        for (const auto& row : table())
            if (!row.is_static) {
                EXPECT_TRUE(elements.contains({row.mac, row.created_ns})) << row.mac.to_string();
            }
    }
};

TEST_P(ReclaimTest, LearningTakesAgedEntriesAway) {
    learn(1, 32, a_);
    age_out_all();
    Events events = bridge_.events();
    learn(101, 16, b_); // each looks at two elements of the queue
    EXPECT_EQ(table().size(), 16U);
    EXPECT_EQ(learned(a_), 0U);
    EXPECT_EQ(learned(b_), 16U);

    const auto told = take_events(events);
    EXPECT_EQ(std::count_if(told.begin(), told.end(),
                            [](const std::string& line) { return line.starts_with("age "); }),
              32);
    EXPECT_THAT(told, Contains("age 02:00:00:00:00:01 port 1"));
    EXPECT_THAT(told, Contains("age 02:00:00:00:00:20 port 1"));
}

TEST_P(ReclaimTest, AFullTableOfAgedEntriesTakesAnyNumberOfNewHosts) {
    for (std::uint32_t round = 0; round < 20; round++) {
        learn(1000 * round, fdb_size, round % 2 ? b_ : a_);
        EXPECT_EQ(fdb_.entries().size(), fdb_size) << "round " << round;
        age_out_all();
    }
    EXPECT_EQ(counters(a_).fdb_full, 0U);
    EXPECT_EQ(counters(b_).fdb_full, 0U);
}

// The one aged entry may be the last in the queue: of each learner that found no place 16 elements
// are looked at.
TEST_P(ReclaimTest, OneAgedEntryIsFoundAmongLiveOnes) {
    learn(1, fdb_size, a_);
    age_out(host(fdb_size));
    for (std::uint32_t i = 0; i < fdb_size / 16; i++)
        inject(b_, frame(host(1000), broadcast));
    EXPECT_TRUE(fdb_.lookup(host(1000)));
    EXPECT_FALSE(in_memory(host(fdb_size)));
    for (std::uint32_t i = 1; i < fdb_size; i++)
        EXPECT_TRUE(fdb_.lookup(host(i))) << i;
    expect_every_learned_entry_queued();
}

TEST_P(ReclaimTest, LiveEntriesStay) {
    learn(1, 32, a_);
    for (std::uint32_t round = 0; round < 50; round++) {
        learn(1000 + 100 * round, 16, b_);
        for (std::uint32_t i = 0; i < 16; i++)
            age_out(host(1000 + 100 * round + i));
    }
    for (std::uint32_t i = 1; i <= 32; i++)
        EXPECT_TRUE(fdb_.lookup(host(i))) << i;
    EXPECT_EQ(learned(a_), 32U);
    EXPECT_EQ(counters(b_).fdb_full, 0U);
}

TEST_P(ReclaimTest, StaticEntriesStay) {
    for (std::uint32_t i = 1; i <= 8; i++)
        fdb_.add({.mac = host(i), .port = a_.number, .is_static = true});
    learn(11, 8, a_); // then made static, with their elements still queued
    for (std::uint32_t i = 11; i <= 18; i++)
        fdb_.add({.mac = host(i), .port = a_.number, .is_static = true});
    for (std::uint32_t round = 0; round < 20; round++) {
        age_out_all();
        learn(1000 + 100 * round, 48, b_);
    }
    for (std::uint32_t i = 1; i <= 8; i++) {
        EXPECT_TRUE(fdb_.lookup(host(i))) << i;
        EXPECT_TRUE(fdb_.lookup(host(10 + i))) << 10 + i;
    }
    EXPECT_EQ(counters(b_).fdb_full, 0U);
}

TEST_P(ReclaimTest, AnEntryThatMovedIsStillReclaimed) {
    learn(1, 10, a_);
    learn(1, 10, b_);
    EXPECT_EQ(learned(b_), 10U);
    age_out_all();
    learn(101, 5, a_);
    EXPECT_EQ(table().size(), 5U);
    EXPECT_EQ(learned(b_), 0U);
}

TEST_P(ReclaimTest, ADynamicEntryAddedByHandIsReclaimedToo) {
    fdb_.add({.mac = host(1), .port = a_.number});
    fdb_.add({.mac = host(2), .port = a_.number, .is_static = true});
    fdb_.add({.mac = host(2), .port = a_.number}); // no longer static
    age_out_all();
    learn(101, 1, b_);
    EXPECT_FALSE(in_memory(host(1)));
    EXPECT_FALSE(in_memory(host(2)));
}

// Each leaves an element behind that no entry answers to.
TEST_P(ReclaimTest, EntriesDeletedByHandLeaveTheQueue) {
    for (std::uint32_t round = 0; round < 500; round++) {
        learn(1 + 10 * round, 4, a_);
        for (std::uint32_t i = 0; i < 4; i++)
            EXPECT_TRUE(fdb_.remove(host(1 + 10 * round + i))) << round;
    }
    EXPECT_EQ(counters(a_).fdb_full, 0U);
    EXPECT_LE(drain_queue().size(), 8U);
}

// Within one tick of the clock an entry and its successor have to be told apart.
TEST_P(ReclaimTest, AHostMayBeDeletedAndLearnedAgainAtOnce) {
    for (std::uint32_t i = 0; i < 1000; i++) {
        inject(a_, frame(host(1), broadcast));
        fdb_.remove(host(1));
    }
    EXPECT_EQ(counters(a_).fdb_full, 0U);
    EXPECT_LE(drain_queue().size(), 2U);
}

TEST_P(ReclaimTest, ATableFlushedWhenFullIsLearnedAnew) {
    for (std::uint32_t round = 0; round < 10; round++) {
        learn(1000 * round, fdb_size, a_);
        EXPECT_EQ(fdb_.flush(), fdb_size) << "round " << round;
    }
    EXPECT_EQ(counters(a_).fdb_full, 0U);
    EXPECT_EQ(learned(a_), 0U);
}

// Searching a full table of live entries must not cost a flooded port all of the CPU.
TEST_P(ReclaimTest, TheSearchHasABudget) {
    constexpr std::uint64_t per_second = 65536;
    learn(1, fdb_size, a_);
    const Map<std::uint32_t, xdpb_bridge> bridge_map(
        Fd(bpf_obj_get((bridge_.info().folder / "bridge").c_str())));
    for (std::uint32_t i = 0; i < 6000; i++) { // 96,000 elements without a budget
        inject(b_, frame(host(1000 + i), broadcast));
        ASSERT_LE(bridge_map.lookup(0)->reclaim_spent, per_second);
    }
    EXPECT_GT(bridge_map.lookup(0)->reclaim_spent, 0U);
    EXPECT_EQ(counters(b_).fdb_full, 6000U);
    EXPECT_EQ(learned(a_), fdb_size);
    expect_every_learned_entry_queued();
}

// Whatever comes in whatever order, the counts are those of the table, no quota is exceeded, and
// nothing is forgotten. TearDown compares the counts once more.
TEST_P(ReclaimTest, RandomOperations) {
    const Port small = add_port({.mac_quota = 10});
    const Port* ports[] = {&a_, &b_, &small};
    std::mt19937 random(20240229); // the same on each run
    const auto pick = [&](std::uint32_t count) { return random() % count; };

    for (std::uint32_t step = 0; step < 20'000; step++) {
        const Mac address = host(1 + pick(150));
        const Port& port = *ports[pick(3)];
        const auto operation = pick(1000);
        if (operation < 2)
            fdb_.flush({.port = port.number});
        else if (operation < 4)
            age_out_all();
        else if (operation < 20)
            fdb_.remove(address);
        else if (operation < 22 && table().size() < fdb_size)
            fdb_.add({.mac = address, .port = port.number, .is_static = true});
        else if (operation < 60 && in_memory(address))
            age_out(address);
        else
            inject(port, frame(address, host(1 + pick(150))));

        ASSERT_LE(learned(small), 10U) << "step " << step;
        for (const Port* each : ports)
            if (step % 500 == 0) {
                ASSERT_EQ(learned(*each), learned_in_table(each->number))
                    << each->device << ", step " << step;
            }
    }
    EXPECT_GT(counters(a_).moved_here, 100U);
    EXPECT_GT(counters(small).quota_exceeded, 100U);
    EXPECT_GT(counters(a_).fdb_full, 0U);
    expect_every_learned_entry_queued();
}

XDPB_AT_EACH_HOOK(ReclaimTest);

} // namespace
} // namespace xdpbridge::test
