// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Events: one reader at a time, any event loop. What is told when is for the tests of the stages.
#include "support/switch_test.h"

#include "sandbox/fd.h"

#include <cerrno>
#include <gmock/gmock.h>
#include <thread>
#include <unistd.h>

namespace xdpbridge::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EventsTest : public SwitchTest {
  protected:
    const Port port_ = add_port();

    void learn(std::uint32_t number) { inject(port_, frame(host(number), broadcast)); }
    int open_error() {
        return error_of([&] { const Events events = bridge_.events(); }).code().value();
    }
};

TEST_F(EventsTest, ASecondReaderIsTurnedAway) {
    {
        const Events first = bridge_.events();
        EXPECT_EQ(open_error(), EBUSY);
        EXPECT_TRUE(in_child([] {
            const Error error = error_of([] { std::ignore = Bridge::open("switch").events(); });
            if (error.code().value() != EBUSY)
                throw error;
        }));
    }
    EXPECT_EQ(open_error(), 0);
}

TEST_F(EventsTest, AReaderThatWasKilledIsInNobodysWay) {
    Child reader([] {
        const Bridge bridge = Bridge::open("switch");
        for (;;) { // we may be looking in that moment
            const Error error = error_of([&] {
                const Events events = bridge.events();
                ::pause();
            });
            if (error.code().value() != EBUSY)
                throw error;
        }
    });
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (open_error() != EBUSY && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(1ms);
    EXPECT_EQ(open_error(), EBUSY);
    reader.kill();
    EXPECT_EQ(open_error(), 0);
}

TEST_F(EventsTest, EachBridgeHasAReaderOfItsOwn) {
    const Events first = bridge_.events();
    auto other = Bridge::create("other");
    Events second = other.events();
    learn(1);
    EXPECT_THAT(take_events(second), IsEmpty());
}

TEST_F(EventsTest, WhatWasBeforeTheReaderIsDropped) {
    learn(1);
    Events events = bridge_.events();
    EXPECT_THAT(take_events(events), IsEmpty());
    learn(2);
    EXPECT_THAT(take_events(events), ElementsAre("learn 02:00:00:00:00:02 port 1"));
    EXPECT_THAT(take_events(events), IsEmpty());
}

TEST_F(EventsTest, ReadsAsManyAsItSays) {
    Events events = bridge_.events();
    for (std::uint32_t i = 1; i <= 100; i++)
        learn(i);
    int visited = 0;
    EXPECT_EQ(events.read([&](const Event&) { visited++; }), 100);
    EXPECT_EQ(visited, 100);
    EXPECT_EQ(events.read([&](const Event&) { visited++; }), 0);
    EXPECT_EQ(events.lost(), 0U);
}

TEST_F(EventsTest, TheDescriptorFitsIntoAnEventLoop) {
    Events events = bridge_.events();
    EXPECT_FALSE(sandbox::readable(events.fd(), 0ms));
    learn(1);
    EXPECT_TRUE(sandbox::readable(events.fd(), 1000ms));
    take_events(events);
    EXPECT_FALSE(sandbox::readable(events.fd(), 0ms));
    learn(2);
    EXPECT_TRUE(sandbox::readable(events.fd(), 1000ms));
}

TEST_F(EventsTest, WaitsNoLongerThanItIsTold) {
    Events events = bridge_.events();
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(events.read([](const Event&) {}, 50ms), 0);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 49ms);

    std::jthread later([&] {
        std::this_thread::sleep_for(50ms);
        learn(1);
    });
    EXPECT_EQ(events.read([](const Event&) {}, 30s), 1);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 20s);
}

TEST_F(EventsTest, AMovedReaderReads) {
    Events first = bridge_.events();
    Events second = std::move(first);
    learn(1);
    EXPECT_THAT(take_events(second), ElementsAre("learn 02:00:00:00:00:01 port 1"));
}

} // namespace
} // namespace xdpbridge::test
