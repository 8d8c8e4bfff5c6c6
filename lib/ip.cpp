// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <xdpbridge/ip.h>

#include <algorithm>
#include <arpa/inet.h>

namespace xdpbridge {

namespace {

constexpr std::size_t mapped_at = 12;
constexpr std::array<std::uint8_t, mapped_at> ipv4_prefix = {0, 0, 0, 0, 0,   0,
                                                             0, 0, 0, 0, 255, 255};

} // namespace

std::optional<Ip> Ip::parse(std::string_view text) noexcept {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos)
        return std::nullopt;
    text.copy(terminated.data(), text.size());
    Ip ip;
    if (::inet_pton(AF_INET6, terminated.data(), ip.octets.data()) == 1)
        return ip;
    std::copy(ipv4_prefix.begin(), ipv4_prefix.end(), ip.octets.begin());
    if (::inet_pton(AF_INET, terminated.data(), &ip.octets[mapped_at]) == 1)
        return ip;
    return std::nullopt;
}

std::string Ip::to_string() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_ipv4())
        ::inet_ntop(AF_INET, &octets[mapped_at], text.data(), text.size());
    else
        ::inet_ntop(AF_INET6, octets.data(), text.data(), text.size());
    return text.data();
}

bool Ip::is_ipv4() const noexcept {
    return std::equal(ipv4_prefix.begin(), ipv4_prefix.end(), octets.begin());
}

bool Ip::is_unspecified() const noexcept {
    return std::all_of(octets.begin() + (is_ipv4() ? mapped_at : 0), octets.end(),
                       [](std::uint8_t octet) { return octet == 0; });
}

bool Ip::is_multicast() const noexcept {
    return is_ipv4() ? octets[mapped_at] >> 4 == 0xe : octets[0] == 0xff;
}

bool Ip::is_host() const noexcept {
    const bool broadcast =
        is_ipv4() && std::all_of(octets.begin() + mapped_at, octets.end(),
                                 [](std::uint8_t octet) { return octet == 0xff; });
    return !is_unspecified() && !is_multicast() && !broadcast;
}

} // namespace xdpbridge
