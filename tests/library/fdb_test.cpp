// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Fdb: entries added, replaced, found, deleted and flushed by hand, while the table stays in step
// with what the data plane keeps beside it (TearDown looks at that after each test).
#include "support/switch_test.h"

#include <cerrno>
#include <gmock/gmock.h>

namespace xdpbridge::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint32_t fdb_size = 16;

class FdbTest : public SwitchTest {
  protected:
    FdbTest() : SwitchTest({.fdb_size = fdb_size}) {}

    const Port a_ = add_port();
    const Port b_ = add_port();

    Error add_error(const FdbEntry& entry) {
        return error_of([&] { fdb_.add(entry); });
    }
    void learn(std::uint32_t first, std::uint32_t count, const Port& port) {
        for (std::uint32_t i = 0; i < count; i++)
            inject(port, frame(host(first + i), broadcast));
    }
};

TEST_F(FdbTest, AStaticEntryIsThere) {
    fdb_.add({.mac = host(1), .port = a_.number, .is_static = true});
    const auto entry = fdb_.lookup(host(1));
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->mac, host(1));
    EXPECT_EQ(entry->port, a_.number);
    EXPECT_TRUE(entry->is_static);
    EXPECT_EQ(entry->idle, 0ns);
    EXPECT_EQ(learned(a_), 0U);
}

TEST_F(FdbTest, ADynamicEntryIsAsIfLearned) {
    fdb_.add({.mac = host(1), .port = a_.number});
    const auto entry = fdb_.lookup(host(1));
    ASSERT_TRUE(entry);
    EXPECT_FALSE(entry->is_static);
    EXPECT_LT(entry->idle, 5s);
    EXPECT_EQ(learned(a_), 1U);
    inject(b_, frame(host(1), broadcast));
    EXPECT_EQ(fdb_.lookup(host(1))->port, b_.number);
}

TEST_F(FdbTest, AnEntryIsReplaced) {
    const FdbEntry forms[] = {
        {.mac = host(1), .port = a_.number},
        {.mac = host(1), .port = b_.number},
        {.mac = host(1), .port = b_.number, .is_static = true},
        {.mac = host(1), .port = a_.number, .is_static = true},
        {.mac = host(1), .port = a_.number},
        {.mac = host(1), .port = b_.number, .is_static = true},
        {.mac = host(1), .port = b_.number},
    };
    for (const auto& form : forms) {
        fdb_.add(form);
        const auto entry = fdb_.lookup(host(1)).value();
        EXPECT_EQ(entry.port, form.port);
        EXPECT_EQ(entry.is_static, form.is_static);
        EXPECT_EQ(learned(a_), form.port == a_.number && !form.is_static ? 1U : 0U);
        EXPECT_EQ(learned(b_), form.port == b_.number && !form.is_static ? 1U : 0U);
    }
    EXPECT_EQ(fdb_.entries().size(), 1U);
}

TEST_F(FdbTest, RefusesWhatIsNoHost) {
    EXPECT_EQ(add_error({.mac = mac("01:00:00:00:00:01"), .port = 1}).code().value(), EINVAL);
    EXPECT_EQ(add_error({.mac = broadcast, .port = 1}).code().value(), EINVAL);
    EXPECT_EQ(add_error({.mac = Mac{}, .port = 1}).code().value(), EINVAL);
    EXPECT_THAT(table(), IsEmpty());
}

TEST_F(FdbTest, RefusesWhatIsNoPort) {
    for (const std::uint16_t port : {0, 3, 255, 256, 65535})
        EXPECT_EQ(add_error({.mac = host(1), .port = port}).code().value(), EINVAL) << port;
    EXPECT_THAT(table(), IsEmpty());
}

TEST_F(FdbTest, RefusesARoutedPort) {
    const Port routed = add_port({.routed = true});
    EXPECT_THAT(add_error({.mac = host(1), .port = routed.number}).what(),
                HasSubstr("is a routed port"));
    EXPECT_THAT(fdb_.entries(), IsEmpty());
}

