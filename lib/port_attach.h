// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// How a device becomes a port. The caller holds the bridge's exclusive lock and is in the namespace
// of its ports.
#pragma once
#include "bridge_state.h"
#include "netlink.h"

#include <xdpbridge/port.h>

namespace xdpbridge {

// Of xdpb_port.flags, those that are not found out when a device is connected.
constexpr std::uint32_t port_settings_mask =
    XDPB_PORT_USED | XDPB_PORT_LEARNING | XDPB_PORT_BULK_GRO;

struct Connection {
    Hook hook;
    XdpMode mode;
    std::optional<bool> bulk_gro; // empty: as suits the device; else the port's flag has it
};

// EINVAL: a port of the router cannot be that. features: of xdpb_port_feature.
void require_role(std::uint32_t features, const PortSettings& settings, bool learning,
                  const std::string& doing);

// A new port without a device yet. features: what it is to the router, 0 for a switched port. From
// here to the end of connect_port a kill leaves what clear_port takes apart.
std::uint16_t claim_slot(const BridgeState& state, const PortOptions& options,
                         std::uint32_t features, const std::string& name, const std::string& doing);

// Attaches the programs and starts to forward.
void connect_port(const BridgeState& state, std::uint16_t number, const Link& link,
                  const Connection& wanted, const std::string& doing);

// The number of the port that device is now, or again. All or nothing.
std::uint16_t attach_port(const BridgeState& state, const std::string& device,
                          const PortOptions& options, const std::string& doing);

} // namespace xdpbridge
