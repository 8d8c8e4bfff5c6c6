// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// All that was measured: figures of rounds, by section of an RFC, cell and switch.
#pragma once
#include "../campaign.h"
#include "switches.h"

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

namespace xdpbridge::bench {

// One switch in one cell.
struct Entry : Rounds {
    std::string cell;
    Side side;
    std::string note{};
    std::string failed{}; // why there are no figures
};

struct SectionResult {
    std::string id, title, legend;
    std::string cost{}; // the figure of which less is better and that ratios are made of; "": none
    std::function<std::string(const Entry&)> show; // as it stands in the table
    std::vector<Entry> entries{};

    Entry& entry(const std::string& cell, Side side); // makes it
    [[nodiscard]] const Entry* find(const std::string& cell, Side side) const;
    // Of the rounds: how many times as much the kernel's costs. Empty without figures of both.
    [[nodiscard]] std::vector<double> ratios(const std::string& cell, Side side) const;
    [[nodiscard]] std::vector<std::string> cells() const; // each once
};

struct ForwardingResults {
    Campaign campaign;
    std::vector<SectionResult> sections{};

    [[nodiscard]] bool failed() const; // anything of it
};

nlohmann::json as_json(const ForwardingResults& results);
std::string as_markdown(const ForwardingResults& results);
// PNGs into the folder, of what there is.
void plot(const ForwardingResults& results, const std::string& folder);

} // namespace xdpbridge::bench
