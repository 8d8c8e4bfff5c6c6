// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "port_slot.h"

#include "device_settings.h"
#include "fdb_table.h"
#include "kept.h"
#include "libbpf_log.h"
#include "mirror.h"
#include "mdb_table.h"
#include "neighbour_table.h"
#include "netns.h"
#include "policer.h"
#include "port_settings.h"
#include "source_table.h"
#include "route_table.h"
#include "router_port.h"
#include "tc_program.h"
#include "vlan_table.h"
#include "xdp_program.h"

#include <atomic>

namespace xdpbridge {

void disconnect_port(const BridgeState& state, std::uint16_t port) noexcept {
    xdpb_port& slot = state.ports[port];
    // From here on frames pass to the stack; and should we be killed, the next call takes up from
    // here.
    std::atomic_ref(slot.flags).fetch_and(~std::uint32_t{XDPB_PORT_ACTIVE});
    disconnect_floods(state, port);
    state.devices.remove(port);
    state.devices_frags.remove(port);
    for (const bool frags : {false, true})
        stop_keeping(state, kept_egress(port, frags));
    stop_keeping(state, kept_ingress(port));
    const auto owner = state.port_by_ifindex.lookup(slot.ifindex);
    if (owner == port)
        state.port_by_ifindex.remove(slot.ifindex);
    disconnect_router_port(state, port);
    std::atomic_ref(slot.tap.files).store(0);
    const LibbpfLog quiet;
    try {
        detach_xdp(state, port, slot.ifindex);
        if (netns_cookie() == state.bridge().netns_cookie) { // else the ifindex is another device's
            detach_tc(state, port, slot.ifindex);
            restore_settings(state, port);
        }
    } catch (const std::exception&) {
        // Netlink has no memory for an answer. The program goes on passing frames to the stack.
    }
}

namespace {

void forget_routes(const BridgeState& state, std::uint16_t port) noexcept {
    try {
        flush_routes(state, port);
    } catch (const std::exception&) {
        // What is left leads to a port that is not there, and the stack gets it.
    }
}

} // namespace

void clear_port(const BridgeState& state, std::uint16_t port) noexcept {
    disconnect_port(state, port);
    if (state.ports[port].features & (XDPB_FEATURE_ROUTED | XDPB_FEATURE_SVI))
        forget_routes(state, port);
    try {
        flush_fdb(state, {.port = port, .static_too = true}, true);
    } catch (const std::exception&) {
        // Entries of a port without a device are treated as unknown; the next flush gets them.
    }
    forget_neighbours(state, port);
    forget_groups(state, port);
    leave_all_vlans(state, port);
    remove_sources(state, port);
    clear_policers(state, port);
    delete_svi_device(state, port);
    forget_names(state, port);
    state.ports[port] = {};
    summarize_features(state);
    refresh_mirrors(state);
}

} // namespace xdpbridge
