// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Creates a bridge of two devices, which goes on after this program has ended:
//     attach_two_ports br0 eth0 tap0
#include <xdpbridge/xdpbridge.h>

#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) try {
    if (argc != 4) {
        std::cerr << "usage: attach_two_ports BRIDGE DEVICE DEVICE\n";
        return EXIT_FAILURE;
    }
    xdpbridge::mount_bpffs();
    const auto bridge = xdpbridge::Bridge::create(argv[1]);
    bridge.ports().add(argv[2]);
    bridge.ports().add(argv[3]);
    return EXIT_SUCCESS;
} catch (const xdpbridge::Error& error) {
    std::cerr << error.what() << '\n' << error.detail();
    return EXIT_FAILURE;
}
