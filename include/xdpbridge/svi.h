// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/mac.h>
#include <xdpbridge/port.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace xdpbridge {

struct BridgeState;

struct SviOptions {
    std::uint16_t vlan = 0;      // of a VLAN-aware bridge 1 to 4094, else 0
    std::optional<Mac> mac = {}; // the router's in this VLAN; empty: the kernel makes one up
    std::string vrf = {};        // a device of kind "vrf"; empty: the main routing tables
};

struct SviInfo {
    std::string device;   // the host's end, or the last name known when gone
    std::string port;     // the bridge's end
    std::uint16_t number; // of the port
    std::uint16_t vlan;
    Mac mac;
    std::uint32_t ifindex; // of the host's end
    std::uint32_t mtu;     // bytes, 0 when gone
    std::string master;    // the VRF's device, "" for none
    PortState state;       // of the host's end
};

// Switch virtual interfaces, from Bridge::svis(): interfaces of the host in a VLAN of the bridge.
// What hosts send to an SVI's MAC is routed by the data plane, with the kernel's own routes and
// neighbours, and leaves in the VLAN of another SVI or by a routed port; addresses are given to the
// SVI by `ip address`. What needs the host's stack gets there through the SVI.
//
// The data plane finds a MAC or MTU that is changed later by `ip link set` the next time a port is
// added, set or removed. Until then frames to the new MAC are switched to the host's stack, which
// routes them.
class Svis {
  public:
    explicit Svis(std::shared_ptr<BridgeState> state) noexcept : state_(std::move(state)) {}

    // Makes a veth, of which one end is the host's, called name, and the other, called name +
    // "-br", a port in that VLAN alone, untagged. Both are up. All or nothing. EEXIST (a device of
    // that name), EINVAL (name, VLAN, MAC or VRF), ENODEV (no such VRF), ENOSPC (ports or FDB
    // full).
    void add(const std::string& name, const SviOptions& options = {});
    // Deletes the veth, and with it its addresses and routes. ENOENT.
    void remove(const std::string& name);
    [[nodiscard]] std::vector<SviInfo> list() const; // by port number

  private:
    std::shared_ptr<BridgeState> state_;
};

} // namespace xdpbridge
