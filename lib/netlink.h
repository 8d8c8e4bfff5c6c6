// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace xdpbridge {

// A network device as the kernel tells it (RTM_GETLINK) in the calling thread's namespace.
struct Link {
    std::uint32_t ifindex = 0;
    std::string name;
    std::string kind; // IFLA_INFO_KIND: "veth", "tun", ... ; "" for hardware
    std::uint32_t mtu = 0;
    std::uint32_t master = 0; // ifindex of the device it is enslaved to, 0: none
    std::uint32_t xdp_prog_id = 0;
    bool up = false;
    bool loopback = false;
};

std::optional<Link> link_by_name(const std::string& name);
std::optional<Link> link_by_index(std::uint32_t ifindex);

} // namespace xdpbridge
