// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What many latencies say together. All in nanoseconds.
#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace xdpbridge::bench {

// The smallest of the sorted values that at least `percent` of them do not exceed (nearest rank).
// Not of an empty list.
std::uint64_t percentile(std::span<const std::uint64_t> sorted, double percent);

struct Summary {
    std::uint64_t count = 0;
    double min = 0, avg = 0, max = 0, stddev = 0; // stddev: of all values, not of a sample of them
    double p50 = 0, p99 = 0, p999 = 0;
};
Summary summarize(std::vector<std::uint64_t> values); // all 0 for none

// Of the averages of several rounds.
struct Spread {
    double min = 0, max = 0;
    double relative = 0; // (max - min) / mean
};
Spread spread(std::span<const double> averages);

// Counts in buckets that are 1/16 of a power of two wide: a value is known to 1/16, whatever it is.
class Histogram {
  public:
    void add(std::uint64_t value);

    struct Bucket {
        std::uint64_t low, high; // low <= value < high
        std::uint64_t count;
    };
    [[nodiscard]] std::vector<Bucket> buckets() const; // those that are not empty, ascending

  private:
    std::map<std::uint64_t, Bucket> buckets_; // by low
};

} // namespace xdpbridge::bench
