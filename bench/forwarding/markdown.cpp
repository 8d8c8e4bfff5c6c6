// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "results.h"

#include <fmt/format.h>

#include <algorithm>

namespace xdpbridge::bench {

namespace {

std::string shown(const SectionResult& section, const std::string& cell, Side side) {
    const Entry* entry = section.find(cell, side);
    if (!entry)
        return "";
    return entry->failed.empty() ? section.show(*entry) : "no figure: " + entry->failed;
}

std::string ratio(const SectionResult& section, const std::string& cell, Side side) {
    const auto all = section.ratios(cell, side);
    if (all.empty())
        return "";
    const auto [least, most] = std::minmax_element(all.begin(), all.end());
    return fmt::format("{:.2f} ({:.2f}-{:.2f})", median_of(all), *least, *most);
}

std::string table(const SectionResult& section) {
    const bool ratios = !section.cost.empty();
    std::string text = fmt::format("\n### {}\n\n{}\n\n| cell |", section.title, section.legend);
    for (const Side side : all_sides)
        text += fmt::format(" {} |", name(side));
    if (ratios)
        text += " kernel/tc | kernel/xdp |";
    text += ratios ? "\n|---|--:|--:|--:|--:|--:|\n" : "\n|---|--:|--:|--:|\n";
    for (const auto& cell : section.cells()) {
        text += fmt::format("| {} |", cell);
        for (const Side side : all_sides)
            text += fmt::format(" {} |", shown(section, cell, side));
        if (ratios)
            text += fmt::format(" {} | {} |", ratio(section, cell, Side::tc),
                                ratio(section, cell, Side::xdp));
        text += '\n';
    }
    return text;
}

} // namespace

std::string as_markdown(const ForwardingResults& results) {
    std::string text = "# Forwarding, by RFC 2544 and RFC 2889\n";
    for (const auto& section : results.sections)
        if (!section.entries.empty())
            text += table(section);
    return text + "\n### Measured with\n\n" + results.campaign.as_markdown();
}

} // namespace xdpbridge::bench
