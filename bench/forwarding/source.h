// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Where frames come from. Beside run_program (prog_run.h), which is a driver that waits for the
// switch: a host's socket, and a source that waits for nobody.
#pragma once
#include "net.h"

#include <pace.skel.h>

namespace xdpbridge::bench {

// Sends the frame so many times from the far end of a port, by a packet socket. The switch runs as
// the softirq of the same thread. Returns CPU time a frame in ns. Frames that the device does not
// take are lost, and not sent again.
double send_by_socket(const std::string& device, const sandbox::Frame& frame, std::uint32_t count);

// Sends from the far end of a port, and the port's queue of 256 frames is all that waits for the
// switch, which has to run on another CPU (ForwardingNet::receive_on).
class PacedSource {
  public:
    // rate: frames a second; 0: as fast as it goes.
    PacedSource(const std::string& device, double rate);
    // Returns the seconds from the first to the last frame.
    double send(const sandbox::Frame& frame, std::uint32_t count);

  private:
    Loaded<pace> skeleton_;
    std::uint32_t ifindex_;
};

// The first of two CPUs for the source, the other one for the switch. Throws if there is one only.
class TwoCpus {
  public:
    TwoCpus(); // pins the calling thread, and lets it come before others there
    ~TwoCpus();
    TwoCpus(const TwoCpus&) = delete;
    TwoCpus& operator=(const TwoCpus&) = delete;
    static constexpr int source = 0, of_switch = 1;

  private:
    cpu_set_t before_{};
};

} // namespace xdpbridge::bench