TEST_F(FdbTest, RefusesVlans) {
    for (const std::uint16_t vlan : {1, 4094, 65535})
        EXPECT_EQ(add_error({.mac = host(1), .vlan = vlan, .port = 1}).code().value(), EINVAL);
    EXPECT_THAT(table(), IsEmpty());
    fdb_.add({.mac = host(1), .port = 1});
    EXPECT_FALSE(fdb_.lookup(host(1), 1));
    EXPECT_FALSE(fdb_.remove(host(1), 1));
    EXPECT_TRUE(fdb_.lookup(host(1), 0));
}

TEST_F(FdbTest, RemovedItIsGone) {
    fdb_.add({.mac = host(1), .port = a_.number});
    fdb_.add({.mac = host(2), .port = a_.number, .is_static = true});
    EXPECT_TRUE(fdb_.remove(host(1)));
    EXPECT_TRUE(fdb_.remove(host(2)));
    EXPECT_FALSE(fdb_.remove(host(1)));
    EXPECT_FALSE(fdb_.lookup(host(1)));
    EXPECT_EQ(learned(a_), 0U);
}

TEST_F(FdbTest, AnAgedEntryIsNotThere) {
    learn(1, 2, a_);
    age_out(host(1));
    EXPECT_FALSE(fdb_.lookup(host(1)));
    EXPECT_EQ(fdb_.entries().size(), 1U);
    EXPECT_FALSE(fdb_.remove(host(1)));
    EXPECT_EQ(learned(a_), 1U);
}

TEST_F(FdbTest, TellsHowLongAHostWasSilent) {
    learn(1, 1, a_);
    set_idle(host(1), 100s);
    const auto idle = fdb_.lookup(host(1))->idle;
    EXPECT_GE(idle, 100s);
    EXPECT_LT(idle, 150s);
    EXPECT_NEAR(static_cast<double>(fdb_.entries().at(0).idle.count()),
                static_cast<double>(idle.count()), 50e9);
}

TEST_F(FdbTest, IsFullAtItsSize) {
    for (std::uint32_t i = 1; i <= fdb_size; i++)
        fdb_.add({.mac = host(i), .port = a_.number, .is_static = i % 2 == 0});
    const auto before = table();
    const Error error = add_error({.mac = host(100), .port = a_.number, .is_static = true});
    EXPECT_EQ(error.code().value(), ENOSPC);
    EXPECT_THAT(error.what(), HasSubstr("16 entries"));
    EXPECT_EQ(add_error({.mac = host(100), .port = a_.number}).code().value(), ENOSPC);
    EXPECT_EQ(table(), before);

    fdb_.add({.mac = host(1), .port = b_.number, .is_static = true}); // replacing needs no room
    EXPECT_EQ(fdb_.lookup(host(1))->port, b_.number);
    EXPECT_EQ(table().size(), fdb_size);
}

// They are not there, so they cannot be in the way.
TEST_F(FdbTest, AgedEntriesMakeRoom) {
    learn(1, fdb_size, a_);
    for (std::uint32_t i = 1; i <= fdb_size; i++)
        age_out(host(i));
    EXPECT_THAT(fdb_.entries(), IsEmpty());
    EXPECT_NO_THROW(fdb_.add({.mac = host(100), .port = a_.number, .is_static = true}));
    EXPECT_TRUE(fdb_.lookup(host(100)));
}

TEST_F(FdbTest, AgedEntriesMakeRoomForALoad) {
    learn(1, fdb_size, a_);
    for (std::uint32_t i = 1; i <= fdb_size; i++)
        age_out(host(i));
    std::vector<FdbEntry> entries;
    for (std::uint32_t i = 101; i <= 100 + fdb_size; i++)
        entries.push_back({.mac = host(i), .port = b_.number});
    EXPECT_NO_THROW(fdb_.load(entries));
    EXPECT_EQ(fdb_.entries().size(), fdb_size);
}

