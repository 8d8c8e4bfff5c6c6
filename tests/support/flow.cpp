// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/flow.h"

#include "sandbox/netns_scope.h"
#include "sandbox/packet_socket.h"
#include "support/sandbox_test.h"

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace xdpbridge::test {

namespace {

using namespace std::chrono_literals;

sandbox::Frame frame_between(std::uint32_t src, std::uint32_t dst) {
    return sandbox::Ethernet{
               .dst = host(dst).to_string(), .src = host(src).to_string(), .type = 0x88b5} /
           sandbox::Payload{46};
}

} // namespace

Flow::Flow(const std::string& netns, const std::string& from, const std::string& to,
           std::uint32_t number)
    : netns_(netns), from_(from), to_(to), number_(0xf000 + 2 * number) {
    tell_where_it_is();
    std::this_thread::sleep_for(50ms);
    before_ = arrived();
    thread_ = std::jthread([this](const std::stop_token& stop) { send(stop); });
}

Flow::Frames Flow::stop() {
    thread_.request_stop();
    thread_.join();
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    while (arrived() - before_ < sent_ && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(10ms);
    return {sent_, arrived() - before_};
}

std::uint64_t Flow::arrived() const {
    const sandbox::NetnsScope scope(netns_);
    std::ifstream devices("/proc/thread-self/net/dev");
    for (std::string line; std::getline(devices, line);) {
        const auto colon = line.find(':');
        if (colon == std::string::npos || line.substr(line.find_first_not_of(' '), colon) != to_)
            continue;
        std::istringstream counts(line.substr(colon + 1));
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;
        counts >> bytes >> packets;
        return packets;
    }
    throw std::runtime_error("no device " + to_ + " in " + netns_);
}

// A frame to its own sender is learned from, and goes nowhere.
void Flow::tell_where_it_is() const {
    sandbox::PacketSocket(netns_, to_).send(frame_between(number_ + 1, number_ + 1));
}

void Flow::send(const std::stop_token& stop) {
    sandbox::PacketSocket socket(netns_, from_);
    const auto frame = frame_between(number_, number_ + 1);
    while (!stop.stop_requested()) {
        if (sent_ % 10'000 == 9'999) // or it would age out
            tell_where_it_is();
        socket.send(frame);
        sent_++;
        std::this_thread::sleep_for(1ms);
    }
}

} // namespace xdpbridge::test
