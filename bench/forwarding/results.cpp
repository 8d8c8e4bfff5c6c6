// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "results.h"

#include "../machine.h"

#include <algorithm>

namespace xdpbridge::bench {

using nlohmann::json;

double median_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.at(values.size() / 2);
}

double Entry::median(const std::string& figure) const {
    return median_of(rounds.at(figure));
}
double Entry::least(const std::string& figure) const {
    return *std::min_element(rounds.at(figure).begin(), rounds.at(figure).end());
}
double Entry::most(const std::string& figure) const {
    return *std::max_element(rounds.at(figure).begin(), rounds.at(figure).end());
}

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
    return entries.emplace_back(Entry{.cell = cell, .side = side});
}

void SectionResult::add(const std::string& cell, Side side, const Figures& figures) {
    Entry& to = entry(cell, side);
    for (const auto& [name, value] : figures)
        to.rounds[name].push_back(value);
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
            json medians = json::object();
            for (const auto& [name, values] : entry.rounds)
                medians[name] = median_of(values);
            cells.push_back({{"section", section.id},
                             {"cell", entry.cell},
                             {"switch", name(entry.side)},
                             {"median", medians},
                             {"rounds", entry.rounds},
                             {"note", entry.note},
                             {"failed", entry.failed}});
        }
    }
    return {{"machine", machine()},
            {"settings",
             {{"rounds", results.settings.rounds},
              {"share", results.settings.share},
              {"cells", results.settings.cells}}},
            {"load_average", {{"before", results.load_before}, {"after", results.load_after}}},
            {"seconds", results.seconds},
            {"sections", sections},
            {"cells", cells}};
}

} // namespace xdpbridge::bench
