// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What can be set on the switch, as plain data: the model reads it, and the switch under test is
// brought to it. Settings that are fixed for a bridge's life are in SwitchSetup.
#pragma once
#include <xdpbridge/acl.h>
#include <xdpbridge/bridge.h>
#include <xdpbridge/guard.h>
#include <xdpbridge/neighbour.h>
#include <xdpbridge/port.h>
#include <xdpbridge/route.h>

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xdpbridge::model {

using PortNumber = std::uint16_t;
using Vid = std::uint16_t;

// The bridge's TPID says what it is: not VLAN-aware, of 802.1Q, or of 802.1ad.
enum class Kind : std::uint16_t { plain = 0, vlan = 0x8100, provider = 0x88a8 };

struct SwitchSetup {
    Kind kind = Kind::plain;
    Hook hook = Hook::xdp; // of every port but the SVI's
};

// The ports that every bridge has: of hosts, then one of the router, then the SVI's.
constexpr PortNumber host_ports = 4;
constexpr PortNumber routed_port = 5;
constexpr PortNumber svi_port = 6;
constexpr PortNumber last_port = svi_port;
constexpr unsigned mtu = 1500;
constexpr unsigned fdb_size = 24;

constexpr Mac routed_mac{{0x02, 0, 0, 0, 0xfe, routed_port}};
constexpr Mac svi_mac{{0x02, 0, 0, 0, 0xfe, svi_port}};
// Gateways that are always known, behind either port of the router: of one that is not the kernel
// would be told to look for it. The last octet of the address; of the MAC it is that less 200.
constexpr std::uint8_t first_gateway = 201, last_gateway = 203;

constexpr Vid svi_vlan(Kind kind) {
    return kind == Kind::plain ? 0 : 10;
}

struct PortConfig {
    bool learning = true;
    unsigned quota = 0;
    bool isolated = false;
    bool tunnel = false;
    unsigned priority = 0;
    bool set_priority = false;
    unsigned source_guard = 0; // enum SourceGuard
    bool arp_guard = false;
    bool dhcp_guard = false;
    bool ra_guard = false;
    bool bpdu_guard = false;
    unsigned openings = 0; // how often the BPDU guard was set, which opens the port

    Vid pvid = 0;
    std::map<Vid, bool> vlans; // those it is in; true: leaves untagged

    bool operator==(const PortConfig&) const = default;
};

using NeighbourKey = std::pair<NeighbourDomain, Ip>;

struct Config {
    explicit Config(Kind kind);

    unsigned ageing = 330; // seconds
    std::array<ReservedPolicy, XDPB_RESERVED_GROUPS> reserved{};
    std::array<PortConfig, last_port + 1> ports; // by number
    std::set<Binding> bindings;
    std::vector<AclRule> acl;
    std::map<IpPrefix, Route> routes;
    std::map<NeighbourKey, Mac> neighbours;

    [[nodiscard]] bool is_member(PortNumber port, Vid vid) const;
};

Ip gateway4(std::uint8_t last_octet);  // 10.0.0.X
Ip gateway6(std::uint8_t last_octet);  // fd00::X
Mac host_mac(std::uint8_t last_octet); // 02:00:00:00:00:X

// Names in text and on the command line.
std::string_view name_of(Kind kind);
std::string_view name_of(Hook hook);
Kind kind_of(std::string_view name); // throws std::invalid_argument, as hook_of does
Hook hook_of(std::string_view name);
std::string device_of(PortNumber port); // "p1"; of the SVI the host's end, "svi"
std::string router_device_of(PortNumber port);

} // namespace xdpbridge::model
