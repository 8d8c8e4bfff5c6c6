// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policer.h"

#include <xdpbridge/error.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <ctime>
#include <fmt/format.h>

namespace xdpbridge {

namespace {

constexpr unsigned time_shift = 10; // units of time: 2^-10 ns
constexpr unsigned byte_shift = 10; // of the cost of a byte: 2^-20 ns
// A burst takes a day at most, so that arrival times are never far ahead of the clock.
constexpr double max_burst_ns = 24.0 * 3600 * XDPB_NSEC_PER_SEC;
// No frame costs more: the largest skb, in bytes and in segments (GSO_MAX_SIZE, GSO_MAX_SEGS).
constexpr std::uint64_t max_frame_bytes = 8ULL * 65535;
constexpr std::uint64_t max_frame_packets = 65535;

// What is per second and the like in 2^-shift ns; a double is exact to 2^-53 of that.
double time_of(double units, std::uint64_t rate, unsigned shift) noexcept {
    return units * std::ldexp(XDPB_NSEC_PER_SEC, static_cast<int>(shift)) /
           static_cast<double>(rate);
}

std::uint64_t rounded(double value) noexcept {
    return static_cast<std::uint64_t>(std::llround(value));
}

xdpb_meter make_meter(std::uint64_t rate, unsigned per_unit, unsigned cost_shift,
                      std::uint64_t burst, std::uint64_t largest) noexcept {
    xdpb_meter meter{};
    if (rate == 0)
        return meter;
    const auto time_for = [&](std::uint64_t units) {
        return rounded(std::ldexp(static_cast<double>(meter.cost) * static_cast<double>(units),
                                  -static_cast<int>(cost_shift)));
    };
    meter.cost = rounded(time_of(per_unit, rate, time_shift + cost_shift));
    meter.tolerance = time_for(burst);
    // And a second for clocks and CPUs that are not quite together.
    meter.horizon = std::max<std::uint64_t>(meter.tolerance, time_for(largest)) +
                    (XDPB_NSEC_PER_SEC << time_shift);
    meter.rate = rate;
    meter.burst = burst;
    return meter;
}

std::uint64_t monotonic_now() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * XDPB_NSEC_PER_SEC +
           static_cast<std::uint64_t>(now.tv_nsec);
}

// Off while it changes: a frame meets the old meter, none, or the new one.
void store_meter(xdpb_meter& meter, const xdpb_meter& wanted) noexcept {
    std::atomic_ref(meter.cost).store(0);
    std::atomic_ref(meter.tolerance).store(wanted.tolerance);
    std::atomic_ref(meter.horizon).store(wanted.horizon);
    std::atomic_ref(meter.arrival).store(monotonic_now() << time_shift);
    std::atomic_ref(meter.rate).store(wanted.rate);
    std::atomic_ref(meter.burst).store(wanted.burst);
    std::atomic_ref(meter.cost).store(wanted.cost);
}

void require_burst(std::uint64_t burst, std::uint64_t rate, unsigned per_unit,
                   const std::string& what, const std::string& doing) {
    if (rate != 0 && time_of(static_cast<double>(burst) * per_unit, rate, 0) > max_burst_ns)
        throw Error(EINVAL, doing,
                    fmt::format("{}: at its rate the burst lasts longer than a day", what),
                    "give a smaller burst");
}

} // namespace

void require_rate(const Rate& rate, const std::string& what, const std::string& doing) {
    if (rate.packets > Rate::max_packets)
        throw Error(EINVAL, doing, fmt::format("{}: {} packets a second", what, rate.packets),
                    fmt::format("give at most {}", Rate::max_packets));
    if (rate.bits != 0 && (rate.bits < Rate::min_bits || rate.bits > Rate::max_bits))
        throw Error(EINVAL, doing, fmt::format("{}: {} bits a second", what, rate.bits),
                    "give 1kbit to 1tbit");
    const Rate whole = rate.with_bursts();
    require_burst(whole.packet_burst, whole.packets, 1, what, doing);
    require_burst(whole.byte_burst, whole.bits, 8, what, doing);
}

void store_rate(xdpb_policer& policer, const Rate& rate) noexcept {
    const Rate whole = rate.with_bursts();
    store_meter(policer.packets,
                make_meter(whole.packets, 1, 0, whole.packet_burst, max_frame_packets));
    store_meter(policer.bytes,
                make_meter(whole.bits, 8, byte_shift, whole.byte_burst, max_frame_bytes));
}

Rate load_rate(const xdpb_policer& policer) noexcept {
    return {.packets = policer.packets.rate,
            .bits = policer.bytes.rate,
            .packet_burst = policer.packets.burst,
            .byte_burst = policer.bytes.burst};
}

xdpb_policer& port_policer(const BridgeState& state, std::uint16_t port,
                           xdpb_policer_kind kind) noexcept {
    return state.policers[static_cast<std::size_t>(port) * XDPB_POLICER_KINDS + kind];
}

void clear_policers(const BridgeState& state, std::uint16_t port) noexcept {
    for (std::uint32_t kind = 0; kind < XDPB_POLICER_KINDS; kind++)
        store_rate(port_policer(state, port, static_cast<xdpb_policer_kind>(kind)), {});
}

} // namespace xdpbridge
