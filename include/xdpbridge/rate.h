// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xdpbridge {

// What a policer lets through: packets a second, bits a second, or both, and then a frame has to
// conform to both. In any time t no more passes than rate * t + burst, of packets of the frame as
// it is on the wire without preamble and FCS. A GSO frame is as many packets as it will be cut
// into.
struct Rate {
    std::uint64_t packets = 0;      // a second; 0: no limit
    std::uint64_t bits = 0;         // a second; 0: no limit
    std::uint64_t packet_burst = 0; // packets; 0: chosen, and then never 0 in what is read back
    std::uint64_t byte_burst = 0;   // bytes; likewise

    static constexpr std::uint64_t max_packets = 1'000'000'000;
    static constexpr std::uint64_t min_bits = 1'000;
    static constexpr std::uint64_t max_bits = 1'000'000'000'000;

    [[nodiscard]] bool limits() const noexcept { return packets != 0 || bits != 0; }
    // With each burst that was not given: what comes in 100 ms, and at least 64 packets, or 128
    // KiB, which is two of the largest GSO frames; at most 4 GiB, as parse takes it.
    [[nodiscard]] Rate with_bursts() const noexcept;

    // "1000pps", "10mbit", "1000pps,10mbit,burst=100pkt,burst=64kb", "off"; nullopt for anything
    // else, and for what is out of range. Units are those of tc(8): bit, kbit, mbit, gbit, tbit and
    // bytes a second as bps, kbps, mbps, gbps, tbps, all by 1000; sizes in b, kb, mb, gb, by 1024;
    // and pps, kpps, mpps; pkt.
    static std::optional<Rate> parse(std::string_view text) noexcept;
    // As parse reads it, bursts included.
    [[nodiscard]] std::string to_string() const;

    bool operator==(const Rate&) const = default;
};

} // namespace xdpbridge
