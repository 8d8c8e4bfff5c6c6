// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "port_table.h"

#include "class_table.h"
#include "hook_choice.h"
#include "policer.h"
#include "tc_program.h"
#include "xdp_program.h"

#include <xdpbridge/error.h>

#include <atomic>
#include <cstring>
#include <fmt/format.h>

namespace xdpbridge {

namespace {

std::string slot_name(const xdpb_port& slot) {
    return {slot.name, ::strnlen(slot.name, sizeof(slot.name))};
}

PortState state_of(const xdpb_port& slot, const std::optional<Link>& device) {
    if (!device)
        return PortState::gone;
    if (slot.features & XDPB_FEATURE_BLOCKED)
        return PortState::blocked;
    return device->up ? PortState::forwarding : PortState::down;
}

SourceGuard source_guard_of(const xdpb_port& slot) {
    return slot.features & XDPB_FEATURE_IP_GUARD    ? SourceGuard::ip
           : slot.features & XDPB_FEATURE_MAC_GUARD ? SourceGuard::mac
                                                    : SourceGuard::off;
}

} // namespace

bool used(const xdpb_port& slot) {
    return (slot.flags & XDPB_PORT_USED) != 0;
}

std::uint32_t attached_program_id(const BridgeState& state, std::uint16_t port,
                                  std::uint32_t ifindex) {
    return state.ports[port].flags & XDPB_PORT_TC && !(state.ports[port].flags & XDPB_PORT_XDP)
               ? attached_tc_id(state, port, ifindex)
               : attached_xdp_id(state, port, ifindex);
}

std::optional<Link> device_of(const BridgeState& state, std::uint16_t port) {
    const auto ifindex = state.ports[port].ifindex;
    // Once it has left the namespace, the kernel has taken it out of the devmap, for good.
    if (!state.devices.lookup(port) || attached_program_id(state, port, ifindex) == 0)
        return std::nullopt;
    return link_by_index(ifindex);
}

PortInfo describe(const BridgeState& state, std::uint16_t number) {
    const xdpb_port& slot = state.ports[number];
    const auto device = device_of(state, number);
    const auto rate = [&](xdpb_policer_kind kind) {
        return load_rate(port_policer(state, number, kind));
    };
    return {
        .number = number,
        .device = device ? device->name : slot_name(slot),
        .state = state_of(slot, device),
        .ifindex = slot.ifindex,
        .mtu = device ? device->mtu : 0,
        .kind = device ? device->kind : "",
        .xdp = (slot.flags & XDPB_PORT_XDP) != 0,
        .tc = (slot.flags & XDPB_PORT_TC) != 0,
        .hook_reason = text_of(static_cast<HookReason>(slot.hook_reason)),
        .generic = (slot.flags & XDPB_PORT_GENERIC) != 0,
        .attached_by =
            slot.flags & XDPB_PORT_DISPATCHER ? AttachKind::dispatcher : AttachKind::link,
        .bulk_gro = (slot.flags & XDPB_PORT_BULK_GRO) != 0,
        .takes_xdp = (slot.flags & XDPB_PORT_XDP_XMIT) != 0,
        .learning = (slot.flags & XDPB_PORT_LEARNING) != 0,
        .mac_quota = slot.mac_quota,
        .tx_dropped = device ? device->tx_dropped : 0,
        .learned = std::atomic_ref(state.ports[number].learned).load(),
        .pvid = slot.pvid,
        .priority = slot.priority,
        .features = std::atomic_ref(state.ports[number].features).load(),
        .source_guard = source_guard_of(slot),
        .storm_broadcast = rate(XDPB_POLICER_BROADCAST),
        .storm_multicast = rate(XDPB_POLICER_MULTICAST),
        .storm_unknown = rate(XDPB_POLICER_UNKNOWN),
        .police = rate(XDPB_POLICER_INGRESS),
        .mirror_rx = slot.mirror_rx,
        .mirror_tx = slot.mirror_tx,
        .isolation = isolation_of(state, number, device ? device->kind : ""),
        .class_delay = std::chrono::microseconds(slot.class_delay_ns / 1000),
        .tc_lent = (slot.flags & XDPB_PORT_TC_LENT) != 0,
    };
}

std::optional<std::uint16_t> find_port(const BridgeState& state, const std::string& device) {
    std::optional<std::uint16_t> gone;
    for (std::uint16_t number = 1; number < XDPB_MAX_PORTS; number++) {
        if (!used(state.ports[number]))
            continue;
        const PortInfo info = describe(state, number);
        if (info.device != device)
            continue;
        if (info.state != PortState::gone)
            return number;
        gone = number;
    }
    return gone;
}

std::uint16_t require_port(const BridgeState& state, const std::string& device,
                           const std::string& doing) {
    const auto number = find_port(state, device);
    if (!number)
        throw Error(ENOENT, doing,
                    fmt::format("'{}' is no port of bridge '{}'", device, state.name),
                    fmt::format("`xdp-bridge port show {}` lists them", state.name));
    return *number;
}

} // namespace xdpbridge
