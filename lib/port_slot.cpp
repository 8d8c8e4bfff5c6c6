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
#include "taking_apart.h"
#include "route_table.h"
#include "router_port.h"
#include "tc_program.h"
#include "vlan_table.h"
#include "xdp_program.h"

#include <xdpbridge/error.h>

#include <atomic>
#include <fmt/format.h>
#include <tuple>

namespace xdpbridge {

int disconnect_port(const BridgeState& state, std::uint16_t port) noexcept {
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
    return first_error({
        if_no_memory_for([&] { return detach_xdp(state, port, slot.ifindex); }),
        if_no_memory_for([&] {
            if (netns_cookie() != state.bridge().netns_cookie) // the ifindex is another device's
                return 0;
            return first_error(
                {detach_tc(state, port, slot.ifindex), restore_settings(state, port)});
        }),
    });
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

int clear_port(const BridgeState& state, std::uint16_t port) noexcept {
    int err = disconnect_port(state, port);
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
    if (err == 0)
        err = delete_svi_device(state, port);
    forget_names(state, port);
    if (err == 0)
        state.ports[port] = {};
    summarize_features(state);
    refresh_mirrors(state);
    return err;
}

void remove_port(const BridgeState& state, std::uint16_t port, const std::string& doing) {
    const int err = clear_port(state, port);
    // What of this lacks the memory, the next refresh does.
    std::ignore = if_no_memory_for([&] {
        refresh_ports(state);
        return 0;
    });
    if (err != 0)
        throw Error(err, doing,
                    fmt::format("something of it is left on its device: {}",
                                std::generic_category().message(err)),
                    "the next change of the bridge takes that away");
}

} // namespace xdpbridge
