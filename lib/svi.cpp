// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "device_settings.h"
#include "link_change.h"
#include "netns.h"
#include "port_attach.h"
#include "port_slot.h"
#include "port_table.h"
#include "router_port.h"
#include "vlan_table.h"

#include <xdpbridge/error.h>
#include <xdpbridge/svi.h>

#include <fmt/format.h>
#include <linux/if.h>

namespace xdpbridge {

namespace {

void check(int err, const std::string& doing, const std::string& what) {
    if (err != 0)
        throw Error(err, doing,
                    fmt::format("cannot {}: {}", what, std::generic_category().message(err)));
}

void require_name(const std::string& name, const std::string& doing) {
    const std::string port = svi_port_name(name);
    const bool good = !name.empty() && name.find_first_of("/ :\t\n") == std::string::npos &&
                      name != "." && name != "..";
    if (!good || port.size() >= IFNAMSIZ)
        throw Error(EINVAL, doing,
                    good ? fmt::format("'{}' has more than {} characters", name,
                                       IFNAMSIZ - 1 - (port.size() - name.size()))
                         : fmt::format("'{}' is no name for an interface", name),
                    fmt::format("its port is called NAME{}, and an interface's name has {} "
                                "characters at most",
                                svi_port_suffix, IFNAMSIZ - 1));
    for (const auto& device : {name, port})
        if (link_by_name(device))
            throw Error(EEXIST, doing, fmt::format("there is an interface '{}' already", device),
                        "take another name");
}

void require_options(const BridgeState& state, const SviOptions& options,
                     const std::string& doing) {
    const bool aware = state.bridge().vlan_protocol != 0;
    if (aware && (options.vlan < 1 || options.vlan > 4094))
        throw Error(EINVAL, doing, "a VLAN-aware bridge has an SVI for each VLAN to be routed",
                    "name it by --vlan, 1 to 4094");
    if (!aware && options.vlan != 0)
        throw Error(EOPNOTSUPP, doing, fmt::format("bridge '{}' is not VLAN-aware", state.name),
                    "leave --vlan out");
    if (options.mac && (options.mac->is_multicast() || options.mac->is_zero()))
        throw Error(EINVAL, doing,
                    fmt::format("{} is no router's address", options.mac->to_string()),
                    "its second hex digit has to be even");
    if (!options.mac)
        return;
    xdpb_fdb_key key{};
    std::copy(options.mac->octets.begin(), options.mac->octets.end(), std::begin(key.mac));
    key.vlan = options.vlan;
    if (const auto entry = state.fdb.lookup(key); entry && entry->flags & XDPB_FDB_STATIC)
        throw Error(
            EEXIST, doing,
            fmt::format("{} has a static FDB entry there already", options.mac->to_string()),
            fmt::format("`xdp-bridge fdb show {} --static` lists them", state.name));
}

// 0 for none.
std::uint32_t find_vrf(const std::string& vrf, const std::string& doing) {
    if (vrf.empty())
        return 0;
    const auto link = link_by_name(vrf);
    if (!link)
        throw Error(ENODEV, doing, fmt::format("no interface '{}'", vrf),
                    fmt::format("`ip link add {} type vrf table N` makes it", vrf));
    if (link->kind != "vrf")
        throw Error(EINVAL, doing, fmt::format("'{}' is a {}, not a VRF", vrf, link->kind));
    return link->ifindex;
}

// Both ends, down. The host's takes what XDP sends to it only with GRO on: that gives it NAPI.
Link make_veth(const BridgeState& state, std::uint16_t number, const std::string& name,
               const SviOptions& options, const std::string& doing) {
    check(create_veth(name, svi_port_name(name), options.mac), doing, "make a veth");
    const auto host = link_by_name(name);
    const auto port = link_by_name(svi_port_name(name));
    if (!host || !port)
        throw Error(ENODEV, doing, "its veth was deleted meanwhile");
    state.ports[number].ifindex = port->ifindex;
    check(set_feature(host->ifindex, "rx-gro", true), doing,
          fmt::format("turn GRO of '{}' on", name));
    // Without IPv6 in the kernel there is no such setting, and no need for it.
    set_no_link_local_address(port->ifindex);
    return *port;
}

void join_vlan_alone(const BridgeState& state, std::uint16_t number, std::uint16_t vlan,
                     const std::string& doing) {
    int err = make_floods(state, {vlan, vlan});
    if (err == 0)
        err = join_vlan(state, number, vlan, state.bridge().vlan_protocol != 0);
    check(-err, doing, fmt::format("join VLAN {}", vlan));
    state.ports[number].pvid = vlan;
    state.ports[number].svi_vlan = vlan;
}

std::string base_name(const std::string& port) {
    const std::string suffix = svi_port_suffix;
    return port.ends_with(suffix) ? port.substr(0, port.size() - suffix.size()) : port;
}

SviInfo describe_svi(const BridgeState& state, std::uint16_t number) {
    const xdpb_port& slot = state.ports[number];
    const PortInfo port = describe(state, number);
    const auto host = svi_device(state, number);
    const auto master = host ? link_by_index(host->master) : std::nullopt;
    SviInfo info{.device = host ? host->name : base_name(port.device),
                 .port = port.device,
                 .number = number,
                 .vlan = slot.svi_vlan,
                 .mac = host ? host->mac : Mac{},
                 .ifindex = slot.router_ifindex,
                 .mtu = host ? host->mtu : 0,
                 .master = master ? master->name : "",
                 .state = port.state};
    if (!host)
        info.state = PortState::gone;
    else if (!host->up && info.state == PortState::forwarding)
        info.state = PortState::down;
    return info;
}

template <typename Visit>
void for_each_svi(const BridgeState& state, const Visit& visit) {
    for (std::uint16_t number = 1; number < XDPB_MAX_PORTS; number++)
        if (used(state.ports[number]) && state.ports[number].features & XDPB_FEATURE_SVI)
            visit(number);
}

} // namespace

void Svis::add(const std::string& name, const SviOptions& options) {
    const std::string doing = fmt::format("add SVI '{}' to bridge '{}'", name, state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    require_name(name, doing);
    require_options(*state_, options, doing);
    const auto vrf = find_vrf(options.vrf, doing);

    // First the slot, with the name of what is about to be made: should we be killed, the next call
    // finds it by that.
    const auto number = claim_slot(*state_, {}, XDPB_FEATURE_SVI, svi_port_name(name), doing);
    try {
        const Link port = make_veth(*state_, number, name, options, doing);
        join_vlan_alone(*state_, number, options.vlan, doing);
        connect_port(*state_, number, port, {Hook::automatic, XdpMode::native, {}}, doing);
        const int err = refresh_router_port(*state_, number, port);
        check(-err, doing, err == -E2BIG ? "store its MAC in the FDB" : "make it the router's");
        if (vrf != 0)
            check(set_master(port.peer, vrf), doing,
                  fmt::format("put it into VRF '{}'", options.vrf));
        check(set_up(port.ifindex), doing, "set it up");
        check(set_up(port.peer), doing, "set it up");
        refresh_ports(*state_); // a veth takes frames from XDP once it is up
    } catch (...) {
        clear_port(*state_, number);
        throw;
    }
}

void Svis::remove(const std::string& name) {
    const std::string doing = fmt::format("delete SVI '{}' of bridge '{}'", name, state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    std::optional<std::uint16_t> found;
    for_each_svi(*state_, [&](std::uint16_t number) {
        if (describe_svi(*state_, number).device == name)
            found = number;
    });
    if (!found)
        throw Error(ENOENT, doing, "no such SVI",
                    fmt::format("`xdp-bridge svi show {}` lists them", state_->name));
    remove_port(*state_, *found, doing);
}

std::vector<SviInfo> Svis::list() const {
    const std::string doing = fmt::format("list the SVIs of bridge '{}'", state_->name);
    const Lock lock = state_->lock(Lock::Kind::shared, doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    std::vector<SviInfo> list;
    for_each_svi(*state_,
                 [&](std::uint16_t number) { list.push_back(describe_svi(*state_, number)); });
    return list;
}

} // namespace xdpbridge
