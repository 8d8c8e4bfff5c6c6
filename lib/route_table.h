// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The maps "routes4" and "routes6". The caller holds the bridge's exclusive lock to change
// anything.
#pragma once
#include "bridge_state.h"

#include <xdpbridge/route.h>

namespace xdpbridge {

// Visits every route, IPv4 first. It may stop by returning false.
void for_each_route(const BridgeState& state, const std::function<bool(const Route&)>& visit);

// Adds or replaces one; flags as of bpf_map_update_elem. Returns 0 or the negative errno.
int put_route(const BridgeState& state, const Route& route, std::uint64_t flags = BPF_ANY);
// The same for many, of any family, in few system calls; on an error some may be there.
int put_routes(const BridgeState& state, std::span<const Route> routes);
// The route of exactly this prefix that was there.
std::optional<Route> take_route(const BridgeState& state, const IpPrefix& prefix);

// Deletes the routes by a port, and makes the kernel forget its gateways. port 0: all routes.
std::size_t flush_routes(const BridgeState& state, std::uint16_t port);

} // namespace xdpbridge
