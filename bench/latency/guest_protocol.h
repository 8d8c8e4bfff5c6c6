// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What the program in the guest (guest_main.cpp) is asked, and answers, in frames of the probes'
// ethertype while nothing else is sent. Both ends are one machine's, so numbers are as they lie.
#pragma once
#include "probe.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace xdpbridge::bench {

enum class Ask : std::uint32_t {
    time,  // `when` of the answer is the guest's clock
    start, // forget the probes of other runs
    fetch, // `values` of the answer, from number `from` on
};

struct Message {
    static constexpr std::uint64_t right_magic = 0x7864'7062'6775'6573; // "xdpbgues"
    static constexpr std::size_t most_values = 128;

    std::array<std::uint8_t, 12> addresses{};
    std::array<std::uint8_t, 2> ethertype{probe_ethertype >> 8, probe_ethertype & 0xff};
    std::uint16_t padding = 0; // so that the rest is aligned
    std::uint64_t magic = right_magic;
    Ask ask = Ask::time;
    std::uint32_t run = 0;
    std::uint32_t id = 0;    // of the question
    std::uint32_t from = 0;  // of Ask::fetch
    std::uint32_t total = 0; // that there are
    std::uint32_t count = 0; // that are here
    std::uint64_t when = 0;
    // Guest's clock at arrival minus ours at departure, ns.
    std::array<std::int64_t, most_values> values{};
};

inline std::optional<Message> parse_message(std::span<const std::uint8_t> frame) {
    Message message;
    if (frame.size() < sizeof message)
        return {};
    std::memcpy(&message, frame.data(), sizeof message);
    if (message.magic != Message::right_magic)
        return {};
    return message;
}

} // namespace xdpbridge::bench
