#pragma once

#include "sandbox/fd.h"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

// What traffic.cpp and vm_transfer.cpp need of sockets. Addresses are numeric, IPv4 or IPv6.
// A socket belongs to the network namespace it was opened in, whichever thread uses it later.
namespace xdpbridge::sandbox {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Bound to a free port of `address`, and listening if `type` is SOCK_STREAM.
Fd open_server(const std::string& netns, const std::string& address, int type);
uint16_t port_of(const Fd& server);

// Throws if there is no answer within 5 seconds (TCP).
Fd open_client(const std::string& netns, const std::string& address, uint16_t port, int type);

// The next client of a TCP server; throws if none comes in time.
Fd accept_client(const Fd& server, std::chrono::milliseconds timeout);

// Throws if nothing could be sent for 5 seconds, or the connection broke.
void send_all(const Fd& socket, std::span<const uint8_t> data);

// Up to the end of the stream, or `limit` bytes; less if the time is over. Throws if the connection
// broke.
std::vector<uint8_t> receive_all(const Fd& socket, size_t limit, Clock::time_point deadline);

// Different in each run, so that nothing left from an earlier one can pass for it.
std::vector<uint8_t> random_bytes(size_t count);

} // namespace xdpbridge::sandbox
