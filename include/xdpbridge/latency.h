// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/abi.h>
#include <xdpbridge/class.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace xdpbridge {

struct BridgeState;

// Names as the CLI, the JSON and the docs print them.
[[nodiscard]] std::string_view name_of(xdpb_latency_part part) noexcept;

// Times in ns. A bucket is a sixteenth of its times wide, so what is said of them is off by half
// that, 3.2 %, at most; count, mean, min and max are exact.
struct LatencyHistogram : xdpb_histogram {
    // The first and the last time that a bucket is for.
    [[nodiscard]] static std::uint64_t first_of(std::size_t bucket) noexcept;
    [[nodiscard]] static std::uint64_t last_of(std::size_t bucket) noexcept;

    [[nodiscard]] std::uint64_t mean() const noexcept; // 0 without any
    // The time that so many of a hundred do not exceed; 0 without any.
    [[nodiscard]] std::uint64_t percentile(double percent) const noexcept;
    LatencyHistogram& operator+=(const xdpb_histogram& other) noexcept;
};

// How long frames of a class stayed in a part of the switch on their way out of a port.
struct PortLatency {
    std::uint16_t port;
    LatencyClass latency_class;
    xdpb_latency_part part;
    LatencyHistogram times;
};

// Measures how long frames stay in the switch, from Bridge::latency(), for as long as this object
// lives. One at a time; should its process be killed, the next command that changes the bridge
// turns it off, and until then it costs each frame some time, and no more. What the parts leave
// out: bpf/latency.h and bpf/tap_residence.h.
class Latency {
  public:
    // EBUSY: somebody else measures. EPERM: the kernel does not let programs look into it
    // (CAP_PERFMON, BTF; no lockdown for confidentiality).
    explicit Latency(std::shared_ptr<BridgeState> state);
    Latency(Latency&&) noexcept;
    Latency& operator=(Latency&&) noexcept;
    Latency(const Latency&) = delete;
    Latency& operator=(const Latency&) = delete;
    ~Latency();

    // Since the last call, or the beginning, by port, class and part; those without a frame are
    // left out. Ports that are new are measured from this call on.
    std::vector<PortLatency> take();
    // Whether the port is a tap, of which there is the part "queue".
    [[nodiscard]] bool has_queue(std::uint16_t port) const noexcept;

  private:
    struct Measurement;
    std::unique_ptr<Measurement> measurement_;
};

} // namespace xdpbridge
