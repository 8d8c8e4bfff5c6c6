// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "bridge_state.h"

#include <xdpbridge/error.h>
#include <xdpbridge/stats.h>

#include <array>
#include <bit>
#include <fmt/format.h>
#include <numeric>
#include <vector>

namespace xdpbridge {

namespace {

#define X(name, text) std::string_view(text),
constexpr std::array drop_names = {XDPB_DROP_REASONS(X)};
constexpr std::array hand_names = {XDPB_HAND_REASONS(X)};
constexpr std::array refusal_names = {XDPB_REFUSAL_REASONS(X)};
constexpr std::array filter_names = {XDPB_FILTER_REASONS(X)};
constexpr std::array stack_names = {XDPB_STACK_REASONS(X)};
#undef X

constexpr std::size_t counter_words = sizeof(xdpb_counters) / sizeof(std::uint64_t);
using CounterWords = std::array<std::uint64_t, counter_words>;
static_assert(sizeof(xdpb_counters) == sizeof(CounterWords), "nothing but 64-bit counters");

} // namespace

std::string_view name_of(xdpb_drop_reason reason) noexcept {
    return drop_names.at(static_cast<std::size_t>(reason));
}

std::string_view name_of(xdpb_hand_reason reason) noexcept {
    return hand_names.at(static_cast<std::size_t>(reason));
}

std::string_view name_of(xdpb_refusal_reason reason) noexcept {
    return refusal_names.at(static_cast<std::size_t>(reason));
}

std::string_view name_of(xdpb_filter_reason reason) noexcept {
    return filter_names.at(static_cast<std::size_t>(reason));
}

std::string_view name_of(xdpb_stack_reason reason) noexcept {
    return stack_names.at(static_cast<std::size_t>(reason));
}

std::uint64_t PortCounters::handed_total() const noexcept {
    return std::accumulate(std::begin(handed), std::end(handed), std::uint64_t{0});
}

std::uint64_t PortCounters::dropped_total() const noexcept {
    return std::accumulate(std::begin(dropped), std::end(dropped), std::uint64_t{0});
}

std::uint64_t PortCounters::refused_total() const noexcept {
    return std::accumulate(std::begin(refused), std::end(refused), std::uint64_t{0});
}

bool PortCounters::balanced() const noexcept {
    return rx_packets == forwarded + flooded + answered + passed + handed_total() + dropped_total();
}

PortCounters Stats::port(std::uint16_t number, xdpb_hook hook) const {
    const std::uint32_t key = number + hook * std::uint32_t{XDPB_MAX_PORTS};
    std::vector<CounterWords> per_cpu(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    if (number >= XDPB_MAX_PORTS ||
        bpf_map_lookup_elem(state_->counters.get(), &key, per_cpu.data()) != 0)
        throw Error(
            number >= XDPB_MAX_PORTS ? ENOENT : errno,
            fmt::format("read the counters of port {} of bridge '{}'", number, state_->name));

    CounterWords sum{};
    for (const auto& cpu : per_cpu)
        for (std::size_t i = 0; i < counter_words; i++)
            sum[i] += cpu[i];
    return {std::bit_cast<xdpb_counters>(sum)};
}

PortCounters Stats::port(std::uint16_t number) const {
    auto sum =
        std::bit_cast<CounterWords>(static_cast<const xdpb_counters&>(port(number, XDPB_HOOK_XDP)));
    const auto tc =
        std::bit_cast<CounterWords>(static_cast<const xdpb_counters&>(port(number, XDPB_HOOK_TC)));
    for (std::size_t i = 0; i < counter_words; i++)
        sum[i] += tc[i];
    return {std::bit_cast<xdpb_counters>(sum)};
}

} // namespace xdpbridge
