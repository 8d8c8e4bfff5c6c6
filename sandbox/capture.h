#pragma once

#include "sandbox/frames.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

struct pcap; // libpcap's pcap_t

namespace xdpbridge::sandbox {

struct CaptureOptions {
    std::string filter{};  // as for tcpdump; empty: all
    bool outgoing = false; // also what this machine sends
};

// Collects the frames of a device from the constructor's return on, VLAN tags included.
//
// It sees what the network stack sees. A frame that an XDP program on this device redirects or
// drops never gets there: capture at the host's end of the veth.
class Capture {
  public:
    Capture(const std::string& netns, const std::string& device,
            const CaptureOptions& options = {});

    std::vector<Frame> frames() const;

    using Predicate = std::function<bool(const Frame&)>;

    // Waits until `count` frames (that satisfy the predicate) are there; false when the time is
    // over.
    bool wait_for(size_t count, std::chrono::milliseconds timeout) const;
    bool wait_for(const Predicate& wanted, std::chrono::milliseconds timeout,
                  size_t count = 1) const;

  private:
    void collect(std::stop_token stop);

    std::unique_ptr<pcap, void (*)(pcap*)> pcap_;
    mutable std::mutex mutex_;
    mutable std::condition_variable arrived_;
    std::vector<Frame> frames_;
    std::jthread thread_; // last, so that it ends before what it uses
};

} // namespace xdpbridge::sandbox
