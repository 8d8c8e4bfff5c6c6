// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <xdpbridge/mac.h>

namespace xdpbridge {

namespace {

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

} // namespace

std::optional<Mac> Mac::parse(std::string_view text) noexcept {
    Mac mac;
    if (text.size() != 17)
        return std::nullopt;
    for (std::size_t i = 0; i < 6; i++) {
        const int high = hex_digit(text[3 * i]);
        const int low = hex_digit(text[3 * i + 1]);
        if (high < 0 || low < 0 || (i < 5 && text[3 * i + 2] != ':'))
            return std::nullopt;
        mac.octets[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return mac;
}

void Mac::format_to(char* out) const noexcept {
    static constexpr char digits[] = "0123456789abcdef";
    for (std::size_t i = 0; i < 6; i++) {
        *out++ = digits[octets[i] >> 4];
        *out++ = digits[octets[i] & 15];
        if (i < 5)
            *out++ = ':';
    }
}

std::string Mac::to_string() const {
    std::string text(17, '\0');
    format_to(text.data());
    return text;
}

} // namespace xdpbridge
