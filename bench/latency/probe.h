// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A probe is a small frame that carries when it was sent. One clock, CLOCK_MONOTONIC of this
// machine, is read at both ends.
#pragma once
#include <sandbox/frames.h>
#include <sandbox/fd.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace xdpbridge::bench {

inline constexpr std::size_t probe_size = 64;
inline constexpr std::uint16_t probe_ethertype = 0x88f7; // PTP

struct Probe {
    std::uint32_t run;      // which cell it belongs to
    std::uint32_t sequence; // from 0
    std::uint64_t sent;     // now() when it left
};

std::uint64_t now(); // ns
std::optional<Probe> parse_probe(std::span<const std::uint8_t> frame);
void write_probe(std::span<std::uint8_t, probe_size> frame, const Probe& probe);

// What is sent from, and to.
struct Line {
    std::string netns, device;
    sandbox::Mac from, to;
};

// Sends one each period from the constructor on, in a thread's time: call run() from one.
class ProbeSender {
  public:
    ProbeSender(const Line& line, std::chrono::microseconds period);

    struct Sent {
        std::uint32_t probes = 0;
        std::uint32_t late = 0; // periods that were over before their probe could be sent
    };
    // For so long. A period that was missed stays without a probe: no two follow one another.
    Sent run(std::uint32_t run, std::chrono::nanoseconds duration);

  private:
    std::chrono::nanoseconds period_;
    std::array<std::uint8_t, probe_size> frame_{};
    sandbox::Fd socket_;
};

} // namespace xdpbridge::bench
