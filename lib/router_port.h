// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Ports that are the router's own: what the data plane has to know of the interface behind them.
// The caller holds the bridge's exclusive lock and is in the namespace of its ports.
#pragma once
#include "bridge_state.h"
#include "netlink.h"

namespace xdpbridge {

// Looks at the interface again: its MAC may have changed, and the bridge's end of an SVI shall have
// the MTU of the host's. Returns 0 or the negative errno. Does nothing for a switched port.
int refresh_router_port(const BridgeState& state, std::uint16_t port, const Link& device);

// What refresh_router_port put elsewhere than in the port's own slot.
void disconnect_router_port(const BridgeState& state, std::uint16_t port) noexcept;

// The veth that `svi add` has made for this port, if it is there still: the host's end.
std::optional<Link> svi_device(const BridgeState& state, std::uint16_t port);
// Returns 0, or the errno if it lacked the memory to.
int delete_svi_device(const BridgeState& state, std::uint16_t port) noexcept;

// Names of the two ends.
inline constexpr const char* svi_port_suffix = "-br";
std::string svi_port_name(const std::string& svi);

} // namespace xdpbridge
