// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Other programs for a bridge that forwards, over the same maps.
#include "upgrade.h"

#include "port_table.h"
#include "refusals.h"
#include "tc_program.h"
#include "xdp_program.h"

#include <xdpbridge/error.h>

#include <atomic>
#include <fmt/format.h>
#include <vector>

namespace xdpbridge {

namespace {

struct Target {
    std::uint16_t port;
    Link link;
    std::string doing;
};

// Those whose device the kernel has not taken out of the devmap; the others get the programs when
// they come back. A device that cannot be looked at for want of memory is no reason to leave its
// port out.
std::vector<Target> present_ports(const BridgeState& state, const std::string& doing) {
    std::vector<Target> targets;
    for (std::uint16_t port = 1; port < XDPB_MAX_PORTS; port++) {
        if (!used(state.ports[port]) || !state.devices.lookup(port))
            continue;
        const auto link = link_by_index(state.ports[port].ifindex);
        if (!link)
            throw Error(ENODEV, doing,
                        fmt::format("the device of port {} cannot be looked at", port));
        targets.push_back({port, *link, fmt::format("{}: port '{}'", doing, link->name)});
    }
    return targets;
}

struct Exchange {
    std::unique_ptr<Replacement> programs;
    std::string doing;
};

// Everything that can fail for want of memory, or because the verifier says no, fails here, where
// nothing has changed yet. Last come the programs that frames meet first: until then they find
// what they know behind them.
std::vector<Exchange> load_all(const BridgeState& state, const std::vector<Target>& targets,
                               const std::string& doing) {
    std::vector<Exchange> exchanges;
    for (const auto& target : targets)
        exchanges.push_back({replace_egress(state, target.port, target.doing), target.doing});
    for (const auto& target : targets)
        if (state.ports[target.port].flags & XDPB_PORT_TC)
            exchanges.push_back(
                {replace_tc(state, target.port, target.link, target.doing), target.doing});
    for (const auto& target : targets)
        if (state.ports[target.port].flags & XDPB_PORT_XDP)
            exchanges.push_back(
                {replace_ingress(state, target.port, target.link, target.doing), target.doing});
    if (auto refusals = replace_refusals(state, doing))
        exchanges.push_back({std::move(refusals), doing});
    return exchanges;
}

void apply_all(const std::vector<Exchange>& exchanges) {
    for (std::size_t i = 0; i < exchanges.size(); i++) {
        try {
            exchanges[i].programs->apply(exchanges[i].doing);
        } catch (...) {
            for (std::size_t undone = i + 1; undone-- > 0;)
                exchanges[undone].programs->undo();
            throw;
        }
    }
}

} // namespace

unsigned replace_programs(const BridgeState& state, const std::string& doing) {
    const auto targets = present_ports(state, doing);
    const auto exchanges = load_all(state, targets, doing);
    const std::atomic_ref features(state.bridge().features);
    // Should we be killed, whoever changes the bridge next sees to it that all ports are alike.
    const bool interrupted =
        (features.fetch_or(XDPB_BRIDGE_UPGRADING) & XDPB_BRIDGE_UPGRADING) != 0;
    try {
        apply_all(exchanges);
    } catch (...) {
        if (!interrupted)
            features.fetch_and(~std::uint32_t{XDPB_BRIDGE_UPGRADING});
        throw;
    }
    features.fetch_and(~std::uint32_t{XDPB_BRIDGE_UPGRADING});
    return static_cast<unsigned>(targets.size());
}

} // namespace xdpbridge
