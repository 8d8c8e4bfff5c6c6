// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "section.h"

#include <fmt/format.h>

#include <algorithm>

namespace xdpbridge::bench {

bool wanted(const ForwardingResults& results, const std::string& section, const std::string& cell) {
    return results.campaign.wants(section + "/" + cell);
}

void each_round(const ForwardingResults& results, SectionResult& section, const std::string& cell,
                const std::function<Figures(Side)>& measure) {
    for (int round = 0; round < results.campaign.rounds; round++)
        for (const Side side : all_sides) {
            if (!section.entry(cell, side).failed.empty())
                continue;
            try {
                section.entry(cell, side).add(measure(side));
            } catch (const std::exception& error) {
                section.entry(cell, side).failed = error.what();
            }
        }
}

std::uint32_t scaled(const ForwardingResults& results, std::uint32_t frames) {
    return std::max<std::uint32_t>(64, static_cast<std::uint32_t>(frames * results.campaign.share));
}

sandbox::Frame frame_of(std::uint32_t size, const std::string& dst, const std::string& src) {
    constexpr std::size_t fcs = 4, headers = 14 + 20 + 8;
    return sandbox::Ethernet{.dst = dst, .src = src} /
           sandbox::IPv4{.src = routed_from, .dst = routed_to} / sandbox::Udp{} /
           sandbox::Payload{size - fcs - headers};
}

std::string percent(double share) {
    return share == 0 ? "0%" : share < 0.001 ? "<0.1%" : fmt::format("{:.1f}%", 100 * share);
}

} // namespace xdpbridge::bench
