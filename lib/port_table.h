// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The map "ports" by the names of devices. The caller holds a lock of the bridge and is in the
// namespace of its ports.
#pragma once
#include "bridge_state.h"
#include "netlink.h"

#include <xdpbridge/port.h>

#include <optional>

namespace xdpbridge {

// Whether the slot is taken.
bool used(const xdpb_port& slot);

// Of the program that tells whether the port is still attached: at XDP if it has one there. 0: it
// is not.
std::uint32_t attached_program_id(const BridgeState& state, std::uint16_t port,
                                  std::uint32_t ifindex);

// The device behind a port, nullopt when it is gone. The name may have changed, and a new device
// may have the old name or, in another namespace, the old number: what counts is that our program
// is on it.
std::optional<Link> device_of(const BridgeState& state, std::uint16_t port);

PortInfo describe(const BridgeState& state, std::uint16_t number);

// A live device's present name wins over the old name of a port that is gone.
std::optional<std::uint16_t> find_port(const BridgeState& state, const std::string& device);

// ENOENT
std::uint16_t require_port(const BridgeState& state, const std::string& device,
                           const std::string& doing);

} // namespace xdpbridge
