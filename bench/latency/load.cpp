// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "load.h"

#include "placement.h"
#include "probe.h"

#include <sandbox/process.h>
#include <sandbox/sockets.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace xdpbridge::bench {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t datagram_size = 1400;
constexpr unsigned burst_frames = 500;
constexpr auto burst_period = 10ms;
constexpr unsigned batch = 32;

// Of what the slow reader drains.
double share(LoadKind kind) {
    switch (kind) {
    case LoadKind::below:
        return 0.8;
    case LoadKind::at:
        return 1.0;
    case LoadKind::above:
        return 1.5;
    default:
        throw std::invalid_argument("not a load of a fixed rate");
    }
}

// What waits behind a path may count as still in the socket (on macvtap it does): a small buffer
// would hold the sender back, as no wire does.
sandbox::Fd open_load_socket(const Target& target) {
    auto fd = sandbox::open_client(sender_netns, target.ipv4, load_udp_port, SOCK_DGRAM);
    const int bytes = 64 << 20;
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0)
        throw sandbox::system_error("set a socket's send buffer");
    return fd;
}

// Datagrams of 1,400 bytes; the target's MAC is in a static neighbour entry.
class UdpLoad : public Load {
  public:
    UdpLoad(LoadKind kind, const Target& target, double drain_rate);
    [[nodiscard]] std::uint64_t sent() const override { return sent_; }

  private:
    void flood(const sandbox::Fd& socket, const std::stop_token& stop);
    void burst(const sandbox::Fd& socket, const std::stop_token& stop);
    void pace(const sandbox::Fd& socket, double rate, const std::stop_token& stop);
    void send(const sandbox::Fd& socket, unsigned datagrams);

    std::atomic<std::uint64_t> sent_ = 0;
    std::vector<sandbox::Fd> sockets_;
    std::vector<std::jthread> threads_; // last, so that they end before what they use
};

UdpLoad::UdpLoad(LoadKind kind, const Target& target, double drain_rate) {
    const int senders = kind == LoadKind::udp3 ? 3 : 1;
    for (int i = 0; i < senders; i++)
        sockets_.push_back(open_load_socket(target));
    for (const auto& socket : sockets_)
        threads_.emplace_back([this, kind, drain_rate, &socket](const std::stop_token& stop) {
            pin(placement().load);
            if (kind == LoadKind::udp3)
                flood(socket, stop);
            else if (kind == LoadKind::bursts)
                burst(socket, stop);
            else
                pace(socket, share(kind) * drain_rate, stop);
        });
}

void UdpLoad::send(const sandbox::Fd& socket, unsigned datagrams) {
    static std::array<std::uint8_t, datagram_size> data{};
    iovec part{.iov_base = data.data(), .iov_len = data.size()};
    std::array<mmsghdr, batch> messages{};
    for (auto& message : messages) {
        message.msg_hdr.msg_iov = &part;
        message.msg_hdr.msg_iovlen = 1;
    }
    while (datagrams > 0) {
        const unsigned some = std::min(datagrams, batch);
        const int sent = ::sendmmsg(socket.get(), messages.data(), some, 0);
        if (sent > 0)
            sent_.fetch_add(static_cast<std::uint64_t>(sent), std::memory_order_relaxed);
        datagrams -= some; // what could not be sent is not sent later, either
    }
}

void UdpLoad::flood(const sandbox::Fd& socket, const std::stop_token& stop) {
    while (!stop.stop_requested())
        send(socket, batch);
}

void UdpLoad::burst(const sandbox::Fd& socket, const std::stop_token& stop) {
    auto due = std::chrono::steady_clock::now();
    while (!stop.stop_requested()) {
        send(socket, burst_frames);
        due += burst_period;
        std::this_thread::sleep_until(due);
    }
}

// Spins, for a sleep would make small bursts of an even flow; gives way to those who want the CPU.
// What is owed after that is sent at once, but for what is older than a batch.
void UdpLoad::pace(const sandbox::Fd& socket, double rate, const std::stop_token& stop) {
    const double period = 1e9 / rate;
    auto due = static_cast<double>(now());
    while (!stop.stop_requested()) {
        const auto owed = (static_cast<double>(now()) - due) / period;
        if (owed < 1) {
            std::this_thread::yield();
            continue;
        }
        const unsigned some = static_cast<unsigned>(std::min<double>(owed, batch));
        send(socket, some);
        due = std::max(due + some * period, static_cast<double>(now()) - batch * period);
    }
}

// To the guest's iperf3.
class TcpLoad : public Load {
  public:
    explicit TcpLoad(const Target& target) : client_(start(target)) {}
    // All that left: nothing else sends much meanwhile.
    [[nodiscard]] std::uint64_t sent() const override {
        return Net::frames_sent(sender_netns, wire);
    }

  private:
    // The server may not have noticed yet that the last client is gone, and send the next one away.
    static sandbox::Process start(const Target& target) {
        for (int attempt = 0; attempt < 20; attempt++) {
            sandbox::Process client(
                {"iperf3", "--client", target.ipv4, "--parallel", "3", "--time", "3600"},
                {.netns = sender_netns});
            if (!client.wait(500ms))
                return client;
        }
        throw std::runtime_error("iperf3 gets no answer from " + target.ipv4);
    }
    sandbox::Process client_;
};

class NoLoad : public Load {
  public:
    [[nodiscard]] std::uint64_t sent() const override { return 0; }
};

} // namespace

std::string_view name(LoadKind load) {
    constexpr std::array<std::string_view, 7> names{"none", "udp3",  "bursts", "below",
                                                    "at",   "above", "tcp3"};
    return names.at(static_cast<std::size_t>(load));
}

std::string_view about(LoadKind load) {
    constexpr std::array<std::string_view, 7> texts{
        "nothing else",
        "3 floods of UDP, 1,400 bytes, as fast as they go",
        "500 datagrams of 1,400 bytes back to back each 10 ms",
        "UDP, 1,400 bytes, at 0.8 times the slow reader's drain rate",
        "UDP, 1,400 bytes, at the slow reader's drain rate",
        "UDP, 1,400 bytes, at 1.5 times the slow reader's drain rate",
        "3 bulk flows of TCP",
    };
    return texts.at(static_cast<std::size_t>(load));
}

std::unique_ptr<Load> start_load(LoadKind kind, const Target& target, double drain_rate) {
    if (kind == LoadKind::none)
        return std::make_unique<NoLoad>();
    if (kind == LoadKind::tcp3)
        return std::make_unique<TcpLoad>(target);
    return std::make_unique<UdpLoad>(kind, target, drain_rate);
}

} // namespace xdpbridge::bench
