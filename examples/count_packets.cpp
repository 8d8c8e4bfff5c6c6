// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Prints, for each port of a bridge, the packets received, sent and dropped.
#include <xdpbridge/xdpbridge.h>

#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) try {
    if (argc != 2) {
        std::cerr << "usage: count_packets BRIDGE\n";
        return EXIT_FAILURE;
    }
    const auto bridge = xdpbridge::Bridge::open(argv[1]);
    for (const auto& port : bridge.ports().list()) {
        const auto counters = bridge.stats().port(port.number);
        std::cout << port.device << " rx " << counters.rx_packets << " tx " << counters.tx_packets
                  << " dropped " << counters.dropped_total() << '\n';
    }
    return EXIT_SUCCESS;
} catch (const xdpbridge::Error& error) {
    std::cerr << error.what() << '\n';
    return EXIT_FAILURE;
}
