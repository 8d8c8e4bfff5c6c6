// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "probe.h"

#include <sandbox/netns_scope.h>

#include <fmt/format.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <ctime>

namespace xdpbridge::bench {

namespace {

constexpr std::uint64_t magic = 0x7864'7062'7072'6f62; // "xdpbprob"
constexpr std::size_t payload = 14;

struct Wire { // after the Ethernet header; both ends are one machine, or at least one byte order
    std::uint64_t magic;
    std::uint32_t run, sequence;
    std::uint64_t sent;
};
static_assert(payload + sizeof(Wire) <= probe_size);

timespec as_timespec(std::uint64_t ns) {
    return {.tv_sec = static_cast<time_t>(ns / 1'000'000'000),
            .tv_nsec = static_cast<long>(ns % 1'000'000'000)};
}

sandbox::Fd open_socket(const Line& line) {
    const sandbox::NetnsScope scope(line.netns);
    // Protocol 0: sends, and receives nothing.
    sandbox::Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "open a packet socket");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(::if_nametoindex(line.device.c_str()));
    if (address.sll_ifindex == 0 ||
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw sandbox::system_error("bind a packet socket to " + line.device);
    return fd;
}

} // namespace

std::uint64_t now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(time.tv_nsec);
}

std::optional<Probe> parse_probe(std::span<const std::uint8_t> frame) {
    Wire content;
    if (frame.size() < payload + sizeof content || sandbox::load16(frame, 12) != probe_ethertype)
        return {};
    std::memcpy(&content, frame.data() + payload, sizeof content);
    if (content.magic != magic)
        return {};
    return Probe{.run = content.run, .sequence = content.sequence, .sent = content.sent};
}

void write_probe(std::span<std::uint8_t, probe_size> frame, const Probe& probe) {
    const Wire content{magic, probe.run, probe.sequence, probe.sent};
    std::memcpy(frame.data() + payload, &content, sizeof content);
}

ProbeSender::ProbeSender(const Line& line, std::chrono::microseconds period)
    : period_(period), socket_(open_socket(line)) {
    std::copy(line.to.bytes.begin(), line.to.bytes.end(), frame_.begin());
    std::copy(line.from.bytes.begin(), line.from.bytes.end(), frame_.begin() + 6);
    sandbox::store16(frame_, 12, probe_ethertype);
}

ProbeSender::Sent ProbeSender::run(std::uint32_t run, std::chrono::nanoseconds duration) {
    const auto period = static_cast<std::uint64_t>(period_.count());
    std::uint64_t due = now() + period;
    const std::uint64_t end = due + static_cast<std::uint64_t>(duration.count());
    Sent sent;
    for (; due < end; due += period) {
        const std::uint64_t behind = now();
        if (behind > due + period) {
            const std::uint64_t missed = (behind - due) / period;
            sent.late += static_cast<std::uint32_t>(missed);
            due += missed * period;
        }
        const timespec until = as_timespec(due);
        while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR)
            ;
        write_probe(frame_, {.run = run, .sequence = sent.probes, .sent = now()});
        // A full queue on the way is a loss, and found as one.
        if (::send(socket_.get(), frame_.data(), frame_.size(), 0) < 0 && errno != ENOBUFS)
            throw sandbox::system_error("send a probe");
        sent.probes++;
    }
    return sent;
}

} // namespace xdpbridge::bench
