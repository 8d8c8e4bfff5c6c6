// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "mdb_table.h"
#include "netns.h"
#include "port_table.h"
#include "vlan_table.h"

#include <xdpbridge/error.h>
#include <xdpbridge/mdb.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fmt/format.h>
#include <set>
#include <tuple>

namespace xdpbridge {

namespace {

using Group = std::pair<std::uint16_t, Ip>; // of a VLAN

Ip group_of(const xdpb_mdb_key& key) {
    Ip ip;
    std::copy(std::begin(key.group), std::end(key.group), ip.octets.begin());
    return ip;
}

xdpb_mdb_key to_mdb_key(const Ip& group, std::uint16_t vlan, std::uint16_t port) {
    xdpb_mdb_key key{};
    std::copy(group.octets.begin(), group.octets.end(), std::begin(key.group));
    key.vlan = vlan;
    key.port = port;
    return key;
}

bool is_static(const xdpb_mdb_entry& entry) {
    return (entry.flags & XDPB_MDB_STATIC) != 0;
}

// As mdb_alive in bpf/groups.h. Entries of port 0 are the data plane's own affair.
bool is_listed(const xdpb_mdb_key& key, const xdpb_mdb_entry& entry, std::uint64_t now) {
    return key.port != 0 && (is_static(entry) || now < entry.expires_ns);
}

MdbEntry to_mdb_entry(const xdpb_mdb_key& key, const xdpb_mdb_entry& value, std::uint64_t now) {
    MdbEntry entry{.vlan = key.vlan,
                   .group = group_of(key),
                   .port = key.port,
                   .type = is_static(value) ? MdbType::static_member : MdbType::dynamic_member,
                   .expires = std::chrono::nanoseconds(0)};
    if (!is_static(value))
        entry.expires = std::chrono::nanoseconds(value.expires_ns - now);
    if (entry.group.is_multicast())
        return entry;
    entry.type = entry.group.is_unspecified() ? MdbType::router : MdbType::overflow;
    entry.group.octets.back() = 0;
    return entry;
}

// As is_for_all in bpf/mdb.h.
bool is_for_all(const Ip& group) {
    const auto& octets = group.octets;
    if (group.is_ipv4())
        return octets[12] == 224 && octets[13] == 0 &&
               (octets[14] == 0 || (octets[14] == 1 && octets[15] >= 129 && octets[15] <= 132));
    Ip ptp = *Ip::parse("ff00::181");
    ptp.octets[1] = octets[1];
    return (octets[1] & 0x0f) <= 2 || (octets[1] < 0x10 && group == ptp);
}

void require_group(const Ip& group, const std::string& doing) {
    if (!group.is_multicast())
        throw Error(EINVAL, doing, "it is no multicast group",
                    "give an address of 224.0.0.0/4 or ff00::/8");
    if (is_for_all(group))
        throw Error(EINVAL, doing, "all ports get it anyway, for it is link-local or PTP's",
                    "it needs no entry");
}

void require_port_in(const BridgeState& state, std::uint16_t port, std::uint16_t vlan,
                     const std::string& doing) {
    const bool aware = state.bridge().vlan_protocol != 0;
    if (!aware && vlan != 0)
        throw Error(EINVAL, doing, fmt::format("VLAN {} on a bridge that is not VLAN-aware", vlan),
                    "leave the VLAN out");
    if (vlan >= XDPB_VLANS || !is_member(state, port, vlan))
        throw Error(EINVAL, doing,
                    vlan == 0 ? "a VLAN-aware bridge needs its VLAN"
                              : fmt::format("the port is not in VLAN {}", vlan),
                    fmt::format("`xdp-bridge vlan show {}` lists the ports' VLANs", state.name));
}

// A group that is registered by a static member only is so for as long as it has one.
void drop_registrations(const BridgeState& state) {
    std::set<Group> wanted;
    std::vector<xdpb_mdb_key> registered;
    state.mdb.for_each([&](const xdpb_mdb_key& key, const xdpb_mdb_entry& entry) {
        if (!is_static(entry))
            return;
        if (key.port == 0)
            registered.push_back(key);
        else
            wanted.emplace(key.vlan, group_of(key));
    });
    for (const auto& key : registered)
        if (!wanted.contains({key.vlan, group_of(key)}))
            state.mdb.remove(key);
}

// Nothing is pruned before the next query was answered.
void forget_queriers(const BridgeState& state) {
    for (std::size_t vid = 0; vid < XDPB_VLANS; vid++)
        for (auto& until : state.vlans[vid].querier_until_ns)
            std::atomic_ref(until).store(0);
}

std::size_t flush_groups(const BridgeState& state, bool static_too) {
    const auto now = data_plane_now();
    std::size_t count = 0;
    forget_queriers(state);
    state.mdb.for_each([&](const xdpb_mdb_key& key, const xdpb_mdb_entry& entry) {
        if (static_too || !is_static(entry))
            count += state.mdb.remove(key) && is_listed(key, entry, now) ? 1 : 0;
    });
    return count;
}

// What has expired holds memory until its port joins others.
void drop_expired(const BridgeState& state) {
    const auto now = data_plane_now();
    state.mdb.for_each([&](const xdpb_mdb_key& key, const xdpb_mdb_entry& entry) {
        if (!is_static(entry) && now >= entry.expires_ns)
            state.mdb.remove(key);
    });
}

} // namespace

void forget_groups(const BridgeState& state, std::uint16_t port,
                   std::optional<std::uint16_t> vlan) noexcept {
    try {
        state.mdb.for_each([&](const xdpb_mdb_key& key, const xdpb_mdb_entry&) {
            if (key.port == port && (!vlan || *vlan == key.vlan))
                state.mdb.remove(key);
        });
        drop_registrations(state);
    } catch (const std::exception&) {
        // Members that are left are of no port, or no longer in the VLAN.
    }
}

// Nothing may be pruned by what was learned before it was off: the queriers go before the ports'
// flags come, and while those are still there.
void set_snooping(const BridgeState& state, bool on) {
    const std::atomic_ref features(state.bridge().features);
    const bool was = (features.load() & XDPB_BRIDGE_SNOOPING) != 0;
    if (!on)
        features.fetch_and(~std::uint32_t{XDPB_BRIDGE_SNOOPING});
    if (on != was)
        flush_groups(state, false);
    for (std::size_t port = 1; port < XDPB_MAX_PORTS; port++) {
        const std::atomic_ref of_port(state.ports[port].features);
        if (on && used(state.ports[port]))
            of_port.fetch_or(XDPB_FEATURE_SNOOPING);
        else
            of_port.fetch_and(~std::uint32_t{XDPB_FEATURE_SNOOPING});
    }
    if (on)
        features.fetch_or(XDPB_BRIDGE_SNOOPING);
}

void Mdb::add(const std::string& device, const Ip& group, std::uint16_t vlan) {
    const std::string doing = fmt::format("add port '{}' of bridge '{}' to group {}", device,
                                          state_->name, group.to_string());
    require_group(group, doing);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    const auto port = require_port(*state_, device, doing);
    require_port_in(*state_, port, vlan, doing);

    const xdpb_mdb_entry value{.expires_ns = 0, .flags = XDPB_MDB_STATIC, .pad = 0};
    // The member first: a group that is registered and has none is pruned.
    for (const std::uint16_t who : {port, std::uint16_t{0}}) {
        const auto key = to_mdb_key(group, vlan, who);
        int err = state_->mdb.update(key, value);
        if (err == -E2BIG) {
            drop_expired(*state_);
            err = state_->mdb.update(key, value);
        }
        if (err == 0)
            continue;
        if (who == 0)
            state_->mdb.remove(to_mdb_key(group, vlan, port));
        if (err == -E2BIG)
            throw Error(
                ENOSPC, doing, fmt::format("the MDB has {} entries already", XDPB_MDB_SIZE),
                fmt::format("`xdp-bridge mdb flush {}` forgets the learned ones", state_->name));
        throw Error(-err, doing);
    }
}

bool Mdb::remove(const std::string& device, const Ip& group, std::uint16_t vlan) {
    const std::string doing = fmt::format("delete port '{}' of bridge '{}' from group {}", device,
                                          state_->name, group.to_string());
    require_group(group, doing);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    const auto key = to_mdb_key(group, vlan, require_port(*state_, device, doing));
    const auto old = state_->mdb.take(key);
    drop_registrations(*state_);
    return old && is_listed(key, *old, data_plane_now());
}

std::vector<MdbEntry> Mdb::list() const {
    const auto now = data_plane_now();
    std::vector<MdbEntry> all;
    state_->mdb.for_each([&](const xdpb_mdb_key& key, const xdpb_mdb_entry& entry) {
        if (is_listed(key, entry, now))
            all.push_back(to_mdb_entry(key, entry, now));
    });
    std::sort(all.begin(), all.end(), [](const MdbEntry& a, const MdbEntry& b) {
        return std::tie(a.vlan, a.group, a.port, a.type) <
               std::tie(b.vlan, b.group, b.port, b.type);
    });
    return all;
}

std::size_t Mdb::flush(bool static_too) {
    const Lock lock =
        state_->lock_and_repair(fmt::format("flush the MDB of bridge '{}'", state_->name));
    return flush_groups(*state_, static_too);
}

} // namespace xdpbridge
