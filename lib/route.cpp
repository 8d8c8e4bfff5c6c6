// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "gateway.h"
#include "netns.h"
#include "port_table.h"
#include "route_table.h"
#include "router_port.h"

#include <xdpbridge/error.h>

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <tuple>

namespace xdpbridge {

namespace {

using Gateway = std::pair<std::uint16_t, Ip>; // port, address

bool is_router_port(const BridgeState& state, std::uint16_t port) {
    return port != 0 && port < XDPB_MAX_PORTS && used(state.ports[port]) &&
           state.ports[port].features & (XDPB_FEATURE_ROUTED | XDPB_FEATURE_SVI);
}

void require_route(const BridgeState& state, const Route& route, const std::string& doing) {
    const auto refuse = [&](const std::string& reason, const std::string& hint) {
        throw Error(EINVAL, doing, fmt::format("{}: {}", route.prefix.to_string(), reason), hint);
    };
    if (route.type != RouteType::unicast) {
        if (route.gateway || route.port != 0)
            refuse("it leads nowhere, and has no next hop", "leave device and gateway out");
        return;
    }
    if (!is_router_port(state, route.port))
        refuse(fmt::format("port {} is neither an SVI's nor a routed port", route.port),
               fmt::format("`xdp-bridge svi show {}` lists the SVIs", state.name));
    if (!route.gateway)
        return;
    if (!route.gateway->is_host())
        refuse(fmt::format("{} is no gateway's address", route.gateway->to_string()),
               "give a unicast address");
    if (!route.prefix.address.is_ipv4() && route.gateway->is_ipv4())
        refuse("an IPv4 gateway of an IPv6 route", "give its IPv6 address");
}

// A gateway that cannot be kept (no IPv6 on the interface, say) is one that is not known: packets
// for it are left to the stack, and counted.
void keep_gateways(const BridgeState& state, const std::set<Gateway>& gateways) {
    for (const auto& [port, gateway] : gateways)
        keep_gateway(state.ports[port].router_ifindex, gateway);
}

// Of gateways that routes have just lost, those that no other route has.
void drop_unused(const BridgeState& state, std::set<Gateway> gateways) {
    if (gateways.empty())
        return;
    for_each_route(state, [&](const Route& route) {
        if (route.gateway)
            gateways.erase({route.port, *route.gateway});
        return !gateways.empty();
    });
    for (const auto& [port, gateway] : gateways)
        drop_gateway(state.ports[port].router_ifindex, gateway);
}

// The gateway that a route has, if it has one.
std::set<Gateway> gateway_of(const std::optional<Route>& route) {
    return route && route->gateway ? std::set<Gateway>{{route->port, *route->gateway}}
                                   : std::set<Gateway>{};
}

[[noreturn]] void throw_full(const std::string& doing) {
    throw Error(ENOSPC, doing, fmt::format("more than {} routes of one family", Routes::max_routes),
                "nothing was added; a shorter prefix may stand for many");
}

// IPv4 first, as `ip route` would print them.
bool by_address(const IpPrefix& a, const IpPrefix& b) {
    const bool a6 = !a.address.is_ipv4(), b6 = !b.address.is_ipv4();
    return std::tie(a6, a) < std::tie(b6, b);
}

// What putting routes into a table will do to it. old: in order.
struct Change {
    Change(const std::vector<Route>& old, std::span<const Route> routes) {
        for (const auto& route : old)
            count(route.prefix);
        for (const auto& route : routes)
            fresh.push_back(route.prefix);
        std::sort(fresh.begin(), fresh.end(), by_address);
        fresh.erase(std::unique(fresh.begin(), fresh.end()), fresh.end());
        const auto is_old = [&](const IpPrefix& prefix) {
            const auto found = std::lower_bound(
                old.begin(), old.end(), prefix,
                [](const Route& a, const IpPrefix& b) { return by_address(a.prefix, b); });
            if (found == old.end() || found->prefix != prefix)
                return false;
            replaced.push_back(*found);
            return true;
        };
        fresh.erase(std::remove_if(fresh.begin(), fresh.end(), is_old), fresh.end());
        for (const auto& prefix : fresh)
            count(prefix);
    }
    [[nodiscard]] bool fits() const {
        return ipv4 <= Routes::max_routes && ipv6 <= Routes::max_routes;
    }

    std::vector<IpPrefix> fresh;
    std::vector<Route> replaced;

  private:
    void count(const IpPrefix& prefix) { (prefix.address.is_ipv4() ? ipv4 : ipv6)++; }
    std::size_t ipv4 = 0;
    std::size_t ipv6 = 0;
};

} // namespace

void Routes::add(const Route& route) {
    const std::string doing =
        fmt::format("add route {} to bridge '{}'", route.prefix.to_string(), state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    require_route(*state_, route, doing);
    std::optional<Route> old;
    int err = put_route(*state_, route, BPF_NOEXIST);
    if (err == -EEXIST) {
        old = take_route(*state_, route.prefix);
        err = put_route(*state_, route);
        if (err != 0 && old)
            put_route(*state_, *old);
    }
    if (err == -ENOSPC)
        throw_full(doing);
    if (err != 0)
        throw Error(-err, doing);
    keep_gateways(*state_, gateway_of(route));
    drop_unused(*state_, gateway_of(old));
}

bool Routes::remove(const IpPrefix& prefix) {
    const std::string doing =
        fmt::format("delete route {} of bridge '{}'", prefix.to_string(), state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    const auto old = take_route(*state_, prefix);
    drop_unused(*state_, gateway_of(old));
    return old.has_value();
}

std::size_t Routes::flush() {
    const std::string doing = fmt::format("flush the routes of bridge '{}'", state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    return flush_routes(*state_, 0);
}

void Routes::for_each(const std::function<void(const Route&)>& visit) const {
    for_each_route(*state_, [&](const Route& route) {
        visit(route);
        return true;
    });
}

std::vector<Route> Routes::list() const {
    std::vector<Route> all;
    for_each([&](const Route& route) { all.push_back(route); });
    std::sort(all.begin(), all.end(),
              [](const Route& a, const Route& b) { return by_address(a.prefix, b.prefix); });
    return all;
}

std::map<std::uint16_t, std::string> Routes::devices() const {
    const std::string doing =
        fmt::format("list the router's interfaces of bridge '{}'", state_->name);
    const Lock lock = state_->lock(Lock::Kind::shared, doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    std::map<std::uint16_t, std::string> names;
    for (std::uint16_t port = 1; port < XDPB_MAX_PORTS; port++) {
        if (!is_router_port(*state_, port))
            continue;
        const auto host = svi_device(*state_, port);
        names.emplace(port, host ? host->name : describe(*state_, port).device);
    }
    return names;
}

void Routes::load(std::span<const Route> routes) {
    const std::string doing = fmt::format("add routes to bridge '{}'", state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    std::set<Gateway> gateways;
    for (const auto& route : routes) {
        require_route(*state_, route, doing);
        if (route.gateway)
            gateways.emplace(route.port, *route.gateway);
    }
    const auto old = list(); // for the way back
    const Change change(old, routes);
    if (!change.fits())
        throw_full(doing);
    if (const int err = put_routes(*state_, routes); err != 0) {
        for (const auto& prefix : change.fresh)
            take_route(*state_, prefix);
        for (const auto& route : change.replaced)
            put_route(*state_, route);
        throw Error(-err, doing);
    }
    keep_gateways(*state_, gateways);
    std::set<Gateway> lost;
    for (const auto& route : change.replaced)
        lost.merge(gateway_of(route));
    drop_unused(*state_, std::move(lost));
}

} // namespace xdpbridge
