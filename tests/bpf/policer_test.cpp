// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// bpf/policer.h and admit.h: how much passes, told exactly. Frames come as fast as the kernel can
// run the program on them; clocks read before and after bound what may have passed in between.
#include "support/switch_test.h"

#include <bpf/bpf.h>
#include <ctime>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <thread>

namespace xdpbridge::test {
namespace {

double seconds_now() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// How long frames came: at least so long, without the time that the kernel took to get ready, and
// at most so long.
struct Duration {
    double least;
    double most;
};

class PolicerTest : public HookTest {
  protected:
    const Port port_ = add_port();
    const Port there_ = add_port();
    const Map<std::uint32_t, xdpb_policer> policers_{
        Fd(bpf_obj_get((bridge_.info().folder / "policers").c_str()))};
    const Frame broadcast_ = frame(host(1), broadcast);
    const Frame multicast_ = frame(host(1), mac("01:00:5e:00:00:fb"));
    const Frame unknown_ = frame(host(1), host(99));
    const Frame known_ = frame(host(1), host(2));

    void SetUp() override { fdb_.add({.mac = host(2), .port = there_.number, .is_static = true}); }
    void set(const PortSettings& settings) { ports_.set(port_.device, {.settings = settings}); }
    static Rate rate(const std::string& text) { return Rate::parse(text).value(); }

    Duration inject(const Frame& frame, std::uint32_t count, __sk_buff* skb = nullptr) const {
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                    .data_size_in = static_cast<std::uint32_t>(frame.size()), .ctx_in = skb,
                    .ctx_size_in = skb ? static_cast<std::uint32_t>(sizeof(*skb)) : 0U,
                    .repeat = static_cast<int>(count));
        const double before = seconds_now();
        if (bpf_prog_test_run_opts(port_.program.get(), &options) != 0)
            throw Error(errno, "run a program");
        return {1e-9 * options.duration * (count - 1), seconds_now() - before};
    }
    // Frames let through.
    std::uint64_t passed() const {
        const auto c = counters(port_);
        return c.forwarded + c.flooded;
    }
    std::uint64_t dropped(xdpb_drop_reason reason) const { return counters(port_).dropped[reason]; }
    // Frames let through of so many that come at once.
    std::uint64_t passed_of(const Frame& frame, std::uint32_t count) const {
        const auto before = passed();
        inject(frame, count);
        return passed() - before;
    }
    // What came at once finds a rate too slow to matter.
    void expect_passed(std::uint64_t expected, const Frame& frame, std::uint32_t count,
                       const std::string& what = {}) const {
        const double before = seconds_now();
        const auto got = passed_of(frame, count);
        EXPECT_GE(got, expected) << what;
        EXPECT_LE(static_cast<double>(got),
                  static_cast<double>(expected) + (seconds_now() - before) + 0.01)
            << what << ", at one a second";
    }
    xdpb_policer policer(xdpb_policer_kind kind) const {
        return policers_.lookup(port_.number * std::uint32_t{XDPB_POLICER_KINDS} + kind).value();
    }
    void store(xdpb_policer_kind kind, const xdpb_policer& value) const {
        policers_.update(port_.number * std::uint32_t{XDPB_POLICER_KINDS} + kind, value);
    }