// Whatever a script does, and however often, no room gets lost.
TEST_F(FdbTest, AddingAndRemovingTakesNoRoom) {
    for (int i = 0; i < 500; i++) {
        ASSERT_NO_THROW(fdb_.add({.mac = host(1), .port = a_.number})) << i;
        ASSERT_TRUE(fdb_.remove(host(1))) << i;
    }
}

TEST_F(FdbTest, ReplacingTakesNoRoom) {
    for (int i = 0; i < 500; i++)
        ASSERT_NO_THROW(fdb_.add({.mac = host(1), .port = i % 2 ? a_.number : b_.number})) << i;
    EXPECT_EQ(fdb_.entries().size(), 1U);
}

TEST_F(FdbTest, LoadingAndFlushingTakesNoRoom) {
    std::vector<FdbEntry> entries;
    for (std::uint32_t i = 1; i <= fdb_size; i++)
        entries.push_back({.mac = host(i), .port = a_.number});
    for (int i = 0; i < 50; i++) {
        ASSERT_NO_THROW(fdb_.load(entries)) << i;
        ASSERT_EQ(fdb_.flush(), fdb_size) << i;
    }
}

TEST_F(FdbTest, LoadingTheSameAgainTakesNoRoom) {
    std::vector<FdbEntry> entries;
    for (std::uint32_t i = 1; i <= fdb_size; i++)
        entries.push_back({.mac = host(i), .port = a_.number});
    for (int i = 0; i < 50; i++)
        ASSERT_NO_THROW(fdb_.load(entries)) << i;
    EXPECT_EQ(fdb_.entries().size(), fdb_size);
}

// If it cannot go in, what was there before has to stay.
TEST_F(FdbTest, AFailedReplacementChangesNothing) {
    fdb_.add({.mac = host(1), .port = a_.number, .is_static = true});
    const auto before = table();
    EXPECT_EQ(add_error({.mac = host(1), .port = 9}).code().value(), EINVAL);
    EXPECT_EQ(table(), before);
}

class FlushTest : public FdbTest {
  protected:
    FlushTest() {
        learn(1, 2, a_);
        learn(11, 3, b_);
        fdb_.add({.mac = host(21), .port = a_.number, .is_static = true});
        fdb_.add({.mac = host(22), .port = b_.number, .is_static = true});
    }
};

TEST_F(FlushTest, LeavesStaticEntries) {
    EXPECT_EQ(fdb_.flush(), 5U);
    EXPECT_EQ(fdb_.entries().size(), 2U);
    EXPECT_TRUE(fdb_.lookup(host(21)));
    EXPECT_TRUE(fdb_.lookup(host(22)));
    EXPECT_EQ(learned(a_), 0U);
    EXPECT_EQ(learned(b_), 0U);
    EXPECT_EQ(fdb_.flush(), 0U);
}

TEST_F(FlushTest, TakesStaticEntriesIfAskedTo) {
    EXPECT_EQ(fdb_.flush({.static_too = true}), 7U);
    EXPECT_THAT(table(), IsEmpty());
}

TEST_F(FlushTest, OfOnePort) {
    EXPECT_EQ(fdb_.flush({.port = a_.number}), 2U);
    EXPECT_EQ(fdb_.entries().size(), 5U);
    EXPECT_EQ(learned(b_), 3U);
    EXPECT_EQ(fdb_.flush({.port = b_.number, .static_too = true}), 4U);
    EXPECT_EQ(fdb_.entries().size(), 1U);
    EXPECT_TRUE(fdb_.lookup(host(21)));
}

TEST_F(FlushTest, OfOneVlan) {
    EXPECT_EQ(fdb_.flush({.vlan = 5}), 0U);
    EXPECT_EQ(fdb_.flush({.vlan = 0}), 5U);
}

