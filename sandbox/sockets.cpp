#include "sandbox/sockets.h"

#include "sandbox/netns_scope.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <random>
#include <stdexcept>

namespace xdpbridge::sandbox {
namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address make_address(const std::string& text, uint16_t port) {
    Address address;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        address.length = sizeof *v4;
    } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        address.length = sizeof *v6;
    } else {
        throw std::invalid_argument(fmt::format("'{}' is not an IP address", text));
    }
    return address;
}

// A network that loses everything must not hold up the caller. This limits connect, too.
void limit_send_time(const Fd& socket) {
    timeval limit{.tv_sec = 5, .tv_usec = 0};
    if (setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0)
        throw system_error("limit the time to send");
}

// When that time is over, the kernel says EINPROGRESS or EAGAIN, which would tell a reader nothing.
std::system_error send_error(const std::string& what) {
    if (errno == EINPROGRESS || errno == EAGAIN)
        errno = ETIMEDOUT;
    return system_error(what);
}

} // namespace

Fd open_server(const std::string& netns, const std::string& address, int type) {
    NetnsScope scope(netns);
    Address local = make_address(address, 0);
    Fd server(socket(local.storage.ss_family, type | SOCK_CLOEXEC, 0), "open a socket");
    if (bind(server.get(), local.get(), local.length) != 0)
        throw system_error(fmt::format("bind to {} in {}", address, netns));
    if (type == SOCK_STREAM && listen(server.get(), 1) != 0)
        throw system_error(fmt::format("listen on {} in {}", address, netns));
    return server;
}

uint16_t port_of(const Fd& server) {
    Address local;
    if (getsockname(server.get(), local.get(), &local.length) != 0)
        throw system_error("ask for the port of a socket");
    // The port is at the same place for IPv4 and IPv6.
    return ntohs(reinterpret_cast<sockaddr_in*>(&local.storage)->sin_port);
}

Fd open_client(const std::string& netns, const std::string& address, uint16_t port, int type) {
    NetnsScope scope(netns);
    Address remote = make_address(address, port);
    Fd client(socket(remote.storage.ss_family, type | SOCK_CLOEXEC, 0), "open a socket");
    limit_send_time(client);
    if (connect(client.get(), remote.get(), remote.length) != 0)
        throw send_error(fmt::format("connect from {} to {} port {}", netns, address, port));
    return client;
}

Fd accept_client(const Fd& server, std::chrono::milliseconds timeout) {
    if (!readable(server.get(), timeout))
        throw std::runtime_error(fmt::format("no client connected to port {} within {} ms",
                                             port_of(server), timeout.count()));
    Fd client(accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept a connection");
    limit_send_time(client);
    return client;
}

void send_all(const Fd& socket, std::span<const uint8_t> data) {
    while (!data.empty()) {
        ssize_t n = send(socket.get(), data.data(), data.size(), MSG_NOSIGNAL);
        if (n < 0)
            throw send_error(fmt::format("send, with {} bytes left", data.size()));
        data = data.subspan(static_cast<size_t>(n));
    }
}

std::vector<uint8_t> receive_all(const Fd& socket, size_t limit, Clock::time_point deadline) {
    std::vector<uint8_t> data(limit);
    size_t length = 0;
    while (length < limit) {
        auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (!readable(socket.get(), left))
            break;
        ssize_t n = recv(socket.get(), data.data() + length, limit - length, 0);
        if (n < 0)
            throw system_error(fmt::format("receive, after {} bytes", length));
        if (n == 0)
            break;
        length += static_cast<size_t>(n);
    }
    data.resize(length);
    return data;
}

std::vector<uint8_t> random_bytes(size_t count) {
    std::mt19937_64 generator(std::random_device{}());
    std::vector<uint8_t> data(count);
    for (size_t i = 0; i < count;) {
        uint64_t value = generator();
        for (size_t end = std::min(i + 8, count); i < end; i++, value >>= 8)
            data[i] = static_cast<uint8_t>(value);
    }
    return data;
}

} // namespace xdpbridge::sandbox
