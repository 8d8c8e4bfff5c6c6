// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Sequences: their text, the dice they come from, and how they are shrunk.
#include "model/dice.h"
#include "model/shrink.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>
#include <sstream>
#include <stdexcept>

namespace xdpbridge::model {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(StepTest, EveryStepIsALineOfText) {
    for (const char* line : {"set 2 isolated 1",
                             "ageing 90",
                             "reserved 14 forward",
                             "join 1 10 pvid untagged",
                             "join 1 10",
                             "leave 1 10",
                             "bind 1 02:00:00:00:00:01 10.0.0.1",
                             "unbind 1 02:00:00:00:00:01",
                             "acl --proto udp --dport 53 drop",
                             "acl",
                             "route 10.1.0.0/16 via 10.0.0.201 dev 5",
                             "route fd00::/64 dev 6",
                             "route 10.0.0.0/8 blackhole",
                             "route 10.2.0.0/16 local",
                             "unroute 10.0.0.0/8",
                             "neighbour 5 10.0.0.2 02:00:00:00:00:02",
                             "unneighbour 6 fd00::2",
                             "host 02:00:00:00:00:01 10 port 1 static",
                             "host 02:00:00:00:00:01 0 port 1",
                             "late 02:00:00:00:00:01 10 port 1",
                             "unhost 02:00:00:00:00:01 10",
                             "flush",
                             "flush port 1 vlan 10 static",
                             "flush vlan 3",
                             "wait 60",
                             "frame 1 ffffffffffff0200000000010800"})
        EXPECT_EQ(to_text(parse_step(line)), line);
}

TEST(StepTest, ABadLineIsRefused) {
    for (const char* line :
         {"", "jump", "set 2 height 1", "set 9 isolated 1", "set 2 isolated", "set 2 isolated x",
          "set 2 isolated 1 1", "frame 1 f", "frame 1 xx", "frame 0 00",
          "host 02:00:00:00:00 1 port 1", "join 1 4095", "acl --proto udp", "reserved 1 keep",
          "route 10.0.0.1/8 dev 5", "bind 1 x"})
        EXPECT_ANY_THROW(parse_step(line)) << line;
}

TEST(SequenceTest, AFileSaysWhatItIsFor) {
    std::istringstream text("# why\nbridge vlan\nhook tc\nway run\n\nwait 60 # a minute\n");
    const Sequence sequence = parse_sequence(text);
    EXPECT_EQ(sequence.setup.kind, Kind::vlan);
    EXPECT_EQ(sequence.setup.hook, Hook::tc);
    EXPECT_EQ(sequence.way, Way::run);
    EXPECT_EQ(to_text(sequence), "bridge vlan\nhook tc\nway run\nwait 60\n");
}

TEST(SequenceTest, ABadLineIsNamedByItsNumber) {
    std::istringstream text("bridge plain\nwait\n");
    try {
        parse_sequence(text);
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_THAT(error.what(), ::testing::StartsWith("line 2: "));
    }
}

TEST(DiceTest, TheSameSeedGivesTheSameSteps) {
    for (const Kind kind : {Kind::plain, Kind::vlan}) {
        const SwitchSetup setup{kind, Hook::tc};
        Seeded one(7), same(7), other(8);
        Dice a(setup, one), b(setup, same), c(setup, other);
        bool any_differs = false;
        for (int i = 0; i < 1000; i++) {
            const auto text = to_text(a.step());
            EXPECT_EQ(text, to_text(b.step()));
            any_differs = any_differs || text != to_text(c.step());
        }
        EXPECT_TRUE(any_differs);
    }
}

TEST(DiceTest, WhatItThrowsCanBeSaved) {
    const SwitchSetup setup{Kind::vlan, Hook::xdp};
    Seeded source(3);
    Dice dice(setup, source);
    for (const auto& steps : {dice.layout(), dice.layout()})
        for (const Step& step : steps)
            EXPECT_EQ(to_text(parse_step(to_text(step))), to_text(step));
    for (int i = 0; i < 20000; i++) {
        const auto text = to_text(dice.step());
        EXPECT_EQ(to_text(parse_step(text)), text);
    }
}

TEST(DiceTest, EveryFrameHasAHeader) {
    Seeded source(5);
    Dice dice({Kind::provider, Hook::xdp}, source);
    for (int i = 0; i < 20000; i++)
        EXPECT_GE(dice.frame().size(), 14U);
}

std::vector<int> up_to(int last) {
    std::vector<int> items(static_cast<std::size_t>(last));
    std::iota(items.begin(), items.end(), 1);
    return items;
}

bool contains(const std::vector<int>& items, int item) {
    return std::find(items.begin(), items.end(), item) != items.end();
}

TEST(ShrinkTest, FindsTheOneThatFails) {
    for (const int culprit : {1, 50, 100})
        EXPECT_THAT(shrink(up_to(100), [&](const auto& items) { return contains(items, culprit); }),
                    ElementsAre(culprit));
}

TEST(ShrinkTest, FindsThoseThatFailTogether) {
    EXPECT_THAT(shrink(up_to(100),
                       [](const auto& items) {
                           return contains(items, 3) && contains(items, 57) && contains(items, 58);
                       }),
                ElementsAre(3, 57, 58));
}

TEST(ShrinkTest, KeepsTheOrder) {
    EXPECT_THAT(shrink(std::vector{5, 1, 4, 2, 3},
                       [](const auto& items) {
                           return std::find(items.begin(), items.end(), 4) != items.end() &&
                                  items.back() == 3;
                       }),
                ElementsAre(4, 3));
}

TEST(ShrinkTest, NothingIsLeftOfWhatAlwaysFails) {
    EXPECT_THAT(shrink(up_to(9), [](const auto&) { return true; }), IsEmpty());
    EXPECT_THAT(shrink(std::vector<int>{}, [](const auto&) { return true; }), IsEmpty());
}

TEST(ShrinkTest, DoesNotAskTooOften) {
    unsigned asked = 0;
    shrink(up_to(1024), [&](const auto& items) {
        asked++;
        return contains(items, 700);
    });
    EXPECT_LT(asked, 100U);
}

} // namespace
} // namespace xdpbridge::model
