// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <xdpbridge/ip_prefix.h>

#include <algorithm>
#include <charconv>

namespace xdpbridge {

namespace {

constexpr std::size_t ipv4_at = 12; // in Ip::octets

bool has_bits_beyond(const IpPrefix& prefix) {
    const std::size_t first = prefix.address.is_ipv4() ? ipv4_at : 0;
    for (std::size_t i = first; i < prefix.address.octets.size(); i++) {
        const auto before = 8 * (i - first);
        const unsigned kept =
            prefix.bits <= before ? 0 : std::min<std::size_t>(8, prefix.bits - before);
        if (prefix.address.octets[i] & (0xffU >> kept))
            return true;
    }
    return false;
}

} // namespace

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) noexcept {
    const auto slash = text.find('/');
    const auto address = Ip::parse(text.substr(0, slash));
    if (!address)
        return std::nullopt;
    const std::uint8_t most = address->is_ipv4() ? 32 : 128;
    IpPrefix prefix{.address = *address, .bits = most};
    if (slash != std::string_view::npos) {
        const auto number = text.substr(slash + 1);
        const char* end = number.data() + number.size();
        const auto parsed = std::from_chars(number.data(), end, prefix.bits);
        if (parsed.ec != std::errc{} || parsed.ptr != end || prefix.bits > most)
            return std::nullopt;
    }
    if (has_bits_beyond(prefix))
        return std::nullopt;
    return prefix;
}

std::string IpPrefix::to_string() const {
    return address.to_string() + "/" + std::to_string(bits);
}

} // namespace xdpbridge
