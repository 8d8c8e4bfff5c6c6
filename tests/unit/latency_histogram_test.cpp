// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <xdpbridge/latency.h>

#include <gtest/gtest.h>

namespace xdpbridge {
namespace {

void add(LatencyHistogram& times, std::uint64_t ns) {
    xdpb_histogram one{.count = 1, .sum_ns = ns, .min_ns = ns, .max_ns = ns, .buckets = {}};
    one.buckets[xdpb_latency_bucket(ns)] = 1;
    times += one;
}

TEST(LatencyHistogram, EachTimeIsInItsBucketAndNoBucketIsWiderThanASixteenth) {
    for (std::uint64_t ns = 0; ns < std::uint64_t{1} << 35; ns += 1 + ns / 7) {
        const std::size_t bucket = xdpb_latency_bucket(ns);
        ASSERT_LT(bucket, std::size_t{XDPB_LATENCY_BUCKETS}) << ns;
        ASSERT_GE(ns, LatencyHistogram::first_of(bucket)) << ns;
        ASSERT_LE(ns, LatencyHistogram::last_of(bucket)) << ns;
        if (bucket + 1 < XDPB_LATENCY_BUCKETS) {
            const auto width =
                LatencyHistogram::last_of(bucket) - LatencyHistogram::first_of(bucket);
            ASSERT_LE(width, LatencyHistogram::first_of(bucket) / 16) << ns;
        }
    }
}

TEST(LatencyHistogram, WhatIsLongerThanAllBucketsIsInTheLastOne) {
    EXPECT_EQ(xdpb_latency_bucket(std::uint64_t{1} << 35), XDPB_LATENCY_BUCKETS - 1U);
    EXPECT_EQ(xdpb_latency_bucket(UINT64_MAX), XDPB_LATENCY_BUCKETS - 1U);
}

TEST(LatencyHistogram, SaysNothingOfNothing) {
    const LatencyHistogram none{};
    EXPECT_EQ(none.mean(), 0U);
    EXPECT_EQ(none.percentile(50), 0U);
}

TEST(LatencyHistogram, PercentilesOfKnownTimes) {
    LatencyHistogram times{};
    for (std::uint64_t us = 1; us <= 1000; us++)
        add(times, us * 1000);
    EXPECT_EQ(times.count, 1000U);
    EXPECT_EQ(times.min_ns, 1'000U);
    EXPECT_EQ(times.max_ns, 1'000'000U);
    EXPECT_EQ(times.mean(), 500'500U);
    EXPECT_NEAR(static_cast<double>(times.percentile(50)), 500e3, 500e3 / 16);
    EXPECT_NEAR(static_cast<double>(times.percentile(99)), 990e3, 990e3 / 16);
    EXPECT_NEAR(static_cast<double>(times.percentile(99.9)), 999e3, 999e3 / 16);
    EXPECT_LE(times.percentile(100), times.max_ns);
}

TEST(LatencyHistogram, OneTimeIsAllPercentiles) {
    LatencyHistogram times{};
    add(times, 12'345);
    for (const double percent : {0.0, 50.0, 99.9, 100.0})
        EXPECT_EQ(times.percentile(percent), 12'345U) << percent;
}

} // namespace
} // namespace xdpbridge
