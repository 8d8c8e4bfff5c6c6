// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Creates a bridge with two access ports and a router between their VLANs:
//     route_between_vlans br0 tap0 10 tap1 20
// Then give each SVI an address: ip address add 10.0.10.1/24 dev svi10
#include <xdpbridge/xdpbridge.h>

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

void add_access_port(const xdpbridge::Bridge& bridge, const std::string& device, int vlan) {
    const auto vid = static_cast<std::uint16_t>(vlan);
    bridge.ports().add(device);
    bridge.vlans().add(device, {vid, vid}, {.pvid = true, .untagged = true});
    bridge.svis().add("svi" + std::to_string(vlan), {.vlan = vid});
}

} // namespace

int main(int argc, char** argv) try {
    if (argc != 6) {
        std::cerr << "usage: route_between_vlans BRIDGE DEVICE VLAN DEVICE VLAN\n";
        return EXIT_FAILURE;
    }
    xdpbridge::mount_bpffs();
    const auto bridge = xdpbridge::Bridge::create(argv[1], {.vlan_aware = true, .default_pvid = 0});
    add_access_port(bridge, argv[2], std::stoi(argv[3]));
    add_access_port(bridge, argv[4], std::stoi(argv[5]));
    return EXIT_SUCCESS;
} catch (const xdpbridge::Error& error) {
    std::cerr << error.what() << '\n' << error.detail();
    return EXIT_FAILURE;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return EXIT_FAILURE;
}
