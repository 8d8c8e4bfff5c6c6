// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Rounds: each goes through all paths, and each path through all cells, so that what changes on the
// machine meanwhile meets all of them. The first path of a round is another one each time.
#pragma once
#include "path.h"
#include "results.h"

#include <functional>
#include <string>
#include <vector>

namespace xdpbridge::bench {

struct Step {
    int round; // from 1
    std::string path;
    const Cell& cell;
};
using Progress = std::function<void(const Step&)>; // told before each

// Fills in results.series of the cells with a reader, and of results.paths what failed, and notes.
void run_rounds(Net& net, const std::vector<const PathKind*>& paths, Results& results,
                const Progress& progress);
// The same for the guest, which is booted once, and results.guest.
void run_guest_rounds(Net& net, const std::vector<const PathKind*>& paths, Results& results,
                      const Progress& progress);

} // namespace xdpbridge::bench
