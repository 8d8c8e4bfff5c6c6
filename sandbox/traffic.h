#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace xdpbridge::sandbox {

// A network that loses traffic is a result here, not an error. Addresses are numeric, IPv4 or IPv6.

struct Ping {
    int sent = 0;
    int received = 0;
    double min_ms = 0, avg_ms = 0, max_ms = 0, mdev_ms = 0;
};

// By the program `ping`, 20 per second; `size` is that of the payload.
Ping ping(const std::string& netns, const std::string& address, int count, int size = 56);

// From what `ping` printed: that of iputils, or of busybox, which tells no mdev.
Ping parse_ping(const std::string& output);

struct UdpEcho {
    int sent = 0;
    int received = 0;
};

// The client sends a datagram and waits up to 200 ms for its echo, `count` times. `address` is the
// server's.
UdpEcho udp_echo(const std::string& server_netns, const std::string& client_netns,
                 const std::string& address, int count, size_t size = 64);

struct Transfer {
    uint64_t sent = 0;
    uint64_t received = 0;
    uint32_t sent_cksum = 0; // as `cksum` prints it
    uint32_t received_cksum = 0;
    double seconds = 0; // from the connect until the server has it all
    std::string error;  // why it ended early

    bool intact() const {
        return error.empty() && received == sent && received_cksum == sent_cksum;
    }
    double gbit_per_second() const;
};

// The client sends `bytes` random bytes by TCP. `address` is the server's.
Transfer tcp_transfer(const std::string& server_netns, const std::string& client_netns,
                      const std::string& address, uint64_t bytes);

} // namespace xdpbridge::sandbox
