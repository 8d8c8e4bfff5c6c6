// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "../machine.h"
#include "placement.h"
#include "results.h"

#include <fmt/format.h>

#include <algorithm>

namespace xdpbridge::bench {

namespace {

// Three digits that count, and no more.
std::string us(double ns) {
    const double value = ns / 1e3;
    return fmt::format("{:.{}f}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

std::string row(const std::string& path, const Series& series) {
    const auto total = series.total();
    const auto averages = series.averages();
    const double lost =
        total.sent > 0 ? 100 * static_cast<double>(total.lost) / static_cast<double>(total.sent)
                       : 0;
    return fmt::format(
        "| {:16} | {:>7} | {:>7} | {:>7} | {:>7} | {:>7} | {:>7} | {:>7} | {:>6} | {:>6} ({:.2f}%) "
        "| {:>7.0f} | {:>7.0f} | {}-{} ({:.0f}%) |\n",
        path, us(total.ns.min), us(total.ns.avg), us(total.ns.max), us(total.ns.stddev),
        us(total.ns.p50), us(total.ns.p99), us(total.ns.p999), total.sent, total.lost, lost,
        total.offered, total.delivered, us(averages.min), us(averages.max),
        100 * averages.relative);
}

std::string table(const Results& results, const Cell& cell) {
    std::string rows;
    for (const auto& path : results.paths)
        if (const auto* series = results.find(path.name, cell))
            rows += row(path.name, *series);
    if (rows.empty())
        return {};
    return fmt::format(
        "\n### {}, load {}, a probe each {} us\n\n"
        "| path | min | avg | max | stddev | p50 | p99 | p99.9 | sent | lost | offered/s | "
        "delivered/s | averages of rounds |\n"
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n{}",
        name(cell.receiver), name(cell.load), cell.period.count(), rows);
}

} // namespace

std::string line(const Verdict& verdict) {
    return fmt::format("{}: {:.3g}, {} {}", verdict.text, verdict.value, verdict.goal,
                       verdict.met ? "(met)" : "(NOT MET)");
}

std::string as_markdown(const Results& results) {
    std::string text = "# Latency to a VM's tap\n\nMicroseconds, one way, all rounds together.\n";
    for (const auto& cell : results.cells)
        text += table(results, cell);

    text += "\n## Goals\n\n";
    for (const auto& verdict : verdicts(results))
        text += fmt::format("- {}\n", line(verdict));

    text += "\n## Paths\n\n";
    for (const auto& path : results.paths)
        text += fmt::format("- {}: {}{}{}\n", path.name, path.about,
                            path.note.empty() ? "" : "; " + path.note,
                            path.failed.empty() ? "" : ". FAILED: " + path.failed);

    text += fmt::format("\n## Measured with\n\n- rounds: {} of {} s for each cell; the slow reader "
                        "takes {} us a frame\n- threads: {}\n",
                        results.settings.rounds, results.settings.seconds,
                        results.settings.drain_us, about_placement().dump());
    if (!results.guest.is_null())
        text += fmt::format("- guest: {}\n", results.guest.dump());
    return text + machine_as_markdown();
}

} // namespace xdpbridge::bench
