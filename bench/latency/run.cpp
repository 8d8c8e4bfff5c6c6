// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "run.h"

#include <algorithm>
#include <exception>

namespace xdpbridge::bench {

namespace {

std::chrono::nanoseconds ns_of(double us) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(us * 1e3));
}

// All cells of one path, with a reader at its end.
void run_path(Net& net, const PathKind& kind, int round, Results& results, PathOutcome& outcome,
              const Progress& progress) {
    const auto path = kind.make(net, reader_target);
    const auto queues = path->open();
    std::vector<int> fds;
    for (const auto& queue : queues)
        fds.push_back(queue.get());
    const Settings& settings = results.settings;
    for (const auto& cell : results.cells) {
        if (cell.receiver == ReceiverKind::guest)
            continue;
        progress({round, outcome.name, cell});
        Reader reader(fds, ns_of(cell.receiver == ReceiverKind::slow ? settings.drain_us : 0));
        results.series[{outcome.name, cell}].add(measure(
            cell, reader_target, reader, ns_of(settings.seconds * 1e6), 1e6 / settings.drain_us));
        outcome.note = path->note();
    }
}

} // namespace

void run_rounds(Net& net, const std::vector<const PathKind*>& paths, Results& results,
                const Progress& progress) {
    for (int round = 0; round < results.settings.rounds; round++)
        for (std::size_t i = 0; i < paths.size(); i++) {
            const std::size_t turn = (i + static_cast<std::size_t>(round)) % paths.size();
            auto& outcome = results.paths.at(turn);
            if (outcome.failed.empty())
                try {
                    run_path(net, *paths[turn], round + 1, results, outcome, progress);
                } catch (const std::exception& error) {
                    outcome.failed = error.what();
                }
        }
}

} // namespace xdpbridge::bench
