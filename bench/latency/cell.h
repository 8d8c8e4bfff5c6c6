// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// One measurement: one receiver, one load, one period of the probes.
#pragma once
#include "load.h"
#include "net.h"
#include "receiver.h"

#include <chrono>
#include <string>
#include <vector>

namespace xdpbridge::bench {

enum class ReceiverKind { reader, slow, guest };
std::string_view name(ReceiverKind receiver);
std::string_view about(ReceiverKind receiver);

struct Cell {
    ReceiverKind receiver;
    LoadKind load;
    std::chrono::microseconds period;
    auto operator<=>(const Cell&) const = default;
};
std::string name(const Cell& cell); // "slow-above-1000us"

struct Measured {
    std::vector<std::uint64_t> latencies = {}; // ns, of the probes that came
    std::uint64_t sent = 0;                    // probes
    std::uint64_t late = 0;                    // probes that never were, their time being over
    double offered = 0, delivered = 0;         // frames of the load per second
};

// The path is set up, and the receiver there.
Measured measure(const Cell& cell, const Target& target, Receiver& receiver,
                 std::chrono::nanoseconds duration, double drain_rate);

} // namespace xdpbridge::bench
