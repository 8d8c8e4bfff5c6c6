// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Runs in the guest: notes when probes come by its own clock, and answers what it is asked
// (guest_protocol.h).
#include "guest_protocol.h"

#include <sandbox/fd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <vector>

using namespace xdpbridge;
using namespace xdpbridge::bench;

namespace {

constexpr std::size_t most_probes = 1 << 20;

// The probes of a run.
class Notes {
  public:
    void start(std::uint32_t run) {
        run_ = run;
        differences_.clear();
        seen_.assign(most_probes, false);
    }
    void add(const Probe& probe, std::uint64_t came) {
        if (probe.run != run_ || probe.sequence >= most_probes || seen_[probe.sequence])
            return;
        seen_[probe.sequence] = true;
        differences_.push_back(static_cast<std::int64_t>(came - probe.sent));
    }
    void answer(Message& message) const {
        message.total = static_cast<std::uint32_t>(differences_.size());
        message.count = 0;
        for (std::size_t i = message.from; i < differences_.size(); i++) {
            if (message.count == Message::most_values)
                break;
            message.values[message.count++] = differences_[i];
        }
    }

  private:
    std::uint32_t run_ = 0;
    std::vector<std::int64_t> differences_;
    std::vector<bool> seen_ = std::vector<bool>(most_probes);
};

sandbox::Fd open_socket(const char* device) {
    sandbox::Fd fd(::socket(AF_PACKET, SOCK_RAW, 0), "open a packet socket");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(probe_ethertype);
    address.sll_ifindex = static_cast<int>(::if_nametoindex(device));
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw sandbox::system_error("bind a packet socket");
    return fd;
}

void serve(const sandbox::Fd& socket) {
    Notes notes;
    std::array<std::uint8_t, 2048> buffer{};
    while (true) {
        const ssize_t length = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
        const std::uint64_t came = now();
        if (length <= 0)
            continue;
        const auto frame = std::span(buffer).first(static_cast<std::size_t>(length));
        if (const auto probe = parse_probe(frame)) {
            notes.add(*probe, came);
        } else if (auto message = parse_message(frame)) {
            if (message->ask == Ask::start)
                notes.start(message->run);
            else if (message->ask == Ask::fetch)
                notes.answer(*message);
            std::swap_ranges(message->addresses.begin(), message->addresses.begin() + 6,
                             message->addresses.begin() + 6);
            message->when = came;
            ::send(socket.get(), &*message, sizeof *message, 0);
        }
    }
}

} // namespace

int main() try {
    const auto socket = open_socket("eth0");
    std::puts("latency guest ready");
    std::fflush(stdout);
    serve(socket);
} catch (const std::exception& error) {
    std::puts(error.what());
    return 1;
}
