// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// All that was measured: figures of rounds, by attack.
#pragma once
#include "../campaign.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace xdpbridge::bench {

struct HostileResult : Rounds {
    std::string cell;
    bool has_goal = false;    // the neighbours have to keep 0.9 of their rate
    std::string refused_as{}; // the counters of what was refused
    std::string failed{};     // why there are no figures
};

struct HostileResults {
    Campaign campaign;
    std::vector<HostileResult> cells{};

    [[nodiscard]] bool failed() const; // any of it
};

constexpr double goal = 0.9;

nlohmann::json as_json(const HostileResults& results);
std::string as_markdown(const HostileResults& results);

} // namespace xdpbridge::bench
