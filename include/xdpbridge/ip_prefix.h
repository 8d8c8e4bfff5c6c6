// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/ip.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xdpbridge {

// "10.0.0.0/8", "2001:db8::/32"
struct IpPrefix {
    Ip address{};
    std::uint8_t bits = 0; // 0 to 32 or to 128, by the address's family

    // An address without "/BITS" is a prefix of its own. nullopt for anything else, and for an
    // address with bits beyond the prefix.
    static std::optional<IpPrefix> parse(std::string_view text) noexcept;
    [[nodiscard]] std::string to_string() const;

    auto operator<=>(const IpPrefix&) const = default;
};

} // namespace xdpbridge
