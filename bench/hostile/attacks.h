// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What a host may do to a switch, with and without what the switch has against it.
#pragma once
#include "bed.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace xdpbridge::bench {

struct AttackCell {
    std::string name;
    bool has_goal; // what the switch has against it is on
    BedOptions options;
    std::function<Traffic(Bed&)> traffic;
    // What the switch refused, from how many frames were sent and how many MACs were learned, and
    // what it says that it refused. Empty: nothing.
    std::string refused_as = {};
    std::function<std::uint64_t(std::uint64_t sent, std::uint64_t learned)> refused = {};
    std::function<std::uint64_t(const PortCounters&)> counted = {};
};

// share: of the frames of a full measurement.
std::vector<AttackCell> attacks(double share);

} // namespace xdpbridge::bench
