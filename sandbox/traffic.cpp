#include "sandbox/traffic.h"

#include "sandbox/cksum.h"
#include "sandbox/process.h"
#include "sandbox/sockets.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <thread>

using namespace std::chrono_literals;

namespace xdpbridge::sandbox {
Ping parse_ping(const std::string& output) {
    Ping ping;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        std::sscanf(line.c_str(), "%d packets transmitted, %d", &ping.sent, &ping.received);
        size_t times = line.find(" = ");
        if (line.find("min/avg/max") != std::string::npos && times != std::string::npos)
            std::sscanf(line.c_str() + times, " = %lf/%lf/%lf/%lf", &ping.min_ms, &ping.avg_ms,
                        &ping.max_ms, &ping.mdev_ms);
    }
    return ping;
}

Ping ping(const std::string& netns, const std::string& address, int count, int size) {
    RunOptions options{.netns = netns, .timeout = 10s + count * 100ms, .env = {{"LC_ALL", "C"}}};
    Result result = run({"ping", "-n", "-q", "-i", "0.05", "-W", "1", "-c", std::to_string(count),
                         "-s", std::to_string(size), address},
                        options);

    Ping ping = parse_ping(result.out);
    if (ping.sent == 0)
        throw std::runtime_error(
            fmt::format("ping {} from {}: {}{}", address, netns, result.err, result.out));
    return ping;
}

UdpEcho udp_echo(const std::string& server_netns, const std::string& client_netns,
                 const std::string& address, int count, size_t size) {
    Fd server = open_server(server_netns, address, SOCK_DGRAM);
    Fd client = open_client(client_netns, address, port_of(server), SOCK_DGRAM);

    std::jthread echo([&server](std::stop_token stop) {
        std::vector<uint8_t> buffer(65536);
        while (!stop.stop_requested()) {
            if (!readable(server.get(), 20ms))
                continue;
            sockaddr_storage peer;
            socklen_t length = sizeof peer;
            auto* address_of_peer = reinterpret_cast<sockaddr*>(&peer);
            ssize_t n =
                recvfrom(server.get(), buffer.data(), buffer.size(), 0, address_of_peer, &length);
            if (n > 0)
                sendto(server.get(), buffer.data(), static_cast<size_t>(n), 0, address_of_peer,
                       length);
        }
    });

    UdpEcho result;
    std::vector<uint8_t> request(std::max(size, sizeof(int))), reply(request.size() + 1);
    for (; result.sent < count; result.sent++) {
        // Each has its number, so that a late echo is not taken for the next one's.
        std::memcpy(request.data(), &result.sent, sizeof result.sent);
        send(client.get(), request.data(), request.size(), 0);
        while (readable(client.get(), 200ms)) {
            ssize_t n = recv(client.get(), reply.data(), reply.size(), 0);
            if (n == static_cast<ssize_t>(request.size()) &&
                std::equal(request.begin(), request.end(), reply.begin())) {
                result.received++;
                break;
            }
        }
    }
    return result;
}

double Transfer::gbit_per_second() const {
    return seconds > 0 ? static_cast<double>(received) * 8 / seconds / 1e9 : 0;
}

Transfer tcp_transfer(const std::string& server_netns, const std::string& client_netns,
                      const std::string& address, uint64_t bytes) {
    // Made before and checked after, so that the time is that of the network alone.
    std::vector<uint8_t> data = random_bytes(bytes), received;
    Transfer result{.sent = bytes, .sent_cksum = cksum(data), .error = {}};

    Fd server = open_server(server_netns, address, SOCK_STREAM);
    Clock::time_point start = Clock::now();
    try {
        Fd client = open_client(client_netns, address, port_of(server), SOCK_STREAM);
        Fd peer = accept_client(server, 5s);
        std::string send_error;
        {
            std::jthread sender([&] {
                try {
                    send_all(client, data);
                    shutdown(client.get(), SHUT_WR);
                } catch (const std::exception& e) {
                    send_error = e.what();
                    shutdown(client.get(), SHUT_RDWR);
                }
            });
            received = receive_all(peer, bytes, start + 60s);
            result.seconds = seconds_since(start);
            shutdown(peer.get(), SHUT_RDWR); // so that a sender whom nobody reads ends
        }
        result.error = send_error;
    } catch (const std::exception& e) {
        result.error = e.what();
    }
    result.received = received.size();
    result.received_cksum = cksum(received);
    return result;
}

} // namespace xdpbridge::sandbox
