// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "run.h"

#include "guest.h"

#include <exception>

namespace xdpbridge::bench {

namespace {

std::chrono::nanoseconds ns_of(double us) {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(us * 1e3));
}

using RunPath = std::function<void(const PathKind&, PathOutcome&, int round)>;

// The first path of a round is another one each time. One that fails is not tried again.
void each_round(const std::vector<const PathKind*>& paths, Results& results,
                const std::string& about, const RunPath& run) {
    for (int round = 0; round < results.settings.rounds; round++)
        for (std::size_t i = 0; i < paths.size(); i++) {
            const std::size_t turn = (i + static_cast<std::size_t>(round)) % paths.size();
            auto& outcome = results.paths.at(turn);
            if (!outcome.failed.empty())
                continue;
            try {
                run(*paths[turn], outcome, round + 1);
            } catch (const std::exception& error) {
                outcome.failed = about + error.what();
            }
        }
}

// Of one path, in one round.
void run_cell(const Cell& cell, const Target& target, Receiver& receiver, Results& results,
              PathOutcome& outcome, const Path& path) {
    const Settings& settings = results.settings;
    results.series[{outcome.name, cell}].add(
        measure(cell, target, receiver, ns_of(settings.seconds * 1e6), 1e6 / settings.drain_us));
    outcome.note = path.note();
}

} // namespace

void run_rounds(Net& net, const std::vector<const PathKind*>& paths, Results& results,
                const Progress& progress) {
    each_round(paths, results, "", [&](const PathKind& kind, PathOutcome& outcome, int round) {
        const auto path = kind.make(net, reader_target);
        const auto queues = path->open();
        std::vector<int> fds;
        for (const auto& queue : queues)
            fds.push_back(queue.get());
        for (const auto& cell : results.cells) {
            if (cell.receiver == ReceiverKind::guest)
                continue;
            progress({round, outcome.name, cell});
            const bool slow = cell.receiver == ReceiverKind::slow;
            Reader reader(fds, ns_of(slow ? results.settings.drain_us : 0));
            run_cell(cell, reader_target, reader, results, outcome, *path);
        }
    });
}

void run_guest_rounds(Net& net, const std::vector<const PathKind*>& paths, Results& results,
                      const Progress& progress) try {
    Guest guest(XDPB_VM_KERNEL);
    each_round(paths, results,
               "to the guest: ", [&](const PathKind& kind, PathOutcome& outcome, int round) {
                   if (!kind.guest)
                       return;
                   const auto path = kind.make(net, guest_target);
                   for (const auto& cell : results.cells) {
                       if (cell.receiver != ReceiverKind::guest)
                           continue;
                       progress({round, outcome.name, cell});
                       run_cell(cell, guest_target, guest, results, outcome, *path);
                   }
               });
    results.guest = guest.about();
} catch (const std::exception& error) { // no kernel, or no QEMU: the rest is measured all the same
    results.guest = {{"failed", error.what()}};
}

} // namespace xdpbridge::bench
