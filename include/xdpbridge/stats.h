// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/abi.h>

#include <cstdint>
#include <memory>
#include <string_view>

namespace xdpbridge {

struct BridgeState;

// Names as the CLI, the JSON and the docs print them.
[[nodiscard]] std::string_view name_of(xdpb_drop_reason reason) noexcept;
[[nodiscard]] std::string_view name_of(xdpb_hand_reason reason) noexcept;
[[nodiscard]] std::string_view name_of(xdpb_refusal_reason reason) noexcept;
[[nodiscard]] std::string_view name_of(xdpb_filter_reason reason) noexcept;
[[nodiscard]] std::string_view name_of(xdpb_stack_reason reason) noexcept;

// The counters of one port, summed over all CPUs. Bytes are those of the Ethernet frame without
// FCS.
struct PortCounters : xdpb_counters {
    [[nodiscard]] std::uint64_t handed_total() const noexcept;
    [[nodiscard]] std::uint64_t dropped_total() const noexcept;
    [[nodiscard]] std::uint64_t refused_total() const noexcept;
    // rx = forwarded + flooded + answered + passed + handed + dropped. Holds whenever no frame is
    // on its way.
    [[nodiscard]] bool balanced() const noexcept;
};

// From Bridge::stats(). Counters start at 0 when a port is added and never go back.
class Stats {
  public:
    explicit Stats(std::shared_ptr<BridgeState> state) noexcept : state_(std::move(state)) {}
    // What one hook did: what XDP passes or hands over, tc receives again.
    [[nodiscard]] PortCounters port(std::uint16_t number, xdpb_hook hook) const;
    // The sum of both hooks.
    [[nodiscard]] PortCounters port(std::uint16_t number) const;

  private:
    std::shared_ptr<BridgeState> state_;
};

} // namespace xdpbridge
