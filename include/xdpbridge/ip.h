// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xdpbridge {

// An IPv4 or IPv6 address, in network byte order. IPv4 is kept as ::ffff:a.b.c.d, as in the maps.
struct Ip {
    std::array<std::uint8_t, 16> octets{};

    // As inet_pton(3) reads it; nullopt for anything else. "::ffff:10.0.0.1" is 10.0.0.1.
    static std::optional<Ip> parse(std::string_view text) noexcept;
    [[nodiscard]] std::string to_string() const;

    [[nodiscard]] bool is_ipv4() const noexcept;
    [[nodiscard]] bool is_unspecified() const noexcept; // 0.0.0.0 or ::
    [[nodiscard]] bool is_multicast() const noexcept;   // 224.0.0.0/4 or ff00::/8
    [[nodiscard]] bool is_host() const noexcept;        // none of these, nor 255.255.255.255

    auto operator<=>(const Ip&) const = default;
};

} // namespace xdpbridge
