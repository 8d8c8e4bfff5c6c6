// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "results.h"

#include <algorithm>

namespace xdpbridge::bench {

using nlohmann::json;

const Entry* SectionResult::find(const std::string& cell, Side side) const {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
        return entry.cell == cell && entry.side == side;
    });
    return found == entries.end() ? nullptr : &*found;
}

Entry& SectionResult::entry(const std::string& cell, Side side) {
    for (auto& entry : entries)
        if (entry.cell == cell && entry.side == side)
            return entry;
    return entries.emplace_back(Entry{{}, cell, side});
}

std::vector<double> SectionResult::ratios(const std::string& cell, Side side) const {
    const Entry *ours = find(cell, side), *kernel = find(cell, Side::kernel);
    if (cost.empty() || !ours || !kernel || !ours->has(cost) || !kernel->has(cost))
        return {};
    const auto &mine = ours->rounds.at(cost), &its = kernel->rounds.at(cost);
    std::vector<double> all;
    for (std::size_t round = 0; round < std::min(mine.size(), its.size()); round++)
        all.push_back(its[round] / mine[round]);
    return all;
}

std::vector<std::string> SectionResult::cells() const {
    std::vector<std::string> all;
    for (const auto& entry : entries)
        if (std::find(all.begin(), all.end(), entry.cell) == all.end())
            all.push_back(entry.cell);
    return all;
}

bool ForwardingResults::failed() const {
    return std::any_of(sections.begin(), sections.end(), [](const SectionResult& section) {
        return std::any_of(section.entries.begin(), section.entries.end(),
                           [](const Entry& entry) { return !entry.failed.empty(); });
    });
}

json as_json(const ForwardingResults& results) {
    json sections = json::array(), cells = json::array();
    for (const auto& section : results.sections) {
        sections.push_back(
            {{"section", section.id}, {"title", section.title}, {"legend", section.legend}});
        for (const auto& entry : section.entries) {
            cells.push_back({{"section", section.id},
                             {"cell", entry.cell},
                             {"switch", name(entry.side)},
                             {"median", entry.medians()},
                             {"rounds", entry.rounds},
                             {"note", entry.note},
                             {"failed", entry.failed}});
        }
    }
    json all = results.campaign.as_json();
    all["sections"] = sections;
    all["cells"] = cells;
    return all;
}

} // namespace xdpbridge::bench
