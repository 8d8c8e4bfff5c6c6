// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace xdpbridge {

// An IPv4 or IPv6 address, in network byte order. IPv4 is kept as ::ffff:a.b.c.d, as in the maps.
struct Ip {
    std::array<std::uint8_t, 16> octets{};

    // As inet_pton(3) reads it; nullopt for anything else. "::ffff:10.0.0.1" is 10.0.0.1.
    static std::optional<Ip> parse(const std::string& text);
    [[nodiscard]] std::string to_string() const;

    [[nodiscard]] bool is_ipv4() const noexcept;
    [[nodiscard]] bool is_unspecified() const noexcept; // 0.0.0.0 or ::
    [[nodiscard]] bool is_multicast() const noexcept;   // or the IPv4 broadcast address

    auto operator<=>(const Ip&) const = default;
};

} // namespace xdpbridge
