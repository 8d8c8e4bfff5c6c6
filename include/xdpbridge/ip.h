// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xdpbridge {

// An IP address of either family, in network byte order; IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2),
// which is how the maps have it.
struct Ip {
    std::array<std::uint8_t, 16> octets{};

    // "192.0.2.1" or "2001:db8::1"; nullopt for anything else, "::ffff:192.0.2.1" among them.
    static std::optional<Ip> parse(std::string_view text) noexcept;
    [[nodiscard]] std::string to_string() const;

    [[nodiscard]] bool is_ipv4() const noexcept;
    // Neither 0.0.0.0 nor :: is anybody's address.
    [[nodiscard]] bool is_unspecified() const noexcept;
    // 224.0.0.0/4 or ff00::/8
    [[nodiscard]] bool is_multicast() const noexcept;

    auto operator<=>(const Ip&) const = default;
};

} // namespace xdpbridge
