// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// `ip link add|set|del`, in the calling thread's namespace. All return 0 or the errno.
#pragma once
#include <xdpbridge/mac.h>

#include <cstdint>
#include <optional>
#include <string>

namespace xdpbridge {

// Two ends of a veth, both down. mac: of the first one; the kernel makes up what is not given.
int create_veth(const std::string& name, const std::string& peer, const std::optional<Mac>& mac);
// A veth goes with its other end.
int delete_link(std::uint32_t ifindex);
int set_up(std::uint32_t ifindex);
int set_mtu(std::uint32_t ifindex, std::uint32_t mtu);
int set_master(std::uint32_t ifindex, std::uint32_t master);
// No IPv6 address of its own on the device, and so no frames that ask for one.
int set_no_link_local_address(std::uint32_t ifindex);

} // namespace xdpbridge
