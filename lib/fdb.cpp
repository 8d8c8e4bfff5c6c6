// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fdb_table.h"

#include <xdpbridge/error.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fmt/format.h>
#include <unordered_map>

namespace xdpbridge {

namespace {

constexpr std::uint32_t batch_size = 16384;

bool aged(const BridgeState& state, const xdpb_fdb_entry& entry, std::uint64_t now) {
    return !(entry.flags & XDPB_FDB_STATIC) &&
           static_cast<std::int64_t>(now - entry.seen_ns) >
               static_cast<std::int64_t>(state.bridge().ageing_ns);
}

// Visits every entry that holds memory, aged-out ones too.
template <typename Visit>
void walk(const BridgeState& state, const Visit& visit) {
    std::vector<xdpb_fdb_key> keys(batch_size);
    std::vector<xdpb_fdb_entry> values(batch_size);
    std::uint32_t position = 0;
    for (bool first = true, more = true; more; first = false) {
        std::uint32_t count = batch_size;
        if (bpf_map_lookup_batch(state.fdb.fd(), first ? nullptr : &position, &position,
                                 keys.data(), values.data(), &count, nullptr) != 0) {
            if (errno != ENOENT) // ENOENT: that was the last batch
                throw Error(errno, fmt::format("read the FDB of bridge '{}'", state.name));
            more = false;
        }
        for (std::uint32_t i = 0; i < count; i++)
            visit(keys[i], values[i]);
    }
}

void count_learned(const BridgeState& state, const xdpb_fdb_entry& entry, std::int32_t change) {
    if (!(entry.flags & XDPB_FDB_STATIC) && entry.port < XDPB_MAX_PORTS)
        std::atomic_ref(state.ports[entry.port].learned)
            .fetch_add(static_cast<std::uint32_t>(change));
}

bool push_reclaim(const BridgeState& state, const xdpb_fdb_key& key, const xdpb_fdb_entry& entry) {
    const xdpb_reclaim item{.key = key, .created_ns = entry.created_ns};
    return bpf_map_update_elem(state.reclaim.get(), nullptr, &item, BPF_ANY) == 0;
}

FdbEntry to_entry(const xdpb_fdb_key& key, const xdpb_fdb_entry& value, std::uint64_t now) {
    FdbEntry entry{
        .vlan = key.vlan, .port = value.port, .is_static = (value.flags & XDPB_FDB_STATIC) != 0};
    std::copy(std::begin(key.mac), std::end(key.mac), entry.mac.octets.begin());
    if (!entry.is_static)
        entry.idle = std::chrono::nanoseconds(
            std::max<std::int64_t>(0, static_cast<std::int64_t>(now - value.seen_ns)));
    return entry;
}

xdpb_fdb_entry to_value(const FdbEntry& entry, std::uint64_t now) {
    xdpb_fdb_entry value{};
    value.port = entry.port;
    value.flags = entry.is_static ? XDPB_FDB_STATIC : 0;
    value.seen_ns = value.created_ns = now;
    return value;
}

void require_valid(const BridgeState& state, const FdbEntry& entry, const std::string& doing) {
    const auto refuse = [&](const std::string& reason, const std::string& hint) {
        throw Error(EINVAL, doing, fmt::format("{}: {}", entry.mac.to_string(), reason), hint);
    };
    if (entry.mac.is_multicast())
        refuse("a group address is no host's address", "its second hex digit has to be even");
    if (entry.mac.is_zero())
        refuse("the zero address is no host's address", "give the host's MAC");
    if (entry.vlan != 0)
        refuse(fmt::format("VLAN {} on a bridge that is not VLAN-aware", entry.vlan),
               "leave the VLAN out");
    if (entry.port == 0 || entry.port >= XDPB_MAX_PORTS ||
        !(state.ports[entry.port].flags & XDPB_PORT_USED))
        refuse(fmt::format("no port number {}", entry.port),
               fmt::format("`xdp-bridge port show {}` lists the ports", state.name));
}

[[noreturn]] void throw_full(const BridgeState& state, const std::string& doing) {
    throw Error(ENOSPC, doing, fmt::format("the FDB is full ({} entries)", state.bridge().fdb_size),
                fmt::format("flush it, or make the bridge with a larger --fdb-size (at most {})",
                            Bridge::max_fdb_size));
}

struct KeyHash {
    std::size_t operator()(const xdpb_fdb_key& key) const noexcept {
        std::uint64_t word = 0;
        std::memcpy(&word, &key, sizeof(word));
        return std::hash<std::uint64_t>{}(word * 0x9e3779b97f4a7c15ULL);
    }
};
struct KeyEqual {
    bool operator()(const xdpb_fdb_key& a, const xdpb_fdb_key& b) const noexcept {
        return std::memcmp(&a, &b, sizeof(a)) == 0;
    }
};
using Snapshot = std::unordered_map<xdpb_fdb_key, xdpb_fdb_entry, KeyHash, KeyEqual>;

// After a bulk change it is cheaper to count than to keep count.
void recount_learned(const BridgeState& state) {
    std::array<std::uint32_t, XDPB_MAX_PORTS> learned{};
    walk(state, [&](const xdpb_fdb_key&, const xdpb_fdb_entry& entry) {
        if (!(entry.flags & XDPB_FDB_STATIC) && entry.port < XDPB_MAX_PORTS)
            learned[entry.port]++;
    });
    for (std::size_t port = 1; port < XDPB_MAX_PORTS; port++)
        std::atomic_ref(state.ports[port].learned).store(learned[port]);
}

void restore(const BridgeState& state, const std::vector<xdpb_fdb_key>& changed,
             const Snapshot& before) {
    for (const auto& key : changed) {
        const auto old = before.find(key);
        if (old == before.end())
            state.fdb.remove(key);
        else
            state.fdb.update(key, old->second);
    }
    recount_learned(state);
}

} // namespace

xdpb_fdb_key to_key(const Mac& mac, std::uint16_t vlan) noexcept {
    xdpb_fdb_key key{};
    std::copy(mac.octets.begin(), mac.octets.end(), std::begin(key.mac));
    key.vlan = vlan;
    return key;
}

void for_each_entry(const BridgeState& state,
                    const std::function<void(const xdpb_fdb_key&, const xdpb_fdb_entry&)>& visit) {
    const auto now = data_plane_now();
    walk(state, [&](const xdpb_fdb_key& key, const xdpb_fdb_entry& entry) {
        if (!aged(state, entry, now))
            visit(key, entry);
    });
}

bool remove_entry(const BridgeState& state, const xdpb_fdb_key& key) {
    const auto old = state.fdb.take(key);
    if (!old)
        return false;
    count_learned(state, *old, -1);
    return !aged(state, *old, data_plane_now());
}

std::size_t flush_fdb(const BridgeState& state, const FdbFilter& filter) {
    std::vector<xdpb_fdb_key> doomed;
    walk(state, [&](const xdpb_fdb_key& key, const xdpb_fdb_entry& entry) {
        if ((!filter.port || *filter.port == entry.port) &&
            (!filter.vlan || *filter.vlan == key.vlan) &&
            (filter.static_too || !(entry.flags & XDPB_FDB_STATIC)))
            doomed.push_back(key);
    });
    return static_cast<std::size_t>(
        std::count_if(doomed.begin(), doomed.end(),
                      [&](const xdpb_fdb_key& key) { return remove_entry(state, key); }));
}

void Fdb::add(const FdbEntry& entry) {
    const std::string doing = fmt::format("add an FDB entry to bridge '{}'", state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    require_valid(*state_, entry, doing);
    const auto key = to_key(entry.mac, entry.vlan);
    const auto value = to_value(entry, data_plane_now());

    // The data plane may learn the address again between the removal and the insertion.
    int err = -EEXIST;
    std::optional<xdpb_fdb_entry> old;
    while (err == -EEXIST) {
        if ((old = state_->fdb.take(key)))
            count_learned(*state_, *old, -1);
        count_learned(*state_, value, 1);
        err = state_->fdb.update(key, value, BPF_NOEXIST);
        if (err != 0)
            count_learned(*state_, value, -1);
    }
    if (err == -E2BIG)
        throw_full(*state_, doing);
    if (err != 0)
        throw Error(-err, doing);
    if (!entry.is_static && !push_reclaim(*state_, key, value)) {
        remove_entry(*state_, key);
        throw_full(*state_, doing);
    }
}

bool Fdb::remove(const Mac& mac, std::uint16_t vlan) {
    const Lock lock =
        state_->lock_and_repair(fmt::format("delete an FDB entry of bridge '{}'", state_->name));
    return remove_entry(*state_, to_key(mac, vlan));
}

std::optional<FdbEntry> Fdb::lookup(const Mac& mac, std::uint16_t vlan) const {
    const auto key = to_key(mac, vlan);
    const auto now = data_plane_now();
    const auto value = state_->fdb.lookup(key);
    if (!value || aged(*state_, *value, now))
        return std::nullopt;
    return to_entry(key, *value, now);
}

std::size_t Fdb::flush(const FdbFilter& filter) {
    const Lock lock =
        state_->lock_and_repair(fmt::format("flush the FDB of bridge '{}'", state_->name));
    return flush_fdb(*state_, filter);
}

void Fdb::for_each(const std::function<void(const FdbEntry&)>& visit) const {
    const auto now = data_plane_now();
    for_each_entry(*state_, [&](const xdpb_fdb_key& key, const xdpb_fdb_entry& value) {
        visit(to_entry(key, value, now));
    });
}

std::vector<FdbEntry> Fdb::entries() const {
    std::vector<FdbEntry> all;
    for_each([&](const FdbEntry& entry) { all.push_back(entry); });
    return all;
}

void Fdb::load(std::span<const FdbEntry> entries) {
    const std::string doing = fmt::format("load the FDB of bridge '{}'", state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    const auto now = data_plane_now();

    Snapshot before;
    walk(*state_,
         [&](const xdpb_fdb_key& key, const xdpb_fdb_entry& entry) { before.emplace(key, entry); });

    std::vector<xdpb_fdb_key> keys;
    std::vector<xdpb_fdb_entry> values;
    keys.reserve(entries.size());
    values.reserve(entries.size());
    std::vector<std::size_t> queue; // which of them need an element in the queue "reclaim"
    for (const auto& entry : entries) {
        require_valid(*state_, entry, doing);
        const auto key = to_key(entry.mac, entry.vlan);
        auto value = to_value(entry, now);
        const auto old = before.find(key);
        if (old != before.end() && !(old->second.flags & XDPB_FDB_STATIC))
            value.created_ns = old->second.created_ns; // keeps its element
        else if (!entry.is_static)
            queue.push_back(keys.size());
        keys.push_back(key);
        values.push_back(value);
    }
    if (keys.empty())
        return;

    auto count = static_cast<std::uint32_t>(keys.size());
    if (bpf_map_update_batch(state_->fdb.fd(), keys.data(), values.data(), &count, nullptr) != 0) {
        const int err = errno;
        keys.resize(count);
        restore(*state_, keys, before);
        if (err == E2BIG)
            throw_full(*state_, doing);
        throw Error(err, doing);
    }
    const bool queued = std::all_of(queue.begin(), queue.end(), [&](std::size_t i) {
        return push_reclaim(*state_, keys[i], values[i]);
    });
    if (!queued) {
        restore(*state_, keys, before);
        throw_full(*state_, doing);
    }
    recount_learned(*state_);
}

} // namespace xdpbridge
