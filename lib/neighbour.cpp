// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "neighbour_table.h"

#include <xdpbridge/error.h>
#include <xdpbridge/neighbour.h>

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace xdpbridge {

namespace {

std::uint16_t domain_number(const NeighbourDomain& domain) {
    return domain.port != 0 ? static_cast<std::uint16_t>(XDPB_DOMAIN_PORT | domain.port)
                            : domain.vlan;
}

xdpb_neighbour_key to_neighbour_key(const Ip& ip, const NeighbourDomain& domain) {
    xdpb_neighbour_key key{};
    std::copy(ip.octets.begin(), ip.octets.end(), std::begin(key.ip));
    key.domain = domain_number(domain);
    return key;
}

// As neighbour_aged in bpf/neighbours.h.
bool is_aged(const BridgeState& state, const xdpb_neighbour& entry, std::uint64_t now) {
    return !(entry.flags & XDPB_NEIGHBOUR_STATIC) &&
           static_cast<std::int64_t>(now - entry.seen_ns) >
               static_cast<std::int64_t>(state.bridge().ageing_ns);
}

Neighbour to_neighbour(const xdpb_neighbour_key& key, const xdpb_neighbour& value,
                       std::uint64_t now) {
    Neighbour neighbour{.is_static = (value.flags & XDPB_NEIGHBOUR_STATIC) != 0};
    std::copy(std::begin(key.ip), std::end(key.ip), neighbour.ip.octets.begin());
    std::copy(std::begin(value.mac), std::end(value.mac), neighbour.mac.octets.begin());
    if (key.domain & XDPB_DOMAIN_PORT)
        neighbour.domain.port = key.domain & (XDPB_DOMAIN_PORT - 1);
    else
        neighbour.domain.vlan = key.domain;
    if (!neighbour.is_static)
        neighbour.idle = std::chrono::nanoseconds(
            std::max<std::int64_t>(0, static_cast<std::int64_t>(now - value.seen_ns)));
    return neighbour;
}

void require_domain(const BridgeState& state, const NeighbourDomain& domain,
                    const std::string& doing) {
    const bool aware = state.bridge().vlan_protocol != 0;
    if (domain.port != 0) {
        if (domain.port >= XDPB_MAX_PORTS ||
            !(state.ports[domain.port].features & XDPB_FEATURE_ROUTED))
            throw Error(EINVAL, doing, fmt::format("port {} is no routed port", domain.port),
                        "of a switched port's neighbours give the VLAN");
    } else if (aware && (domain.vlan < 1 || domain.vlan > 4094)) {
        throw Error(EINVAL, doing,
                    domain.vlan == 0 ? "a VLAN-aware bridge needs its VLAN"
                                     : fmt::format("no VLAN {}", domain.vlan),
                    "give 1 to 4094");
    } else if (!aware && domain.vlan != 0) {
        throw Error(EINVAL, doing,
                    fmt::format("VLAN {} on a bridge that is not VLAN-aware", domain.vlan),
                    "leave the VLAN out");
    }
}

void require_host(const Ip& ip, const Mac& mac, const std::string& doing) {
    if (!ip.is_host())
        throw Error(EINVAL, doing, "it is no host's address", "give a unicast address");
    if (mac.is_multicast() || mac.is_zero())
        throw Error(EINVAL, doing, fmt::format("{} is no host's address", mac.to_string()),
                    "give the host's MAC");
}

// What has aged out holds memory until its port learns others.
void drop_aged(const BridgeState& state) {
    const auto now = data_plane_now();
    state.neighbours.for_each([&](const xdpb_neighbour_key& key, const xdpb_neighbour& value) {
        if (is_aged(state, value, now))
            state.neighbours.remove(key);
    });
}

} // namespace

void forget_neighbours(const BridgeState& state, std::uint16_t port) noexcept {
    try {
        state.neighbours.for_each([&](const xdpb_neighbour_key& key, const xdpb_neighbour&) {
            if (key.domain == (XDPB_DOMAIN_PORT | port))
                state.neighbours.remove(key);
        });
    } catch (const std::exception&) {
        // Nobody is behind that port: the entries are in nobody's way.
    }
}

void Neighbours::add(const Ip& ip, const Mac& mac, const NeighbourDomain& domain) {
    const std::string doing =
        fmt::format("add neighbour {} to bridge '{}'", ip.to_string(), state_->name);
    require_host(ip, mac, doing);
    const Lock lock = state_->lock_and_repair(doing);
    require_domain(*state_, domain, doing);
    xdpb_neighbour value{};
    std::copy(mac.octets.begin(), mac.octets.end(), std::begin(value.mac));
    value.flags = XDPB_NEIGHBOUR_STATIC;
    const auto key = to_neighbour_key(ip, domain);
    int err = state_->neighbours.update(key, value);
    if (err == -E2BIG) {
        drop_aged(*state_);
        err = state_->neighbours.update(key, value);
    }
    if (err == -E2BIG)
        throw Error(
            ENOSPC, doing, fmt::format("it has {} neighbours already", XDPB_NEIGHBOURS),
            fmt::format("`xdp-bridge neigh flush {}` forgets the learned ones", state_->name));
    if (err != 0)
        throw Error(-err, doing);
}

bool Neighbours::remove(const Ip& ip, const NeighbourDomain& domain) {
    const std::string doing =
        fmt::format("delete neighbour {} from bridge '{}'", ip.to_string(), state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    require_domain(*state_, domain, doing);
    const auto old = state_->neighbours.take(to_neighbour_key(ip, domain));
    return old && !is_aged(*state_, *old, data_plane_now());
}

std::optional<Neighbour> Neighbours::lookup(const Ip& ip, const NeighbourDomain& domain) const {
    const auto key = to_neighbour_key(ip, domain);
    const auto now = data_plane_now();
    const auto value = state_->neighbours.lookup(key);
    if (!value || is_aged(*state_, *value, now))
        return std::nullopt;
    return to_neighbour(key, *value, now);
}

std::vector<Neighbour> Neighbours::list() const {
    const auto now = data_plane_now();
    std::vector<Neighbour> all;
    state_->neighbours.for_each([&](const xdpb_neighbour_key& key, const xdpb_neighbour& value) {
        if (!is_aged(*state_, value, now))
            all.push_back(to_neighbour(key, value, now));
    });
    std::sort(all.begin(), all.end(), [](const Neighbour& a, const Neighbour& b) {
        return std::tie(a.domain, a.ip) < std::tie(b.domain, b.ip);
    });
    return all;
}

std::size_t Neighbours::flush(bool static_too) {
    const Lock lock =
        state_->lock_and_repair(fmt::format("flush the neighbours of bridge '{}'", state_->name));
    const auto now = data_plane_now();
    std::size_t count = 0;
    state_->neighbours.for_each([&](const xdpb_neighbour_key& key, const xdpb_neighbour& value) {
        if (static_too || !(value.flags & XDPB_NEIGHBOUR_STATIC))
            count += state_->neighbours.remove(key) && !is_aged(*state_, value, now) ? 1 : 0;
    });
    return count;
}

} // namespace xdpbridge
