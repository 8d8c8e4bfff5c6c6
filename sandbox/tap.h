#pragma once

#include "sandbox/fd.h"
#include "sandbox/frames.h"

#include <atomic>
#include <chrono>
#include <span>
#include <string>
#include <thread>

namespace xdpbridge::sandbox {

// Whole frames, read and written without blocking. Makes the tap, for as long as this is open,
// unless it is there already (Sandbox::add_tap).
Fd open_tap(const std::string& netns, const std::string& name, bool multi_queue = false);

// A tap device with this program on its other side, where a VM would be. It goes with the object.
class Tap {
  public:
    // Created in `netns`, and up.
    Tap(const std::string& netns, const std::string& name);

    const std::string& name() const { return name_; }
    int fd() const { return fd_.get(); }

    // The next frame that the network sends to the VM, into `buffer`; its length, 0 when the time
    // is over.
    size_t read(std::span<uint8_t> buffer, std::chrono::milliseconds timeout);

    // Sends a frame from the VM into the network. It is lost, without an error, while the tap is
    // down.
    void write(std::span<const uint8_t> frame);

  private:
    std::string name_;
    Fd fd_;
};

// A tap with a minimal host on it, in place of a VM: it answers ARP requests and pings for one
// address.
class TapHost {
  public:
    TapHost(const std::string& netns, const std::string& name, const Mac& mac, const Ip4& ip);

    const std::string& name() const { return tap_.name(); }
    uint64_t frames_read() const { return frames_read_; }

    // Sends a frame from this host, which may be any frame.
    void send(std::span<const uint8_t> frame) { tap_.write(frame); }

  private:
    void answer(std::stop_token stop);

    Tap tap_;
    Mac mac_;
    Ip4 ip_;
    std::atomic<uint64_t> frames_read_ = 0;
    std::jthread thread_; // last, so that it ends before what it uses
};

} // namespace xdpbridge::sandbox
