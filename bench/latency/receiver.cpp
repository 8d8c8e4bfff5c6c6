// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "receiver.h"

#include "placement.h"
#include "probe.h"

#include <array>
#include <unistd.h>
#include <utility>

namespace xdpbridge::bench {

namespace {

constexpr std::size_t largest_frame = 65536;
constexpr std::size_t most_probes = 1 << 20; // room made before, so that none is made meanwhile

} // namespace

void Reader::start(std::uint32_t run) {
    std::array<std::uint8_t, largest_frame> buffer;
    for (const int queue : queues_)
        while (::read(queue, buffer.data(), buffer.size()) > 0)
            ;
    others_ = 0;
    latencies_.clear();
    latencies_.reserve(most_probes);
    seen_.assign(most_probes, false);
    thread_ = std::jthread([this, run](const std::stop_token& stop) { read_all(run, stop); });
}

void Reader::read_all(std::uint32_t run, const std::stop_token& stop) {
    pin(placement().receiver);
    std::array<std::uint8_t, largest_frame> buffer;
    const auto drain = static_cast<std::uint64_t>(drain_.count());
    while (!stop.stop_requested())
        for (const int queue : queues_) {
            const std::uint64_t begin = drain != 0 ? now() : 0;
            const ssize_t length = ::read(queue, buffer.data(), buffer.size());
            if (length <= 0)
                continue;
            const std::uint64_t came = now();
            const auto probe =
                parse_probe(std::span(buffer).first(static_cast<std::size_t>(length)));
            if (!probe)
                others_.fetch_add(1, std::memory_order_relaxed);
            else if (probe->run == run)
                note(probe->sequence, came - probe->sent);
            while (drain != 0 && now() < begin + drain)
                ;
        }
}

void Reader::note(std::uint32_t sequence, std::uint64_t latency) {
    if (sequence >= most_probes || seen_[sequence])
        return;
    seen_[sequence] = true;
    latencies_.push_back(latency);
}

std::vector<std::uint64_t> Reader::stop() {
    thread_ = {}; // asks it to stop, and joins it
    return std::exchange(latencies_, {});
}

} // namespace xdpbridge::bench
