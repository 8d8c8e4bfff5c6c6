// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fuzz.h"

#include "lib/fdb_file.h"
#include "lib/route_file.h"

#include <xdpbridge/error.h>

#include <sstream>

namespace xdpbridge::test {

namespace {

const std::map<std::uint16_t, std::string> devices = {
    {1, "eth0"}, {2, "tap0"}, {3, "dev"}, {4, "vlan"}};

void read_fdb_twice(std::string_view text, const FdbFileBridge& bridge) {
    try {
        std::istringstream in{std::string(text)};
        std::string printed, again;
        for (const auto& entry : read_fdb(in, bridge)) {
            require(!entry.mac.is_multicast() && !entry.mac.is_zero(), "an entry is a host's");
            require(entry.vlan <= (bridge.vlan_aware ? 4094 : 0),
                    "an entry has a VLAN that may be");
            add_fdb_line(printed, entry, devices.at(entry.port));
        }
        std::istringstream in_again(printed);
        for (const auto& entry : read_fdb(in_again, bridge))
            add_fdb_line(again, entry, devices.at(entry.port));
        require(printed == again, "a file is read as it is saved");
    } catch (const Error& error) {
        require_invalid(error);
    }
}

} // namespace

void fuzz_fdb_file(std::string_view text) {
    FdbFileBridge bridge{.name = "br0"};
    for (const auto& [number, device] : devices)
        bridge.ports.emplace(device, number);
    read_fdb_twice(text, bridge);
    bridge.vlan_aware = true;
    read_fdb_twice(text, bridge);
}

void fuzz_route_file(std::string_view text) {
    try {
        std::istringstream in{std::string(text)};
        const auto routes = read_routes(in, "br0", devices);
        std::string printed;
        for (const auto& route : routes)
            add_route_line(printed, route,
                           route.type == RouteType::unicast ? devices.at(route.port) : "");
        std::istringstream in_again(printed);
        require(read_routes(in_again, "br0", devices) == routes, "a file is read as it is saved");
    } catch (const Error& error) {
        require_invalid(error);
    }
}

} // namespace xdpbridge::test
