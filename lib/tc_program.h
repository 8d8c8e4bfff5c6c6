// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// One port's program at tc: a filter at clsact ingress, found again by its place.
#pragma once
#include "bridge_state.h"
#include "netlink.h"
#include "replacement.h"

#include <memory>

namespace xdpbridge {

// Attaches in the calling thread's namespace. On an error nothing has changed. Sets
// XDPB_PORT_MADE_CLSACT in the port's flags when the device had no clsact qdisc.
void attach_tc(const BridgeState& state, std::uint16_t port, const Link& link,
               const std::string& doing);

// The program of this version in the place of the one that is attached.
std::unique_ptr<Replacement> replace_tc(const BridgeState& state, std::uint16_t port,
                                        const Link& link, const std::string& doing);

// Takes the filter away, and the qdisc if we made it and nobody else uses it. Returns 0, or the
// errno if it lacked the memory to.
int detach_tc(const BridgeState& state, std::uint16_t port, std::uint32_t ifindex) noexcept;

// The id of the bridge's program at the clsact ingress of the port's device, 0: there is none of
// ours.
std::uint32_t attached_tc_id(const BridgeState& state, std::uint16_t port,
                             std::uint32_t ifindex) noexcept;

// Filters at the device's clsact, ingress and egress.
unsigned count_tc_filters(std::uint32_t ifindex);

} // namespace xdpbridge
