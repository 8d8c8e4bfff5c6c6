// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "port_settings.h"

#include "class_table.h"
#include "policer.h"
#include "port_table.h"

#include <xdpbridge/error.h>

#include <array>
#include <atomic>
#include <fmt/format.h>

namespace xdpbridge {

namespace {

void set_feature(xdpb_port& slot, std::uint32_t feature, std::optional<bool> on) noexcept {
    const std::atomic_ref features(slot.features);
    if (on && *on)
        features.fetch_or(feature);
    if (on && !*on)
        features.fetch_and(~feature);
}

void store_source_guard(xdpb_port& slot, std::optional<SourceGuard> guard) noexcept {
    if (!guard)
        return;
    set_feature(slot, XDPB_FEATURE_MAC_GUARD, *guard != SourceGuard::off);
    set_feature(slot, XDPB_FEATURE_IP_GUARD, *guard == SourceGuard::ip);
}

// Opens the port if it is shut. Off comes before open, and open after on, for a BPDU in between.
void store_bpdu_guard(const BridgeState& state, xdpb_port& slot, std::optional<bool> on) noexcept {
    if (!on)
        return;
    if (*on) // before anybody relies on it
        std::atomic_ref(state.bridge().features).fetch_or(XDPB_BRIDGE_BPDU_GUARD);
    set_feature(slot, XDPB_FEATURE_BPDU_GUARD, on);
    set_feature(slot, XDPB_FEATURE_BLOCKED, false);
}

struct PolicerSetting {
    xdpb_policer_kind kind;
    std::uint32_t feature;
    std::optional<Rate> PortSettings::*rate;
    const char* what;
};

constexpr std::array policer_settings = {
    PolicerSetting{XDPB_POLICER_BROADCAST, XDPB_FEATURE_STORM, &PortSettings::storm_broadcast,
                   "broadcast"},
    PolicerSetting{XDPB_POLICER_MULTICAST, XDPB_FEATURE_STORM, &PortSettings::storm_multicast,
                   "multicast"},
    PolicerSetting{XDPB_POLICER_UNKNOWN, XDPB_FEATURE_STORM, &PortSettings::storm_unknown,
                   "unknown unicast"},
    PolicerSetting{XDPB_POLICER_INGRESS, XDPB_FEATURE_POLICER, &PortSettings::police, "policer"},
};

void store_policers(const BridgeState& state, std::uint16_t port,
                    const PortSettings& settings) noexcept {
    std::uint32_t on = 0;
    for (const auto& each : policer_settings) {
        xdpb_policer& policer = port_policer(state, port, each.kind);
        if (const auto& rate = settings.*each.rate)
            store_rate(policer, *rate);
        if (load_rate(policer).limits())
            on |= each.feature;
    }
    for (const std::uint32_t feature : {XDPB_FEATURE_STORM, XDPB_FEATURE_POLICER})
        set_feature(state.ports[port], feature, (on & feature) != 0);
}

} // namespace

void require_settings(const BridgeState& state, const PortSettings& settings,
                      const std::string& doing) {
    if (settings.priority && *settings.priority > 7)
        throw Error(EINVAL, doing, fmt::format("no priority {}", *settings.priority),
                    "a PCP is 0 to 7");
    if (settings.class_delay &&
        (settings.class_delay->count() < 1 || *settings.class_delay > max_class_delay))
        throw Error(EINVAL, doing,
                    fmt::format("class delay {} us is out of range", settings.class_delay->count()),
                    fmt::format("give 1 to {} microseconds", max_class_delay.count()));
    for (const auto& each : policer_settings)
        if (const auto& rate = settings.*each.rate)
            require_rate(*rate, each.what, doing);
    const bool needs_vlans = settings.tunnel.value_or(false) ||
                             settings.set_priority.value_or(false) ||
                             settings.priority.value_or(0) != 0;
    if (needs_vlans && state.bridge().vlan_protocol == 0)
        throw Error(EOPNOTSUPP, doing,
                    fmt::format("bridge '{}' is not VLAN-aware, and sets no tags", state.name),
                    "make it with `xdp-bridge add --vlan-aware`");
}

void store_settings(const BridgeState& state, std::uint16_t port,
                    const PortSettings& settings) noexcept {
    xdpb_port& slot = state.ports[port];
    set_feature(slot, XDPB_FEATURE_ISOLATED, settings.isolated);
    set_feature(slot, XDPB_FEATURE_TUNNEL, settings.tunnel);
    set_feature(slot, XDPB_FEATURE_SET_PRIORITY, settings.set_priority);
    set_feature(slot, XDPB_FEATURE_MROUTER, settings.mrouter);
    set_feature(slot, XDPB_FEATURE_CLASSES, settings.classes);
    if (settings.class_delay)
        store_class_delay(slot, *settings.class_delay);
    set_feature(slot, XDPB_FEATURE_FAST_LEAVE, settings.fast_leave);
    if (settings.priority)
        std::atomic_ref(slot.priority).store(*settings.priority);
    store_source_guard(slot, settings.source_guard);
    set_feature(slot, XDPB_FEATURE_ARP_GUARD, settings.arp_guard);
    set_feature(slot, XDPB_FEATURE_DHCP_GUARD, settings.dhcp_guard);
    set_feature(slot, XDPB_FEATURE_RA_GUARD, settings.ra_guard);
    store_bpdu_guard(state, slot, settings.bpdu_guard);
    store_policers(state, port, settings);
    summarize_features(state);
}

void summarize_features(const BridgeState& state) noexcept {
    std::uint32_t all = 0;
    for (std::uint16_t number = 1; number < XDPB_MAX_PORTS; number++)
        if (used(state.ports[number]))
            all |= std::atomic_ref(state.ports[number].features).load();
    const std::atomic_ref features(state.bridge().features);
    if (all & (XDPB_FEATURE_BPDU_GUARD | XDPB_FEATURE_BLOCKED))
        features.fetch_or(XDPB_BRIDGE_BPDU_GUARD);
    else
        features.fetch_and(~std::uint32_t{XDPB_BRIDGE_BPDU_GUARD});
}

} // namespace xdpbridge
