// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "mirror.h"

#include "acl_tables.h"
#include "netns.h"
#include "policer.h"
#include "port_table.h"
#include "tc_program.h"

#include <xdpbridge/error.h>

#include <algorithm>
#include <atomic>
#include <fmt/format.h>

namespace xdpbridge {

namespace {

constexpr std::uint32_t lent = XDPB_PORT_TC_LENT;
constexpr std::uint32_t mirror_features = XDPB_FEATURE_MIRROR_RX | XDPB_FEATURE_MIRROR_TX;

std::atomic_ref<std::uint32_t> flags_of(const BridgeState& state, std::uint16_t port) {
    return std::atomic_ref(state.ports[port].flags);
}

void store_mirror(__u16& member, std::atomic_ref<std::uint32_t> features, std::uint32_t feature,
                  std::uint16_t to) noexcept {
    if (to == 0)
        features.fetch_and(~feature);
    std::atomic_ref(member).store(to);
    if (to != 0)
        features.fetch_or(feature);
}

// The features of all ports together.
std::uint32_t features_of_ports(const BridgeState& state) noexcept {
    std::uint32_t all = 0;
    for (std::uint16_t port = 1; port < XDPB_MAX_PORTS; port++)
        if (used(state.ports[port]))
            all |= std::atomic_ref(state.ports[port].features).load();
    return all;
}

bool rules_mirror(const BridgeState& state) {
    const auto rules = rules_that_hold(state);
    return std::any_of(rules.begin(), rules.end(), [](const PlacedRule& placed) {
        return placed.rule.action == XDPB_ACL_MIRROR;
    });
}

bool names(const xdpb_acl_rule& rule, std::uint16_t port) {
    return ((rule.fields >> XDPB_ACL_PORT & 1) != 0 && rule.port == port) ||
           (rule.action == XDPB_ACL_MIRROR && rule.mirror == port);
}

// Nobody hands frames over any more when the program goes.
void take_back_tc(const BridgeState& state, std::uint16_t port) noexcept {
    flags_of(state, port).fetch_and(~std::uint32_t{XDPB_PORT_TC});
    if (detach_tc(state, port, state.ports[port].ifindex) == 0) // else refresh_mirrors tries again
        flags_of(state, port).fetch_and(~lent);
}

void lend_tc_to(const BridgeState& state, std::uint16_t port, const std::string& doing) {
    const auto flags = flags_of(state, port).load();
    if (!(flags & XDPB_PORT_USED) || flags & XDPB_PORT_TC)
        return;
    const auto device = device_of(state, port);
    if (!device)
        return; // gone: it gets one when it comes back
    // The note comes first; should we be killed in between, whoever is next takes up from here.
    if (flags & lent)
        detach_tc(state, port, state.ports[port].ifindex);
    flags_of(state, port).fetch_or(lent);
    try {
        attach_tc(state, port, *device, doing);
    } catch (...) {
        flags_of(state, port).fetch_and(~lent);
        throw;
    }
    flags_of(state, port).fetch_or(XDPB_PORT_TC);
}

void store_mirrors(const BridgeState& state, std::uint16_t port, const Mirrors& mirrors) noexcept {
    xdpb_port& slot = state.ports[port];
    const std::atomic_ref features(slot.features);
    if (mirrors.rx)
        store_mirror(slot.mirror_rx, features, XDPB_FEATURE_MIRROR_RX, *mirrors.rx);
    if (mirrors.tx)
        store_mirror(slot.mirror_tx, features, XDPB_FEATURE_MIRROR_TX, *mirrors.tx);
}

// Whether a port or a rule has a mirror.
bool is_mirroring(const BridgeState& state) {
    return (features_of_ports(state) & mirror_features) != 0 || rules_mirror(state);
}

} // namespace

Mirrors require_mirrors(const BridgeState& state, const std::string& device,
                        const PortSettings& settings, const std::string& doing) {
    const auto port_of = [&](const std::string& to) -> std::uint16_t {
        if (to.empty())
            return 0;
        const auto port = require_port(state, to, doing);
        if (port == find_port(state, device))
            throw Error(EINVAL, doing, fmt::format("'{}' cannot be its own mirror", device),
                        "name another port");
        return port;
    };
    Mirrors mirrors;
    if (settings.mirror_rx)
        mirrors.rx = port_of(*settings.mirror_rx);
    if (settings.mirror_tx)
        mirrors.tx = port_of(*settings.mirror_tx);
    return mirrors;
}

void change_mirrors(const BridgeState& state, std::uint16_t port, const Mirrors& mirrors,
                    const std::string& doing) {
    if (mirrors.any() || is_mirroring(state))
        try {
            lend_tc(state, doing);
        } catch (...) {
            refresh_mirrors(state);
            throw;
        }
    store_mirrors(state, port, mirrors);
    refresh_mirrors(state);
}

void lend_tc(const BridgeState& state, const std::string& doing) {
    for (std::uint16_t port = 1; port < XDPB_MAX_PORTS; port++)
        lend_tc_to(state, port, doing);
}

void refresh_mirrors(const BridgeState& state) noexcept try {
    const auto ports = features_of_ports(state);
    const bool on = (ports & mirror_features) != 0 || rules_mirror(state);
    const std::atomic_ref features(state.bridge().features);
    if (ports & XDPB_FEATURE_MIRROR_TX)
        features.fetch_or(XDPB_BRIDGE_MIRROR_FLOODS);
    else
        features.fetch_and(~std::uint32_t{XDPB_BRIDGE_MIRROR_FLOODS});
    if (on) {
        features.fetch_or(XDPB_BRIDGE_MIRROR);
        return;
    }
    features.fetch_and(~std::uint32_t{XDPB_BRIDGE_MIRROR});
    if (netns_cookie() != state.bridge().netns_cookie)
        return; // its devices are out of reach
    for (std::uint16_t port = 1; port < XDPB_MAX_PORTS; port++)
        if (flags_of(state, port).load() & lent)
            take_back_tc(state, port);
} catch (const std::exception&) {
    // The rules cannot be read: what is lent stays so.
}

void require_unnamed(const BridgeState& state, std::uint16_t port, const std::string& doing) {
    for (const auto& placed : rules_that_hold(state))
        if (names(placed.rule, port))
            throw Error(EBUSY, doing,
                        fmt::format("rule {} of the ACL names it", placed.rule.priority),
                        fmt::format("`xdp-bridge acl del {} {}` deletes that", state.name,
                                    placed.rule.priority));
    for (std::uint16_t other = 1; other < XDPB_MAX_PORTS; other++) {
        const xdpb_port& slot = state.ports[other];
        if (!used(slot) || (slot.mirror_rx != port && slot.mirror_tx != port))
            continue;
        const auto device = describe(state, other).device;
        throw Error(EBUSY, doing,
                    fmt::format("it gets the copies of what '{}' is mirrored", device),
                    fmt::format("`xdp-bridge port set {} {} --mirror-rx off --mirror-tx off` ends "
                                "that",
                                state.name, device));
    }
}

void forget_names(const BridgeState& state, std::uint16_t port) noexcept try {
    for (std::uint16_t other = 1; other < XDPB_MAX_PORTS; other++) {
        const xdpb_port& slot = state.ports[other];
        if (slot.mirror_rx == port)
            store_mirrors(state, other, {.rx = 0});
        if (slot.mirror_tx == port)
            store_mirrors(state, other, {.tx = 0});
    }
    std::vector<WantedRule> rest;
    const auto rules = rules_that_hold(state);
    for (const auto& placed : rules)
        if (!names(placed.rule, port))
            rest.push_back({placed.rule, load_rate(state.policers[XDPB_POLICER_ACL + placed.slot]),
                            placed.slot});
    if (rest.size() != rules.size())
        hold_rules(state, rest, "forget a port");
} catch (const std::exception&) {
    // No memory. The rules stay, for whichever port gets the number.
}

} // namespace xdpbridge
