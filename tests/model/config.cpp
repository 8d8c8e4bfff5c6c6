// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/config.h"

#include <fmt/format.h>
#include <stdexcept>

namespace xdpbridge::model {

Config::Config(Kind kind) {
    for (std::uint8_t gateway = first_gateway; gateway <= last_gateway; gateway++)
        for (const Ip& ip : {gateway4(gateway), gateway6(gateway)}) {
            const Mac mac = host_mac(static_cast<std::uint8_t>(gateway - 200));
            neighbours[{{.vlan = svi_vlan(kind)}, ip}] = mac;
            neighbours[{{.port = routed_port}, ip}] = mac;
        }
    if (kind == Kind::plain)
        return;
    for (PortNumber port = 1; port <= host_ports; port++) {
        ports.at(port).pvid = 1; // the default PVID
        ports.at(port).vlans[1] = true;
    }
    ports.at(svi_port).pvid = svi_vlan(kind);
    ports.at(svi_port).vlans[svi_vlan(kind)] = true;
}

Ip gateway4(std::uint8_t last_octet) {
    return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, last_octet}};
}

Ip gateway6(std::uint8_t last_octet) {
    return {{0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last_octet}};
}

Mac host_mac(std::uint8_t last_octet) {
    return {{0x02, 0, 0, 0, 0, last_octet}};
}

bool Config::is_member(PortNumber port, Vid vid) const {
    return ports.at(port).vlans.contains(vid);
}

std::string_view name_of(Kind kind) {
    return kind == Kind::plain ? "plain" : kind == Kind::vlan ? "vlan" : "provider";
}

std::string_view name_of(Hook hook) {
    return hook == Hook::tc ? "tc" : "xdp";
}

Kind kind_of(std::string_view name) {
    for (const Kind kind : {Kind::plain, Kind::vlan, Kind::provider})
        if (name == name_of(kind))
            return kind;
    throw std::invalid_argument(fmt::format("no kind of bridge '{}'", name));
}

Hook hook_of(std::string_view name) {
    for (const Hook hook : {Hook::xdp, Hook::tc})
        if (name == name_of(hook))
            return hook;
    throw std::invalid_argument(fmt::format("no hook '{}'", name));
}

std::string device_of(PortNumber port) {
    return fmt::format("p{}", port);
}

std::string router_device_of(PortNumber port) {
    return port == svi_port ? "svi" : device_of(port);
}

} // namespace xdpbridge::model
