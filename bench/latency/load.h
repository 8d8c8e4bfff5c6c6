// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What else is on its way to the VM while probes are.
#pragma once
#include "net.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace xdpbridge::bench {

enum class LoadKind {
    none,
    udp3,   // three senders, as fast as they can
    bursts, // 500 frames back to back each 10 ms
    below,  // evenly, 0.8 times what the slow reader drains
    at,     // 1.0 times
    above,  // 1.5 times
    tcp3,   // three TCP flows, to a guest only
};
inline constexpr std::array all_loads{LoadKind::none,  LoadKind::udp3, LoadKind::bursts,
                                      LoadKind::below, LoadKind::at,   LoadKind::above,
                                      LoadKind::tcp3};
std::string_view name(LoadKind load);
std::string_view about(LoadKind load);

inline constexpr std::uint16_t load_udp_port = 9; // discard (RFC 863)

// Runs from its making until it is destroyed.
class Load {
  public:
    virtual ~Load() = default;
    [[nodiscard]] virtual std::uint64_t sent() const = 0; // frames
};
// To the target from the sender's namespace. drain_rate: frames per second that the slow reader
// takes.
std::unique_ptr<Load> start_load(LoadKind kind, const Target& target, double drain_rate);

} // namespace xdpbridge::bench
