// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "route_table.h"

#include "gateway.h"

#include <algorithm>
#include <set>

namespace xdpbridge {

namespace {

constexpr std::size_t ipv4_at = 12; // in Ip::octets and xdpb_route.gateway
constexpr std::uint32_t batch_size = 16384;

void write(xdpb_route4_key& key, const IpPrefix& prefix) {
    key.bits = prefix.length;
    std::copy_n(&prefix.address.octets[ipv4_at], sizeof(key.address), std::begin(key.address));
}

void write(xdpb_route6_key& key, const IpPrefix& prefix) {
    key.bits = prefix.length;
    std::copy(prefix.address.octets.begin(), prefix.address.octets.end(), std::begin(key.address));
}

IpPrefix read(const xdpb_route4_key& key) {
    IpPrefix prefix{.length = static_cast<std::uint8_t>(key.bits)};
    prefix.address.octets[10] = prefix.address.octets[11] = 0xff;
    std::copy(std::begin(key.address), std::end(key.address), &prefix.address.octets[ipv4_at]);
    return prefix;
}

IpPrefix read(const xdpb_route6_key& key) {
    IpPrefix prefix{.length = static_cast<std::uint8_t>(key.bits)};
    std::copy(std::begin(key.address), std::end(key.address), prefix.address.octets.begin());
    return prefix;
}

template <typename Key>
Key key_of(const IpPrefix& prefix) {
    Key key{};
    write(key, prefix);
    return key;
}

xdpb_route to_value(const Route& route) {
    xdpb_route value{};
    if (route.type == RouteType::blackhole)
        value.flags = XDPB_ROUTE_BLACKHOLE;
    else if (route.type == RouteType::local)
        value.flags = XDPB_ROUTE_LOCAL;
    else
        value.port = route.port;
    if (route.gateway) {
        value.flags |= XDPB_ROUTE_GATEWAY;
        std::copy(route.gateway->octets.begin(), route.gateway->octets.end(),
                  std::begin(value.gateway));
    }
    return value;
}

Route to_route(const IpPrefix& prefix, const xdpb_route& value) {
    Route route{.prefix = prefix, .port = value.port};
    if (value.flags & XDPB_ROUTE_BLACKHOLE)
        route.type = RouteType::blackhole;
    else if (value.flags & XDPB_ROUTE_LOCAL)
        route.type = RouteType::local;
    if (value.flags & XDPB_ROUTE_GATEWAY) {
        route.gateway.emplace();
        std::copy(std::begin(value.gateway), std::end(value.gateway),
                  route.gateway->octets.begin());
    }
    return route;
}

template <typename Key>
bool walk(const Map<Key, xdpb_route>& map, const std::function<bool(const Route&)>& visit) {
    std::vector<Key> keys(batch_size);
    std::vector<xdpb_route> values(batch_size);
    Key position{};
    for (bool first = true, more = true; more; first = false) {
        std::uint32_t count = batch_size;
        if (bpf_map_lookup_batch(map.fd(), first ? nullptr : &position, &position, keys.data(),
                                 values.data(), &count, nullptr) != 0) {
            if (errno != ENOENT) // ENOENT: that was the last batch
                throw Error(errno, "read the routes of a bridge");
            more = false;
        }
        for (std::uint32_t i = 0; i < count; i++)
            if (!visit(to_route(read(keys[i]), values[i])))
                return false;
    }
    return true;
}

// A batch of one family.
template <typename Key>
class Batch {
  public:
    explicit Batch(const Map<Key, xdpb_route>& map) : map_(map) {}
    int add(const Route& route) {
        keys_.push_back(key_of<Key>(route.prefix));
        values_.push_back(to_value(route));
        return keys_.size() == batch_size ? flush() : 0;
    }
    int flush() {
        auto count = static_cast<std::uint32_t>(keys_.size());
        const bool good = count == 0 || bpf_map_update_batch(map_.fd(), keys_.data(),
                                                             values_.data(), &count, nullptr) == 0;
        const int err = good ? 0 : -errno;
        keys_.clear();
        values_.clear();
        return err;
    }

  private:
    const Map<Key, xdpb_route>& map_;
    std::vector<Key> keys_;
    std::vector<xdpb_route> values_;
};

// What is found by the prefix as an address is the longest that fits: this one, if it is there.
template <typename Key>
std::optional<Route> take(const Map<Key, xdpb_route>& map, const IpPrefix& prefix) {
    const auto key = key_of<Key>(prefix);
    const auto value = map.lookup(key);
    if (!value || !map.remove(key))
        return std::nullopt;
    return to_route(prefix, *value);
}

} // namespace

void for_each_route(const BridgeState& state, const std::function<bool(const Route&)>& visit) {
    if (walk(state.routes4, visit))
        walk(state.routes6, visit);
}

int put_route(const BridgeState& state, const Route& route, std::uint64_t flags) {
    return route.prefix.address.is_ipv4()
               ? state.routes4.update(key_of<xdpb_route4_key>(route.prefix), to_value(route), flags)
               : state.routes6.update(key_of<xdpb_route6_key>(route.prefix), to_value(route),
                                      flags);
}

int put_routes(const BridgeState& state, std::span<const Route> routes) {
    Batch<xdpb_route4_key> batch4(state.routes4);
    Batch<xdpb_route6_key> batch6(state.routes6);
    for (const auto& route : routes) {
        const int err = route.prefix.address.is_ipv4() ? batch4.add(route) : batch6.add(route);
        if (err != 0)
            return err;
    }
    const int err = batch4.flush();
    return err != 0 ? err : batch6.flush();
}

std::optional<Route> take_route(const BridgeState& state, const IpPrefix& prefix) {
    return prefix.address.is_ipv4() ? take(state.routes4, prefix) : take(state.routes6, prefix);
}

std::size_t flush_routes(const BridgeState& state, std::uint16_t port) {
    std::vector<IpPrefix> doomed;
    std::set<std::pair<std::uint16_t, Ip>> gateways;
    for_each_route(state, [&](const Route& route) {
        if (port == 0 || route.port == port) {
            doomed.push_back(route.prefix);
            if (route.gateway)
                gateways.emplace(route.port, *route.gateway);
        }
        return true;
    });
    for (const auto& prefix : doomed)
        take_route(state, prefix);
    for (const auto& [number, gateway] : gateways)
        drop_gateway(state.ports[number].router_ifindex, gateway);
    return doomed.size();
}

} // namespace xdpbridge
