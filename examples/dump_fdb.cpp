// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Prints who is where: each MAC address a bridge knows, the port it is behind, and how many
// milliseconds ago it was last heard of.
#include <xdpbridge/xdpbridge.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>

int main(int argc, char** argv) try {
    if (argc != 2) {
        std::cerr << "usage: dump_fdb BRIDGE\n";
        return EXIT_FAILURE;
    }
    const auto bridge = xdpbridge::Bridge::open(argv[1]);
    std::map<std::uint16_t, std::string> devices;
    for (const auto& port : bridge.ports().list())
        devices[port.number] = port.device;
    for (const auto& entry : bridge.fdb().entries()) {
        const auto idle = std::chrono::duration_cast<std::chrono::milliseconds>(entry.idle);
        std::cout << entry.mac.to_string() << ' ' << devices[entry.port] << ' ' << idle.count()
                  << '\n';
    }
    return EXIT_SUCCESS;
} catch (const xdpbridge::Error& error) {
    std::cerr << error.what() << '\n';
    return EXIT_FAILURE;
}
