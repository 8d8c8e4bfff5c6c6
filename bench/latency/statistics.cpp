// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace xdpbridge::bench {

std::uint64_t percentile(std::span<const std::uint64_t> sorted, double percent) {
    // 99.9% of 1,000 is 999, and not the 1,000 that 999.0000001 would be rounded up to.
    const double rank = std::ceil(percent * static_cast<double>(sorted.size()) / 100 - 1e-6);
    const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
    return sorted[std::min(index, sorted.size() - 1)];
}

Summary summarize(std::vector<std::uint64_t> values) {
    if (values.empty())
        return {};
    std::sort(values.begin(), values.end());
    const auto count = static_cast<double>(values.size());
    const double avg = std::accumulate(values.begin(), values.end(), 0.0) / count;
    const double squares =
        std::accumulate(values.begin(), values.end(), 0.0, [avg](double sum, std::uint64_t value) {
            const double off = static_cast<double>(value) - avg;
            return sum + off * off;
        });
    const auto at = [&](double percent) {
        return static_cast<double>(percentile(values, percent));
    };
    return {.count = values.size(),
            .min = static_cast<double>(values.front()),
            .avg = avg,
            .max = static_cast<double>(values.back()),
            .stddev = std::sqrt(squares / count),
            .p50 = at(50),
            .p99 = at(99),
            .p999 = at(99.9)};
}

Spread spread(std::span<const double> averages) {
    if (averages.empty())
        return {};
    const auto [min, max] = std::minmax_element(averages.begin(), averages.end());
    const double mean = std::accumulate(averages.begin(), averages.end(), 0.0) /
                        static_cast<double>(averages.size());
    return {.min = *min, .max = *max, .relative = mean > 0 ? (*max - *min) / mean : 0};
}

void Histogram::add(std::uint64_t value) {
    // Below 16 each value has a bucket of its own.
    const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - 5);
    const std::uint64_t low = value >> shift << shift;
    auto& bucket =
        buckets_.try_emplace(low, Bucket{low, low + (std::uint64_t{1} << shift), 0}).first->second;
    bucket.count++;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
    std::vector<Bucket> all;
    all.reserve(buckets_.size());
    for (const auto& [low, bucket] : buckets_)
        all.push_back(bucket);
    return all;
}

} // namespace xdpbridge::bench
