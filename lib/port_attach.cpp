// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "port_attach.h"

#include "capabilities.h"
#include "class_table.h"
#include "device_check.h"
#include "device_settings.h"
#include "hook_choice.h"
#include "mirror.h"
#include "port_settings.h"
#include "port_slot.h"
#include "port_table.h"
#include "tap_queue.h"
#include "tc_program.h"
#include "vlan_table.h"
#include "xdp_program.h"

#include <xdpbridge/error.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fmt/format.h>

namespace xdpbridge {

namespace {

Link require_device(const BridgeState& state, const std::string& device, const std::string& doing) {
    const auto link = link_by_name(device);
    if (!link)
        throw Error(ENODEV, doing,
                    fmt::format("no interface '{}' in this network namespace", device),
                    "`ip link` lists them, -n names another namespace");
    for (const auto& obstacle : find_obstacles(*link, state.where, state.name))
        throw Error(link->loopback ? EINVAL : EBUSY, doing, obstacle.found,
                    obstacle.fix.empty() ? "" : fmt::format("`{}` releases it", obstacle.fix));
    return *link;
}

std::uint16_t free_slot(const BridgeState& state, const std::string& doing) {
    for (std::uint16_t number = 1; number < XDPB_MAX_PORTS; number++)
        if (!used(state.ports[number]))
            return number;
    throw Error(ENOSPC, doing,
                fmt::format("bridge '{}' has {} ports already", state.name, XDPB_MAX_PORTS - 1));
}

// A port whose device is gone comes back as what it was.
void require_same_role(const xdpb_port& slot, const PortOptions& options,
                       const std::string& doing) {
    if (slot.features & XDPB_FEATURE_SVI)
        throw Error(EINVAL, doing, "it was the port of an SVI",
                    "`xdp-bridge svi del` removes that");
    if (((slot.features & XDPB_FEATURE_ROUTED) != 0) != options.routed)
        throw Error(EINVAL, doing,
                    options.routed ? "it was a switched port, and its settings are still there"
                                   : "it was a routed port, and its settings are still there",
                    "`xdp-bridge port del` forgets them");
}

void zero_counters(const BridgeState& state, std::uint16_t number) {
    for (std::uint32_t hook = 0; hook < XDPB_HOOK_COUNT; hook++)
        zero_per_cpu<xdpb_counters>(state.counters, number + hook * XDPB_MAX_PORTS);
    zero_per_cpu<xdpb_class_counters>(state.class_counters, number);
}

// Attaches at XDP; false if the library may choose, and the device would not.
bool attach_xdp(const BridgeState& state, std::uint16_t number, const Link& link, XdpMode mode,
                bool optional, XdpPrograms& programs, const std::string& doing) {
    const std::atomic_ref flags(state.ports[number].flags);
    try {
        const auto attached = programs.attach(state, link, mode, doing);
        flags.fetch_or(XDPB_PORT_XDP | (attached.generic ? XDPB_PORT_GENERIC : 0) |
                       (attached.kind == AttachKind::dispatcher ? XDPB_PORT_DISPATCHER : 0));
        return true;
    } catch (const Error& error) {
        const auto err = error.code().value();
        if (!optional || (err != EOPNOTSUPP && err != ERANGE && err != EINVAL && err != E2BIG))
            throw;
        return false;
    }
}

// Measured (bench/README.md): TCP by GRO and tc is 1.5 times as fast as frame by frame.
bool suits_bulk_gro(const Link& link, const HookChoice& choice) {
    return choice.xdp && choice.reason == HookReason::no_offloads && link.kind.empty() &&
           active_features(link.ifindex).contains("rx-gro");
}

// A new port is in the bridge's default VLAN. Its device joins the floods when it is connected.
void join_default_vlan(const BridgeState& state, std::uint16_t number, const std::string& doing) {
    const bool aware = state.bridge().vlan_protocol != 0;
    const std::uint16_t vid = state.bridge().default_pvid; // 0 when not VLAN-aware
    if (aware && vid == 0)
        return;
    int err = make_floods(state, {vid, vid});
    if (err == 0)
        err = join_vlan(state, number, vid, aware);
    if (err != 0)
        throw Error(-err, doing);
    state.ports[number].pvid = vid;
}

} // namespace

void require_role(std::uint32_t features, const PortSettings& settings, bool learning,
                  const std::string& doing) {
    if (!(features & (XDPB_FEATURE_ROUTED | XDPB_FEATURE_SVI)))
        return;
    const std::string what = features & XDPB_FEATURE_SVI ? "the port of an SVI" : "a routed port";
    if (learning)
        throw Error(EINVAL, doing, what + " learns no MACs", "leave --learning out");
    if (settings.isolated.value_or(false) || settings.tunnel.value_or(false))
        throw Error(EINVAL, doing, what + " cannot be isolated, nor a tunnel",
                    "isolate the ports of hosts");
}

std::uint16_t claim_slot(const BridgeState& state, const PortOptions& options,
                         std::uint32_t features, const std::string& name,
                         const std::string& doing) {
    const auto number = free_slot(state, doing);
    zero_counters(state, number);
    xdpb_port fresh{};
    const bool learning = options.learning && features == 0;
    fresh.flags = XDPB_PORT_USED | (learning ? std::uint32_t{XDPB_PORT_LEARNING} : 0U) |
                  (options.bulk_gro.value_or(false) ? std::uint32_t{XDPB_PORT_BULK_GRO} : 0U);
    fresh.features = features;
    if (state.bridge().features & XDPB_BRIDGE_SNOOPING)
        fresh.features |= XDPB_FEATURE_SNOOPING;
    fresh.mac_quota = options.mac_quota;
    store_class_delay(fresh, default_class_delay);
    name.copy(fresh.name, sizeof(fresh.name) - 1);
    state.ports[number] = fresh;
    return number;
}

// Each step is undone by clear_port or disconnect_port, and a process killed here leaves a slot
// that is used and not active, which the next lock_and_repair clears.
void connect_port(const BridgeState& state, std::uint16_t number, const Link& link,
                  const Connection& wanted, const std::string& doing) {
    xdpb_port& slot = state.ports[number];
    const std::atomic_ref flags(slot.flags);
    const bool is_auto = wanted.hook == Hook::automatic && wanted.mode == XdpMode::native;
    std::fill(std::begin(slot.name), std::end(slot.name), '\0');
    link.name.copy(slot.name, sizeof(slot.name) - 1);
    slot.ifindex = link.ifindex;
    flags.store((flags.load() & port_settings_mask) |
                (is_auto ? std::uint32_t{XDPB_PORT_HOOK_AUTO} : 0U));

    auto choice = choose_hooks(link, wanted.hook, wanted.mode);
    if (flags.load() & XDPB_PORT_BULK_GRO && !(choice.xdp && choice.tc))
        throw Error(EINVAL, doing, "bulk=gro needs XDP and tc", "give --hook both");
    XdpPrograms programs(state, number);
    // In the order in which a frame meets them, the last one first: what XDP hands over from the
    // first frame on, tc takes.
    if (choice.tc) {
        attach_tc(state, number, link, doing);
        flags.fetch_or(XDPB_PORT_TC);
    }
    if (choice.xdp && !attach_xdp(state, number, link, wanted.mode, is_auto, programs, doing))
        choice = {false, true, HookReason::no_native_xdp};
    if (!wanted.bulk_gro && suits_bulk_gro(link, choice))
        flags.fetch_or(XDPB_PORT_BULK_GRO);
    slot.hook_reason = static_cast<std::uint32_t>(choice.reason);
    if (may_carry_offloads(link, (flags.load() & XDPB_PORT_GENERIC) != 0))
        flags.fetch_or(XDPB_PORT_OFFLOADS);
    apply_settings(state, number, link, doing);
    if (slot.features & XDPB_FEATURE_CLASSES)
        find_tap_queues(state, number, link);

    int err = programs.connect_egress(link, doing);
    if (err == 0)
        err = connect_floods(state, number);
    if (err == 0)
        err = state.port_by_ifindex.update(link.ifindex, number);
    if (err != 0)
        throw Error(-err, doing);
    refresh_ports(state);
    flags.fetch_or(XDPB_PORT_ACTIVE);
}

std::uint16_t attach_port(const BridgeState& state, const std::string& device,
                          const PortOptions& options, const std::string& doing) {
    require_capabilities(doing);
    const Link link = require_device(state, device, doing);
    require_settings(state, options.settings, doing);
    const Mirrors mirrors = require_mirrors(state, device, options.settings, doing);
    const std::uint32_t role = options.routed ? std::uint32_t{XDPB_FEATURE_ROUTED} : 0U;
    require_role(role, options.settings, false, doing);

    const auto known = find_port(state, device);
    const bool returns = known && describe(state, *known).state == PortState::gone;
    if (known && !returns)
        throw Error(EEXIST, doing, fmt::format("it is port {} already", *known));
    if (returns)
        require_same_role(state.ports[*known], options, doing);

    const std::uint16_t number = known ? *known : claim_slot(state, options, role, device, doing);
    if (returns)
        disconnect_port(state, number);
    try {
        if (!returns && !options.routed)
            join_default_vlan(state, number, doing);
        store_settings(state, number, options.settings);
        connect_port(state, number, link, {options.hook, options.mode, options.bulk_gro}, doing);
        change_mirrors(state, number, mirrors, doing);
        state.ports[number].added_ns = static_cast<std::uint64_t>(
            std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
    } catch (...) {
        if (returns) { // still gone, and still holding its settings
            disconnect_port(state, number);
            std::atomic_ref(state.ports[number].flags).fetch_or(XDPB_PORT_ACTIVE);
        } else {
            clear_port(state, number);
        }
        throw;
    }
    return number;
}

} // namespace xdpbridge
