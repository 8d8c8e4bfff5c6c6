// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <xdpbridge/ip_prefix.h>

#include <charconv>

namespace xdpbridge {

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) noexcept {
    const auto slash = text.find('/');
    const auto address = Ip::parse(text.substr(0, slash));
    if (!address)
        return std::nullopt;
    const std::uint8_t most = address->is_ipv4() ? 32 : 128; // the last ones of Ip::octets
    IpPrefix prefix{.address = *address, .length = most};
    if (slash != std::string_view::npos) {
        const auto number = text.substr(slash + 1);
        const char* end = number.data() + number.size();
        const auto parsed = std::from_chars(number.data(), end, prefix.length);
        if (parsed.ec != std::errc{} || parsed.ptr != end || prefix.length > most)
            return std::nullopt;
    }
    for (unsigned bit = 128U - most + prefix.length; bit < 128; bit++)
        if (address->octets[bit / 8] >> (7 - bit % 8) & 1)
            return std::nullopt;
    return prefix;
}

std::string IpPrefix::to_string() const {
    return address.to_string() + "/" + std::to_string(length);
}

} // namespace xdpbridge
