// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Who gets the probes: in place of a VM a thread that reads a tap, or a VM (guest.h).
#pragma once
#include <sandbox/fd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace xdpbridge::bench {

class Receiver {
  public:
    virtual ~Receiver() = default;
    // From now on probes of this run are noted; what waits from before is thrown away.
    virtual void start(std::uint32_t run) = 0;
    // Frames that were no probes, since start.
    virtual std::uint64_t others() = 0;
    // The latencies of all probes that came, in ns, each once.
    virtual std::vector<std::uint64_t> stop() = 0;
};

// Reads without ever sleeping, so that nobody has to wake it. Several queues of a device are read
// in turn. A frame takes at least `drain`, reading included: at 0 it reads as fast as it can.
class Reader : public Receiver {
  public:
    // The file descriptors stay the caller's.
    Reader(std::vector<int> queues, std::chrono::nanoseconds drain)
        : queues_(std::move(queues)), drain_(drain) {}
    void start(std::uint32_t run) override;
    std::uint64_t others() override { return others_; }
    std::vector<std::uint64_t> stop() override;

  private:
    void read_all(std::uint32_t run, const std::stop_token& stop);
    void note(std::uint32_t sequence, std::uint64_t latency);

    std::vector<int> queues_;
    std::chrono::nanoseconds drain_;
    std::atomic<std::uint64_t> others_ = 0;
    std::vector<std::uint64_t> latencies_;
    std::vector<bool> seen_; // by sequence number
    std::jthread thread_;    // last, so that it ends before what it uses
};

} // namespace xdpbridge::bench
