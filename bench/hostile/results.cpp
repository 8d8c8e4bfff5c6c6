// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "results.h"

#include <fmt/format.h>

#include <algorithm>

namespace xdpbridge::bench {

using nlohmann::json;

bool HostileResults::failed() const {
    return std::any_of(cells.begin(), cells.end(),
                       [](const HostileResult& cell) { return !cell.failed.empty(); });
}

json as_json(const HostileResults& results) {
    json cells = json::array();
    for (const auto& cell : results.cells) {
        cells.push_back({{"cell", cell.cell},
                         {"has_goal", cell.has_goal},
                         {"refused_as", cell.refused_as},
                         {"median", cell.medians()},
                         {"rounds", cell.rounds},
                         {"failed", cell.failed}});
    }
    json all = results.campaign.as_json();
    all["cells"] = cells;
    return all;
}

namespace {

std::string spread(const HostileResult& cell, const std::string& figure) {
    return fmt::format("{:.2f} ({:.2f}-{:.2f})", cell.median(figure), cell.least(figure),
                       cell.most(figure));
}

std::string verdict(const HostileResult& cell) {
    if (!cell.has_goal)
        return "";
    return cell.median("kept_per_second") >= goal ? "yes" : "NO";
}

// Those of the round with the most that were lost.
std::string lost(const HostileResult& cell) {
    const double most = cell.most("lost");
    return most == 0 ? "0" : fmt::format("{:.0f} ({:.3g}%)", most, 100 * cell.most("lost_share"));
}

std::string entries(const HostileResult& cell) {
    const double least = cell.least("in_place"), all = cell.median("neighbours");
    return least == all ? fmt::format("all {:.0f}", all)
                        : fmt::format("{:.0f} of {:.0f}", least, all);
}

std::string refused(const HostileResult& cell) {
    if (cell.refused_as.empty())
        return "";
    const bool equal = cell.rounds.at("refused") == cell.rounds.at("counted");
    return fmt::format("{:.0f} {} {:.0f} {}", cell.rounds.at("refused").back(),
                       equal ? "=" : "IS NOT", cell.rounds.at("counted").back(), cell.refused_as);
}

std::string row(const HostileResult& cell) {
    if (!cell.failed.empty())
        return fmt::format("| {} | no figure: {} | | | | | | | | | |\n", cell.cell, cell.failed);
    std::string text = fmt::format("| {} | {:.2f} | {:.2f} |", cell.cell,
                                   cell.median("attack_mframes"), cell.median("quiet_mframes"));
    for (const auto& column :
         {spread(cell, "kept_per_second"), spread(cell, "kept_per_cpu_second"), verdict(cell),
          spread(cell, "good_per_second"), spread(cell, "afterwards_per_second"), lost(cell),
          entries(cell), refused(cell)})
        text += fmt::format(" {} |", column);
    return text + '\n';
}

} // namespace

std::string as_markdown(const HostileResults& results) {
    std::string text = fmt::format(
        "# Good neighbours beside a hostile one\n\n"
        "| attack | attacker, Mframe/s | neighbours, Mframe/s | kept, a second | kept, a CPU "
        "second "
        "| at least {} | beside a good one | afterwards | lost | entries in place | refused and "
        "counted |\n|---|--:|--:|--:|--:|---|--:|--:|--:|---|---|\n",
        goal);
    for (const auto& cell : results.cells)
        text += row(cell);
    text += "\nLongest chain in a bucket of the FDB:";
    std::string between = " ";
    for (const auto& cell : results.cells)
        if (cell.has("longest_chain")) {
            text += fmt::format("{}{} {:.0f}", between, cell.cell, cell.most("longest_chain"));
            between = ", ";
        }
    return text + "\n\nMeasured with\n\n" + results.campaign.as_markdown();
}

} // namespace xdpbridge::bench