    // The burst lasts two seconds, so that it is used up at once and a pause costs nothing.
    void expect_rate(const Frame& frame, const PortSettings& settings, double units_a_second,
                     double units_a_frame) {
        set(settings);
        const auto before = passed();
        // The first frame takes long where the CPU is emulated, and some of that is not seen by the
        // policer.
        const double start = seconds_now();
        inject(frame, 10);
        const double least = inject(frame, 200'000).least;
        const double most = seconds_now() - start;
        const double units = static_cast<double>(passed() - before) * units_a_frame;
        const double burst = 2 * units_a_second;
        EXPECT_LE(units, burst + units_a_second * most + units_a_frame);
        EXPECT_GE(units, std::min(200'000 * units_a_frame,
                                  burst + units_a_second * least - 2 * units_a_frame));
    }
};

TEST_P(PolicerTest, ABurstPassesAndNoMore) {
    for (const std::uint32_t burst : {1U, 2U, 10U, 1000U}) {
        set({.police = rate(fmt::format("1pps,burst={}pkt", burst))});
        expect_passed(burst, known_, 3000, fmt::format("burst of {}", burst));
    }
    EXPECT_EQ(passed() + dropped(XDPB_DROP_POLICER), 4 * 3000U);
}

TEST_P(PolicerTest, ABurstOfBytesPassesAndNoMore) {
    const auto size = known_.size();
    for (const std::uint64_t frames : {1U, 2U, 10U, 1000U}) {
        // At 1 kbit/s a frame of these takes half a second.
        set({.police = rate(fmt::format("1kbit,burst={}b", frames * size))});
        const double before = seconds_now();
        const auto got = passed_of(known_, 3000);
        EXPECT_GE(got, frames);
        EXPECT_LE(static_cast<double>(got * size),
                  static_cast<double>(frames * size) + 125 * (seconds_now() - before) + 1);
        set({.police = rate(fmt::format("1kbit,burst={}b", frames * size + size - 1))});
        EXPECT_LE(passed_of(known_, 100), frames + 1) << "a byte is missing for one more";
    }
}

TEST_P(PolicerTest, PacketsASecond) {
    for (const double pps : {500.0, 5'000.0, 20'000.0})
        expect_rate(known_, {.police = rate(fmt::format("{}pps,burst={}pkt", pps, 2 * pps))}, pps,
                    1);
}

TEST_P(PolicerTest, BitsASecond) {
    for (const double bits : {1e6, 1e7})
        expect_rate(known_,
                    {.police = rate(fmt::format("{:.0f}bit,burst={:.0f}b", bits, bits / 4))},
                    bits / 8, static_cast<double>(known_.size()));
}

TEST_P(PolicerTest, TheSlowerOfBothRatesCounts) {
    const double pps = 1000, size = static_cast<double>(known_.size());
    expect_rate(known_, {.police = rate("1000pps,1gbit,burst=2000pkt,burst=1gb")}, pps, 1);
    expect_rate(known_,
                {.police = rate(fmt::format("100000pps,{:.0f}bit,burst=200000pkt,burst={:.0f}b",
                                            pps * size * 8, 2 * pps * size))},
                pps * size, size);
}

TEST_P(PolicerTest, AStorm) {
    expect_rate(broadcast_, {.storm_broadcast = rate("5000pps,burst=10000pkt")}, 5000, 1);
    expect_rate(multicast_, {.storm_multicast = rate("5000pps,burst=10000pkt")}, 5000, 1);
    expect_rate(unknown_, {.storm_unknown = rate("5000pps,burst=10000pkt")}, 5000, 1);
}

TEST_P(PolicerTest, WhatTheRateCanTakePasses) {
    for (const char* fast : {"1mpps,burst=100000pkt", "1000mpps", "100gbit", "1tbit,1000mpps"}) {
        set({.police = rate(fast)});
        EXPECT_EQ(passed_of(known_, 1000), 1000U) << fast;
    }
    const Frame large =
        Ethernet{.dst = host(2).to_string(), .src = host(1).to_string(), .type = 0x88b5} /
        Payload{1500};
    set({.police = rate("100gbit")});
    EXPECT_EQ(passed_of(large, 50'000), 50'000U);
}

// The slowest and the fastest rates are kept to too: 1 kbit/s is a frame of 60 bytes in half a
// second.
TEST_P(PolicerTest, TheSlowestRate) {
    const Frame frame =
        Ethernet{.dst = host(2).to_string(), .src = host(1).to_string(), .type = 0x88b5} /
        Payload{46};
    set({.police = rate("1kbit,burst=60b")});
    ASSERT_EQ(passed_of(frame, 1), 1U);
    const double begin = seconds_now();
    std::uint64_t got = 0;
    while (seconds_now() < begin + 1.2)
        got += passed_of(frame, 10);
    const double time = seconds_now() - begin;
    EXPECT_LE(static_cast<double>(got), time * 125 / 60 + 1);
    EXPECT_GE(got, 2U);
}

TEST_P(PolicerTest, AFrameLargerThanTheBurstPassesAlone) {
    const auto size = known_.size();
    set({.police = rate("1mbit,burst=10b")});
    EXPECT_EQ(passed_of(known_, 1), 1U);
    const double cost = static_cast<double>(size) * 8 / 1e6;
    const Duration time = inject(known_, 20'000);
    EXPECT_LE(static_cast<double>(passed()), 1 + 1 + (time.most + 0.1) / cost);
    std::this_thread::sleep_for(std::chrono::duration<double>(2 * cost));
    EXPECT_EQ(passed_of(known_, 1), 1U);
}

TEST_P(PolicerTest, WhatIsDroppedCostsNothing) {
    set({.police = rate("1pps,1mbit,burst=5pkt,burst=1mb")});
    inject(known_, 1000);
    const auto before = policer(XDPB_POLICER_INGRESS);
    const auto passed_before = passed();
    inject(known_, 1000);
    if (passed() == passed_before) { // else a second has passed since
        EXPECT_EQ(policer(XDPB_POLICER_INGRESS).packets.arrival, before.packets.arrival);
        EXPECT_EQ(policer(XDPB_POLICER_INGRESS).bytes.arrival, before.bytes.arrival);
    }
    set({.police = rate("1kpps,1kbit,burst=100pkt,burst=1b")});
    inject(known_, 100);
    const auto one = policer(XDPB_POLICER_INGRESS);
    inject(known_, 100); // the bytes stop them all
    EXPECT_EQ(policer(XDPB_POLICER_INGRESS).packets.arrival, one.packets.arrival);
}

TEST_P(PolicerTest, AFrameThatTheSecondPolicerDropsCostsNothingWithTheFirst) {
    set({.storm_broadcast = rate("1pps,burst=100pkt"), .police = rate("1pps,burst=1pkt")});
    expect_passed(1, broadcast_, 500);
    EXPECT_GE(dropped(XDPB_DROP_POLICER), 490U);
    set({.police = Rate{}});
    expect_passed(99, broadcast_, 500);
    EXPECT_GE(dropped(XDPB_DROP_STORM), 390U);
}

TEST_P(PolicerTest, EachKindOfStormHasItsOwn) {
    set({.storm_broadcast = rate("1pps,burst=1pkt"),
         .storm_multicast = rate("1pps,burst=2pkt"),
         .storm_unknown = rate("1pps,burst=3pkt")});
    expect_passed(1, broadcast_, 100, "broadcast");
    expect_passed(2, multicast_, 100, "multicast");
    expect_passed(3, unknown_, 100, "unknown unicast");
    EXPECT_EQ(passed_of(known_, 100), 100U);
    EXPECT_EQ(dropped(XDPB_DROP_STORM), 300U + 100U - passed());
    set({.storm_multicast = Rate{}});
    EXPECT_EQ(passed_of(multicast_, 100), 100U) << "off again";
    EXPECT_LE(passed_of(broadcast_, 100), 2U) << "still on";
}

TEST_P(PolicerTest, APortsPolicerIsItsOwn) {
    set({.police = rate("1pps,burst=1pkt")});
    inject(known_, 10);
    for (int i = 0; i < 10; i++)
        EXPECT_EQ(send(there_, frame(host(2), host(1))), "forwarded");
}

TEST_P(PolicerTest, ANewRateComesWithItsBurst) {
    set({.police = rate("1pps,burst=5pkt")});
    expect_passed(5, known_, 100);
    expect_passed(0, known_, 100);
    set({.police = rate("1pps,burst=7pkt")});
    expect_passed(7, known_, 100);
    set({.police = Rate{}});
    EXPECT_EQ(passed_of(known_, 100), 100U);
}

// A policer that has slept for longer than its clock goes round, which is 208.5 days.
TEST_P(PolicerTest, AnArrivalTimeLongAgo) {
    set({.police = rate("1000pps,burst=5pkt")});
    for (const std::uint64_t days : {1U, 30U, 103U, 105U, 150U, 207U, 208U, 209U, 400U}) {
        auto changed = policer(XDPB_POLICER_INGRESS);
        changed.packets.arrival =
            (static_cast<std::uint64_t>(seconds_now() * 1e9) - days * 86'400 * 1'000'000'000) << 10;
        store(XDPB_POLICER_INGRESS, changed);
        const auto before = passed();
        const Duration time = inject(known_, 5000);
        EXPECT_GE(passed() - before, 5U) << days << " days";
        EXPECT_LE(static_cast<double>(passed() - before), 6 + 1000 * time.most) << days << " days";
    }
}

TEST_P(PolicerTest, CpusShareARate) {
    constexpr double pps = 5000;
    set({.police = rate("5000pps,burst=10000pkt")});
    const double before = seconds_now();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&] { inject(known_, 100'000); });
    for (auto& thread : threads)
        thread.join();
    const double time = seconds_now() - before;
    EXPECT_LE(static_cast<double>(passed()), 2 * pps + pps * time + 1);
    EXPECT_GE(static_cast<double>(passed()), 2 * pps);
    EXPECT_EQ(passed() + dropped(XDPB_DROP_POLICER), 400'000U);
}

TEST_P(PolicerTest, ADroppedFrameHasBeenLearned) {
    set({.police = rate("1pps,burst=1pkt")});
    inject(known_, 10);
    EXPECT_EQ(learned(port_), 1U);
}

TEST_P(PolicerTest, PolicersGoWithTheirPort) {
    set({.storm_broadcast = rate("1pps"), .police = rate("1mbit")});
    const auto number = port_.number;
    EXPECT_TRUE(ports_.get(port_.device).police.limits());
    ports_.remove(port_.device);
    for (std::uint32_t kind = 0; kind < XDPB_POLICER_KINDS; kind++) {
        const auto left = policers_.lookup(number * std::uint32_t{XDPB_POLICER_KINDS} + kind);
        EXPECT_EQ(left->packets.cost, 0U) << kind;
        EXPECT_EQ(left->bytes.cost, 0U) << kind;
        EXPECT_EQ(left->packets.rate, 0U) << kind;
    }
}

XDPB_AT_EACH_HOOK(PolicerTest);

class GsoPolicerTest : public PolicerTest {
  protected:
    // As frames of GSO are at tc alone.
    static __sk_buff gso(std::uint32_t segments, std::uint32_t size) {
        __sk_buff skb{};
        skb.gso_segs = segments;
        skb.gso_size = size;
        return skb;
    }
    const Frame large_ =
        Ethernet{.dst = host(2).to_string(), .src = host(1).to_string(), .type = 0x88b5} /
        Payload{2000};
};

TEST_P(GsoPolicerTest, ItIsAsManyPacketsAsItWillBeCutInto) {
    set({.police = rate("1pps,burst=10pkt")});
    auto skb = gso(4, 500);
    const auto before = passed();
    inject(large_, 100, &skb);
    EXPECT_EQ(passed() - before, 2U) << "8 of 10";
}

// As the kernel leaves it when a VM says that a frame is to be cut.
TEST_P(GsoPolicerTest, OfAVmToo) {
    set({.police = rate("1pps,burst=10pkt")});
    auto skb = gso(0, 500); // 2014 bytes: 5 segments
    const auto before = passed();
    inject(large_, 100, &skb);
    EXPECT_EQ(passed() - before, 2U);
}

TEST_P(GsoPolicerTest, AndItsBytes) {
    set({.police = rate(fmt::format("1kbit,burst={}b", 3 * large_.size()))});
    auto skb = gso(4, 500);
    const auto before = passed();
    inject(large_, 100, &skb);
    EXPECT_EQ(passed() - before, 3U);
}

INSTANTIATE_TEST_SUITE_P(Hook, GsoPolicerTest, ::testing::Values(Hook::tc),
                         ::testing::PrintToStringParamName());

} // namespace
} // namespace xdpbridge::test
