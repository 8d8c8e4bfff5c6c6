// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "router_port.h"

#include "fdb_table.h"
#include "link_change.h"
#include "netns.h"
#include "taking_apart.h"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace xdpbridge {

namespace {

Mac router_mac(const xdpb_port& slot) {
    Mac mac;
    std::copy(std::begin(slot.router_mac), std::end(slot.router_mac), mac.octets.begin());
    return mac;
}

void store_interface(xdpb_port& slot, std::uint32_t ifindex, const Mac& mac) {
    std::copy(mac.octets.begin(), mac.octets.end(), std::begin(slot.router_mac));
    std::atomic_ref(slot.router_ifindex).store(ifindex);
}

bool is_routers(const BridgeState& state, const xdpb_fdb_key& key, std::uint16_t port) {
    const auto entry = state.fdb.lookup(key);
    return entry && entry->flags & XDPB_FDB_ROUTER && entry->port == port;
}

// What is sent to the router's MAC in the VLAN is routed.
int follow_mac(const BridgeState& state, std::uint16_t port, const Mac& mac) {
    const xdpb_port& slot = state.ports[port];
    const auto key = to_key(mac, slot.svi_vlan);
    if (const auto old = to_key(router_mac(slot), slot.svi_vlan);
        mac != router_mac(slot) && is_routers(state, old, port))
        remove_entry(state, old);
    if (is_routers(state, key, port))
        return 0;
    return put_static_entry(state, key, port, XDPB_FDB_ROUTER);
}

} // namespace

std::string svi_port_name(const std::string& svi) {
    return svi + svi_port_suffix;
}

int refresh_router_port(const BridgeState& state, std::uint16_t port, const Link& device) {
    xdpb_port& slot = state.ports[port];
    if (slot.features & XDPB_FEATURE_ROUTED)
        store_interface(slot, device.ifindex, device.mac);
    if (!(slot.features & XDPB_FEATURE_SVI))
        return 0;
    const auto host = link_by_index(device.peer);
    if (!host || device.peer_is_elsewhere)
        return -ENODEV;
    if (const int err = follow_mac(state, port, host->mac); err != 0)
        return err;
    store_interface(slot, host->ifindex, host->mac);
    if (device.mtu != host->mtu)
        set_mtu(device.ifindex, host->mtu);
    return state.port_by_ifindex.update(host->ifindex, port);
}

void disconnect_router_port(const BridgeState& state, std::uint16_t port) noexcept {
    const auto ifindex = state.ports[port].router_ifindex;
    if (ifindex != 0 && state.port_by_ifindex.lookup(ifindex) == port)
        state.port_by_ifindex.remove(ifindex);
}

// By both ends' ifindexes, which are not given away again; of one whose making was cut short, by
// their names, which nobody had when it began.
std::optional<Link> svi_device(const BridgeState& state, std::uint16_t port) {
    const xdpb_port& slot = state.ports[port];
    const std::string name(slot.name, ::strnlen(slot.name, sizeof(slot.name)));
    if (!(slot.features & XDPB_FEATURE_SVI) || netns_cookie() != state.bridge().netns_cookie)
        return std::nullopt;
    const auto bridge_end = slot.ifindex != 0 ? link_by_index(slot.ifindex) : link_by_name(name);
    if (!bridge_end || bridge_end->kind != "veth")
        return std::nullopt;
    auto host = link_by_index(bridge_end->peer);
    const bool ours = host && !bridge_end->peer_is_elsewhere &&
                      (slot.router_ifindex != 0 ? host->ifindex == slot.router_ifindex
                                                : svi_port_name(host->name) == name);
    return ours ? host : std::nullopt;
}

int delete_svi_device(const BridgeState& state, std::uint16_t port) noexcept {
    return if_no_memory_for([&] {
        const auto host = svi_device(state, port);
        return host ? delete_link(host->ifindex) : 0;
    });
}

} // namespace xdpbridge
