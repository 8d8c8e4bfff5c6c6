// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The network that all paths are measured in:
//
//     namespace "sender"           namespace "switch"
//     probes, load -- wire ========= uplink -- PATH -- vm0 -- the receiver
//
// All traffic leaves by wire. It has no offloads, so that each frame is complete, as from a real
// wire. A path joins uplink and vm0, each its own way.
#pragma once
#include "probe.h"

#include <sandbox/sandbox.h>

#include <string>

namespace xdpbridge::bench {

inline const std::string switch_netns = "switch";
inline const std::string sender_netns = "sender";
inline const std::string uplink = "uplink"; // in switch_netns
inline const std::string wire = "wire";     // in sender_netns
inline const std::string sender_ipv4 = "10.77.0.1";

// A tap that a path leads to, and the address behind it.
struct Target {
    std::string tap, mac, ipv4;
};
// Read by a thread of ours, and by a guest.
inline const Target reader_target{"vm0", "02:00:00:00:01:00", "10.77.0.100"};
inline const Target guest_target{"vm1", "02:00:00:00:01:01", "10.77.0.200"};

class Net {
  public:
    Net();
    sandbox::Sandbox& box() { return box_; }
    static Line line(const Target& target); // for probes to it
    // By a device, ever; by a tap: what was read from it.
    static std::uint64_t frames_sent(const std::string& netns, const std::string& device);

  private:
    sandbox::Sandbox box_;
};

} // namespace xdpbridge::bench
