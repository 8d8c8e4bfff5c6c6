// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "results.h"

#include <fmt/format.h>

#include <array>

namespace xdpbridge::bench {

namespace {

constexpr double tap_queue = 1000; // frames: txqueuelen of a tap, unless told otherwise

bool is_ours(const PathOutcome& path) {
    return path.name.starts_with("ours-");
}
bool has_classes(const PathOutcome& path) {
    return path.name.ends_with("-classes");
}

// Nothing but probes, and a reader that keeps up: against those that everybody has.
void idle(std::vector<Verdict>& all, const Results& results, const PathOutcome& path,
          const Cell& cell) {
    const auto* ours = results.find(path.name, cell);
    for (const std::string other : {"bridge", "macvtap"}) {
        const auto* theirs = results.find(other, cell);
        if (!ours || !theirs)
            continue;
        const auto mine = ours->summary(), others = theirs->summary();
        for (const auto& [what, value] :
             {std::pair{"p50", mine.p50 / others.p50}, std::pair{"p99", mine.p99 / others.p99}})
            all.push_back({fmt::format("{}: {} of {} / {}'s", name(cell), what, path.name, other),
                           value, "at most 1", value <= 1});
    }
}

// More load than the reader takes, and a path that ranks the probes.
void loaded(std::vector<Verdict>& all, const Results& results, const PathOutcome& path,
            const Cell& cell) {
    const auto* ours = results.find(path.name, cell);
    if (!ours)
        return;
    const auto mine = ours->summary();
    const auto ratio = [&](const Series* other, const std::string& text, double most) {
        if (!other)
            return;
        const double value = mine.p999 / other->summary().p999;
        all.push_back({fmt::format("{}: p99.9 of {} / {}", name(cell), path.name, text), value,
                       fmt::format("at most {}", most), value <= most});
    };
    ratio(results.find(path.name, {cell.receiver, LoadKind::none, cell.period}), "its own, idle",
          2);
    ratio(results.find("bridge", cell), "the kernel bridge's", 0.1);
    const auto lost = static_cast<double>(ours->total().lost);
    all.push_back(
        {fmt::format("{}: probes lost of {}", name(cell), path.name), lost, "none", lost == 0});
    if (ours->rounds().size() < 2)
        return;
    const double spread = ours->averages().relative;
    all.push_back({fmt::format("{}: spread of the averages of {} rounds of {}", name(cell),
                               ours->rounds().size(), path.name),
                   spread, "at most 0.1", spread <= 0.1});
}

// The others have to show what classes are for: probes wait for a full queue to drain.
void standing_queue(std::vector<Verdict>& all, const Results& results, const PathOutcome& path,
                    const Cell& cell) {
    const auto* series = results.find(path.name, cell);
    if (!series)
        return;
    const double value = series->summary().p99 / (tap_queue * results.settings.drain_us * 1e3);
    all.push_back({fmt::format("{}: p99 of {} / the time that {:.0f} frames take", name(cell),
                               path.name, tap_queue),
                   value, "a standing queue: at least 0.8", value >= 0.8});
}

} // namespace

std::vector<Verdict> verdicts(const Results& results) {
    std::vector<Verdict> all;
    for (const auto& cell : results.cells)
        for (const auto& path : results.paths) {
            const bool above = cell.receiver == ReceiverKind::slow &&
                               (cell.load == LoadKind::above || cell.load == LoadKind::udp3);
            if (is_ours(path) && cell.receiver == ReceiverKind::reader &&
                cell.load == LoadKind::none)
                idle(all, results, path, cell);
            else if (above && has_classes(path))
                loaded(all, results, path, cell);
            else if (above && (path.name == "bridge" || path.name == "redirect" || is_ours(path)))
                standing_queue(all, results, path, cell);
        }
    return all;
}

} // namespace xdpbridge::bench
