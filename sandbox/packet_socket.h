#pragma once

#include "sandbox/fd.h"
#include "sandbox/frames.h"

#include <chrono>
#include <optional>
#include <span>
#include <string>

namespace xdpbridge::sandbox {

// Sends and receives whole frames on a device, as tests do in the place of a host's network stack.
class PacketSocket {
  public:
    PacketSocket(const std::string& netns, const std::string& device);

    void send(std::span<const uint8_t> frame);

    // The next frame that came in since this was opened, with its VLAN tag; nothing when the time
    // is over.
    std::optional<Frame> receive(std::chrono::milliseconds timeout);

  private:
    std::string where_; // for messages
    Fd fd_;
};

} // namespace xdpbridge::sandbox
