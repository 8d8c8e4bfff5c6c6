// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/ip.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xdpbridge {

// An IP network, "10.0.0.0/8" or "2001:db8::/32". A length of 0 is every address of that family.
struct IpPrefix {
    Ip address{};            // bits behind the length are 0
    std::uint8_t length = 0; // bits, to 32 or 128

    // An address without "/LENGTH" is a network of its own. nullopt for anything else, a bit that
    // is set behind the length among them.
    static std::optional<IpPrefix> parse(std::string_view text) noexcept;
    [[nodiscard]] std::string to_string() const;

    auto operator<=>(const IpPrefix&) const = default;
};

} // namespace xdpbridge
