// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bench/latency/statistics.h>

#include <gtest/gtest.h>
#include <numeric>
#include <vector>

namespace xdpbridge::bench {
namespace {

std::vector<std::uint64_t> one_to(std::size_t n) {
    std::vector<std::uint64_t> values(n);
    std::iota(values.begin(), values.end(), 1);
    return values;
}

TEST(Statistics, PercentileIsTheNearestRank) {
    const auto thousand = one_to(1000);
    EXPECT_EQ(percentile(thousand, 50), 500U);
    EXPECT_EQ(percentile(thousand, 99), 990U);
    EXPECT_EQ(percentile(thousand, 99.9), 999U);
    EXPECT_EQ(percentile(thousand, 100), 1000U);
    EXPECT_EQ(percentile(one_to(3), 50), 2U);
    EXPECT_EQ(percentile(one_to(1), 99.9), 1U);
    EXPECT_EQ(percentile(one_to(10), 99), 10U);
}

TEST(Statistics, SummaryOfValuesInAnyOrder) {
    const auto summary = summarize({9, 2, 4, 4, 5, 4, 7, 5});
    EXPECT_EQ(summary.count, 8U);
    EXPECT_EQ(summary.min, 2);
    EXPECT_EQ(summary.avg, 5);
    EXPECT_EQ(summary.max, 9);
    EXPECT_EQ(summary.stddev, 2);
    EXPECT_EQ(summary.p50, 4);
    EXPECT_EQ(summary.p99, 9);
    EXPECT_EQ(summary.p999, 9);
}

TEST(Statistics, NothingHasNoFigures) {
    EXPECT_EQ(summarize({}).count, 0U);
    EXPECT_EQ(summarize({}).p999, 0);
    EXPECT_EQ(spread({}).relative, 0);
}

TEST(Statistics, SpreadIsRelativeToTheMean) {
    const std::vector<double> averages{9, 10, 11};
    EXPECT_EQ(spread(averages).min, 9);
    EXPECT_EQ(spread(averages).max, 11);
    EXPECT_DOUBLE_EQ(spread(averages).relative, 0.2);
}

TEST(Statistics, HistogramKnowsEachValueToASixteenth) {
    for (std::uint64_t value = 0; value < 100'000'000; value = value * 5 / 4 + 1) {
        Histogram histogram;
        histogram.add(value);
        const auto buckets = histogram.buckets();
        ASSERT_EQ(buckets.size(), 1U);
        EXPECT_LE(buckets[0].low, value);
        EXPECT_GT(buckets[0].high, value);
        EXPECT_EQ(buckets[0].count, 1U);
        if (value >= 16) {
            EXPECT_LE((buckets[0].high - buckets[0].low) * 16, value);
        } else {
            EXPECT_EQ(buckets[0].high, buckets[0].low + 1);
        }
    }
}

TEST(Statistics, HistogramBucketsAreInOrderAndDoNotOverlap) {
    Histogram histogram;
    for (const auto value : one_to(5000))
        histogram.add(value);
    std::uint64_t end = 0, count = 0;
    for (const auto& bucket : histogram.buckets()) {
        EXPECT_GE(bucket.low, end);
        end = bucket.high;
        count += bucket.count;
    }
    EXPECT_EQ(count, 5000U);
}

} // namespace
} // namespace xdpbridge::bench
