// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Network devices as the kernel tells them, in the calling thread's namespace. All throw Error when
// netlink itself fails.
#pragma once
#include <xdpbridge/mac.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>

namespace xdpbridge {

// RTM_GETLINK
struct Link {
    std::uint32_t ifindex = 0;
    std::string name;
    std::string kind; // IFLA_INFO_KIND: "veth", "tun", ... ; "" for hardware
    std::uint32_t mtu = 0;
    std::uint32_t master = 0;       // ifindex of the device it is enslaved to, 0: none
    std::uint32_t peer = 0;         // IFLA_LINK: of a veth the ifindex of its other end
    bool peer_is_elsewhere = false; // in another namespace
    Mac mac;
    std::uint32_t xdp_prog_id = 0;
    std::uint32_t rx_queues = 1;
    std::uint32_t tx_queues = 1;
    std::uint64_t tx_dropped = 0; // frames, by the device
    bool up = false;
    bool loopback = false;
    bool promiscuous = false; // asked for by a user, as `ip link` shows it
    bool carrier = false;     // of a tap: somebody reads it
    bool vnet_hdr = false;    // of a tap: frames have a header that tells of offloads
};

std::optional<Link> link_by_name(const std::string& name);
std::optional<Link> link_by_index(std::uint32_t ifindex);

// What a driver's XDP can do; nullopt before Linux 6.3, which does not tell.
struct XdpFeatures {
    bool native;     // runs programs (NETDEV_XDP_ACT_BASIC)
    bool xmit;       // takes frames that XDP redirects to it (NDO_XMIT)
    bool xmit_frags; // and those of several buffers (NDO_XMIT_SG)
};
std::optional<XdpFeatures> xdp_features(std::uint32_t ifindex);

// Names of the device features that are on, as `ethtool -k` has them in its long form
// ("rx-vlan-hw-parse", "tx-checksum-ip-generic").
std::set<std::string> active_features(std::uint32_t ifindex);

// The driver's name, "" where there is none to tell.
std::string driver_of(const std::string& device);

// `ip link set DEV promisc on|off` and `ethtool -K DEV FEATURE on|off`. Return 0 or the errno.
int set_promiscuous(std::uint32_t ifindex, bool on);
int set_feature(std::uint32_t ifindex, const char* feature, bool on);

} // namespace xdpbridge