TEST_F(FlushTest, CountsOnlyWhatWasThere) {
    age_out(host(1));
    EXPECT_EQ(fdb_.flush(), 4U);
    EXPECT_EQ(table().size(), 2U) << "an aged-out entry keeps its memory";
}

TEST_F(FdbTest, LoadAddsAndReplaces) {
    learn(1, 1, a_);
    fdb_.add({.mac = host(2), .port = a_.number, .is_static = true});
    fdb_.add({.mac = host(3), .port = a_.number, .is_static = true});
    const FdbEntry entries[] = {
        {.mac = host(1), .port = b_.number, .is_static = true},
        {.mac = host(2), .port = b_.number},
        {.mac = host(4), .port = b_.number},
    };
    fdb_.load(entries);
    EXPECT_EQ(fdb_.entries().size(), 4U);
    EXPECT_TRUE(fdb_.lookup(host(1))->is_static);
    EXPECT_FALSE(fdb_.lookup(host(2))->is_static);
    EXPECT_EQ(fdb_.lookup(host(3))->port, a_.number);
    EXPECT_EQ(fdb_.lookup(host(4))->port, b_.number);
    EXPECT_EQ(learned(a_), 0U);
    EXPECT_EQ(learned(b_), 2U);
}

TEST_F(FdbTest, OfTwoEntriesForOneHostTheLastIsLoaded) {
    const FdbEntry entries[] = {
        {.mac = host(1), .port = a_.number, .is_static = true},
        {.mac = host(1), .port = b_.number},
        {.mac = host(2), .port = a_.number},
        {.mac = host(2), .port = b_.number, .is_static = true},
    };
    fdb_.load(entries);
    EXPECT_EQ(fdb_.lookup(host(1))->port, b_.number);
    EXPECT_FALSE(fdb_.lookup(host(1))->is_static);
    EXPECT_EQ(fdb_.lookup(host(2))->port, b_.number);
    EXPECT_TRUE(fdb_.lookup(host(2))->is_static);
}

TEST_F(FdbTest, LoadingNothingIsNoError) {
    learn(1, 3, a_);
    const auto before = table();
    fdb_.load(std::vector<FdbEntry>{});
    EXPECT_EQ(table(), before);
}

TEST_F(FdbTest, AnInvalidEntryLoadsNothing) {
    learn(1, 3, a_);
    const auto before = table();
    const FdbEntry entries[] = {
        {.mac = host(1), .port = b_.number},
        {.mac = host(50), .port = b_.number},
        {.mac = broadcast, .port = b_.number},
    };
    EXPECT_EQ(error_of([&] { fdb_.load(entries); }).code().value(), EINVAL);
    EXPECT_EQ(table(), before);
}

TEST_F(FdbTest, MoreThanFitsLoadsNothing) {
    learn(1, 4, a_);
    fdb_.add({.mac = host(5), .port = b_.number, .is_static = true});
    set_idle(host(2), 100s);
    const auto before = table();
    std::vector<FdbEntry> entries;
    entries.push_back({.mac = host(1), .port = b_.number, .is_static = true});
    entries.push_back({.mac = host(5), .port = a_.number});
    for (std::uint32_t i = 101; i <= 100 + fdb_size; i++)
        entries.push_back({.mac = host(i), .port = b_.number, .is_static = i % 2 == 0});
    const Error error = error_of([&] { fdb_.load(entries); });
    EXPECT_EQ(error.code().value(), ENOSPC);
    EXPECT_EQ(table(), before);
    EXPECT_EQ(learned(a_), 4U);
    EXPECT_EQ(learned(b_), 0U);

    for (std::uint32_t i = 200; i < 200 + fdb_size; i++)
        inject(b_, frame(host(i), broadcast));
    EXPECT_EQ(fdb_.entries().size(), fdb_size) << "room was lost";
}

} // namespace
} // namespace xdpbridge::test
