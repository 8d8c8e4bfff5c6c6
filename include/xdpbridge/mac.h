// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xdpbridge {

// An EUI-48 address, in the order in which its octets are sent.
struct Mac {
    std::array<std::uint8_t, 6> octets{};

    // "02:00:00:00:00:01", either case; nullopt for anything else.
    static std::optional<Mac> parse(std::string_view text) noexcept;
    [[nodiscard]] std::string to_string() const;
    // Writes the 17 characters of to_string() to out, without a terminating zero.
    void format_to(char* out) const noexcept;

    [[nodiscard]] bool is_multicast() const noexcept { return (octets[0] & 1) != 0; }
    [[nodiscard]] bool is_zero() const noexcept { return octets == std::array<std::uint8_t, 6>{}; }

    auto operator<=>(const Mac&) const = default;
};

} // namespace xdpbridge
