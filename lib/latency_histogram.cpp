// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <xdpbridge/latency.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace xdpbridge {

namespace {

constexpr std::size_t steps = 1U << XDPB_LATENCY_STEP_BITS;

#define X(name, text) std::string_view(text),
constexpr std::array part_names = {XDPB_LATENCY_PARTS(X)};
#undef X

} // namespace

std::string_view name_of(xdpb_latency_part part) noexcept {
    return part_names.at(static_cast<std::size_t>(part));
}

std::uint64_t LatencyHistogram::first_of(std::size_t bucket) noexcept {
    if (bucket < steps)
        return bucket;
    return (steps + bucket % steps) << (bucket / steps - 1);
}

std::uint64_t LatencyHistogram::last_of(std::size_t bucket) noexcept {
    return bucket + 1 < XDPB_LATENCY_BUCKETS ? first_of(bucket + 1) - 1 : UINT64_MAX;
}

std::uint64_t LatencyHistogram::mean() const noexcept {
    return count == 0 ? 0 : sum_ns / count;
}

std::uint64_t LatencyHistogram::percentile(double percent) const noexcept {
    std::uint64_t frames = 0;
    for (const auto in_bucket : buckets)
        frames += in_bucket; // not count, which may be one ahead
    const auto wanted = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::ceil(static_cast<double>(frames) * percent / 100)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; frames != 0 && i < XDPB_LATENCY_BUCKETS; i++) {
        seen += buckets[i];
        if (seen < wanted)
            continue;
        const auto middle =
            first_of(i) + (std::min<std::uint64_t>(last_of(i), max_ns) - first_of(i)) / 2;
        return std::clamp<std::uint64_t>(middle, min_ns, std::max(min_ns, max_ns));
    }
    return 0;
}

LatencyHistogram& LatencyHistogram::operator+=(const xdpb_histogram& other) noexcept {
    if (other.count == 0)
        return *this;
    min_ns = count == 0 ? other.min_ns : std::min(min_ns, other.min_ns);
    max_ns = std::max(max_ns, other.max_ns);
    count += other.count;
    sum_ns += other.sum_ns;
    for (std::size_t i = 0; i < XDPB_LATENCY_BUCKETS; i++)
        buckets[i] += other.buckets[i];
    return *this;
}

} // namespace xdpbridge
