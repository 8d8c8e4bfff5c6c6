// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Something to carry, and who carries it: measured one after the other on the same devices.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

namespace xdpbridge::bench {

enum class Side : std::uint8_t { kernel_bridge, ours, classes };
std::string_view name(Side side);

class Contest {
  public:
    virtual ~Contest() = default;
    virtual double measure(Side side) = 0;
};

std::unique_ptr<Contest> tcp_between_veths();        // Gbit/s, all offloads on
std::unique_ptr<Contest> tcp_to_vm();                // Gbit/s, from a host
std::unique_ptr<Contest> small_frames_to_tap();      // Mframe/s that a reader gets
std::unique_ptr<Contest> small_frames_to_slow_tap(); // likewise, that needs 5 us for each

} // namespace xdpbridge::bench
