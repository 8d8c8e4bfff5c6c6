// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "port_settings.h"

#include <xdpbridge/error.h>

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

} // namespace

void require_settings(const BridgeState& state, const PortSettings& settings,
                      const std::string& doing) {
    if (settings.priority && *settings.priority > 7)
        throw Error(EINVAL, doing, fmt::format("no priority {}", *settings.priority),
                    "a PCP is 0 to 7");
    const bool needs_vlans = settings.tunnel.value_or(false) ||
                             settings.set_priority.value_or(false) ||
                             settings.priority.value_or(0) != 0;
    if (needs_vlans && state.bridge().vlan_protocol == 0)
        throw Error(EOPNOTSUPP, doing,
                    fmt::format("bridge '{}' is not VLAN-aware, and sets no tags", state.name),
                    "make it with `xdp-bridge add --vlan-aware`");
}

void store_settings(xdpb_port& slot, const PortSettings& settings) noexcept {
    set_feature(slot, XDPB_FEATURE_ISOLATED, settings.isolated);
    set_feature(slot, XDPB_FEATURE_TUNNEL, settings.tunnel);
    set_feature(slot, XDPB_FEATURE_SET_PRIORITY, settings.set_priority);
    set_feature(slot, XDPB_FEATURE_MROUTER, settings.mrouter);
    set_feature(slot, XDPB_FEATURE_FAST_LEAVE, settings.fast_leave);
    if (settings.priority)
        std::atomic_ref(slot.priority).store(*settings.priority);
}

} // namespace xdpbridge
