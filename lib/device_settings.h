// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What a device has to be set to as a port. What was changed is noted in the port's flags, so that
// any process can change it back.
#pragma once
#include "bridge_state.h"
#include "netlink.h"

namespace xdpbridge {

// The device feature that takes a VLAN tag out of the frame before XDP sees it.
inline constexpr const char* rx_vlan_feature = "rx-vlan-hw-parse";

// The MTU up to which a frame fits into one page, beside XDP's headroom and the skb's shared info.
inline constexpr std::uint32_t page_mtu = 3498;

// Promiscuity, for what other MACs the hosts behind other ports have; and at XDP, VLAN tags left in
// the frame.
void apply_settings(const BridgeState& state, std::uint16_t port, const Link& link,
                    const std::string& doing);
// Returns 0, or the errno if it lacked the memory to.
int restore_settings(const BridgeState& state, std::uint16_t port) noexcept;

// Looks again at what devices can change at any time: their MTU, and whether they take frames from
// XDP. The data plane sends by tc to those that do not.
void refresh_ports(const BridgeState& state);

} // namespace xdpbridge
