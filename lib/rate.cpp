// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <xdpbridge/rate.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <span>

namespace xdpbridge {

namespace {

struct Unit {
    std::string_view name;
    double factor;
};

constexpr double kibi = 1024;
constexpr std::array packet_rates = {Unit{"pps", 1}, Unit{"kpps", 1e3}, Unit{"mpps", 1e6}};
constexpr std::array bit_rates = {
    Unit{"bit", 1}, Unit{"kbit", 1e3}, Unit{"mbit", 1e6}, Unit{"gbit", 1e9}, Unit{"tbit", 1e12},
    Unit{"bps", 8}, Unit{"kbps", 8e3}, Unit{"mbps", 8e6}, Unit{"gbps", 8e9}, Unit{"tbps", 8e12}};
constexpr std::array packet_bursts = {Unit{"pkt", 1}};
constexpr std::array byte_bursts = {Unit{"", 1},
                                    Unit{"b", 1},
                                    Unit{"k", kibi},
                                    Unit{"kb", kibi},
                                    Unit{"m", kibi* kibi},
                                    Unit{"mb", kibi* kibi},
                                    Unit{"g", kibi* kibi* kibi},
                                    Unit{"gb", kibi* kibi* kibi}};

constexpr std::uint64_t max_burst = 1ULL << 32; // packets or bytes

struct Quantity {
    double number;
    std::string_view unit;
};

std::optional<Quantity> split(std::string_view word) noexcept {
    double number = 0;
    const char* end = word.data() + word.size();
    const auto parsed = std::from_chars(word.data(), end, number, std::chars_format::fixed);
    if (parsed.ec != std::errc{} || !(number > 0))
        return std::nullopt;
    return Quantity{number,
                    std::string_view(parsed.ptr, static_cast<std::size_t>(end - parsed.ptr))};
}

// Fills value, which must be empty yet, if the unit is one of these. False: it is not, or the
// quantity is out of range.
bool take(const Quantity& quantity, std::span<const Unit> units, std::uint64_t min,
          std::uint64_t max, std::uint64_t& value) noexcept {
    for (const auto& unit : units) {
        if (unit.name != quantity.unit)
            continue;
        const double amount = std::round(quantity.number * unit.factor);
        if (value != 0 || amount < static_cast<double>(min) || amount > static_cast<double>(max))
            return false;
        value = static_cast<std::uint64_t>(amount);
        return true;
    }
    return false;
}

bool parse_word(std::string_view word, Rate& rate) noexcept {
    constexpr std::string_view burst = "burst=";
    const bool is_burst = word.starts_with(burst);
    const auto quantity = split(is_burst ? word.substr(burst.size()) : word);
    if (!quantity)
        return false;
    if (is_burst)
        return take(*quantity, packet_bursts, 1, max_burst, rate.packet_burst) ||
               take(*quantity, byte_bursts, 1, max_burst, rate.byte_burst);
    return take(*quantity, packet_rates, 1, Rate::max_packets, rate.packets) ||
           take(*quantity, bit_rates, Rate::min_bits, Rate::max_bits, rate.bits);
}

// In the largest unit that is exact.
std::string in_units(std::uint64_t value, std::span<const Unit> units) {
    Unit best = units.front();
    for (const auto& unit : units)
        if (unit.factor > best.factor && value % static_cast<std::uint64_t>(unit.factor) == 0)
            best = unit;
    return fmt::format("{}{}", value / static_cast<std::uint64_t>(best.factor), best.name);
}

} // namespace

Rate Rate::with_bursts() const noexcept {
    constexpr std::uint64_t least_packets = 64, least_bytes = 131'072;
    Rate rate = *this;
    if (rate.packets != 0 && rate.packet_burst == 0)
        rate.packet_burst = std::max(rate.packets / 10, least_packets);
    if (rate.bits != 0 && rate.byte_burst == 0)
        rate.byte_burst = std::clamp(rate.bits / 8 / 10, least_bytes, max_burst);
    return rate;
}

std::optional<Rate> Rate::parse(std::string_view text) noexcept {
    Rate rate;
    if (text == "off")
        return rate;
    for (;;) {
        const auto comma = text.find(',');
        if (!parse_word(text.substr(0, comma), rate))
            return std::nullopt;
        if (comma == std::string_view::npos)
            break;
        text.remove_prefix(comma + 1);
    }
    // A burst of nothing is a mistake, most likely one of the unit.
    const bool lost_burst =
        (rate.packet_burst != 0 && rate.packets == 0) || (rate.byte_burst != 0 && rate.bits == 0);
    return rate.limits() && !lost_burst ? std::optional(rate) : std::nullopt;
}

std::string Rate::to_string() const {
    if (!limits())
        return "off";
    std::string text;
    const auto add = [&text](const std::string& word) { text += (text.empty() ? "" : ",") + word; };
    if (packets != 0)
        add(in_units(packets, packet_rates));
    if (bits != 0)
        add(in_units(bits, std::span(bit_rates).first(5)));
    if (packet_burst != 0)
        add("burst=" + in_units(packet_burst, packet_bursts));
    if (byte_burst != 0)
        add("burst=" + in_units(byte_burst, std::array{Unit{"b", 1}, Unit{"kb", kibi},
                                                       Unit{"mb", kibi * kibi}}));
    return text;
}

} // namespace xdpbridge
