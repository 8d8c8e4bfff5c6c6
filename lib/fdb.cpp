// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fdb_batch.h"
#include "fdb_table.h"
#include "vlan_table.h"

#include <xdpbridge/error.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <fmt/format.h>

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
    FdbEntry entry{.vlan = key.vlan,
                   .port = value.port,
                   .is_static = (value.flags & XDPB_FDB_STATIC) != 0,
                   .is_router = (value.flags & XDPB_FDB_ROUTER) != 0};
    std::copy(std::begin(key.mac), std::end(key.mac), entry.mac.octets.begin());
    if (!entry.is_static)
        entry.idle = std::chrono::nanoseconds(
            std::max<std::int64_t>(0, static_cast<std::int64_t>(now - value.seen_ns)));
    return entry;
}

// As the data plane would write it. created_ns has to be another one each time.
xdpb_fdb_entry to_value(const FdbEntry& entry, std::uint64_t now) {
    xdpb_fdb_entry value{};
    value.port = entry.port;
    value.flags = entry.is_static ? XDPB_FDB_STATIC : 0;
    value.seen_ns = now;
    value.created_ns =
        static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    return value;
}

[[noreturn]] void throw_routers(const BridgeState& state, const std::string& mac,
                                const std::string& doing) {
    throw Error(EBUSY, doing, fmt::format("{} is the MAC of an SVI", mac),
                fmt::format("`xdp-bridge svi show {}` lists them", state.name));
}

bool is_routers(const BridgeState& state, const xdpb_fdb_key& key) {
    const auto entry = state.fdb.lookup(key);
    return entry && entry->flags & XDPB_FDB_ROUTER;
}

void require_valid(const BridgeState& state, const FdbEntry& entry, const std::string& doing) {
    const auto refuse = [&](const std::string& reason, const std::string& hint) {
        throw Error(EINVAL, doing, fmt::format("{}: {}", entry.mac.to_string(), reason), hint);
    };
    if (entry.mac.is_multicast())
        refuse("a group address is no host's address", "its second hex digit has to be even");
    if (entry.mac.is_zero())
        refuse("the zero address is no host's address", "give the host's MAC");
    const bool aware = state.bridge().vlan_protocol != 0;
    if (!aware && entry.vlan != 0)
        refuse(fmt::format("VLAN {} on a bridge that is not VLAN-aware", entry.vlan),
               "leave the VLAN out");
    if (entry.port == 0 || entry.port >= XDPB_MAX_PORTS ||
        !(state.ports[entry.port].flags & XDPB_PORT_USED))
        refuse(fmt::format("no port number {}", entry.port),
               fmt::format("`xdp-bridge port show {}` lists the ports", state.name));
    if (state.ports[entry.port].features & XDPB_FEATURE_ROUTED)
        refuse(fmt::format("port {} is a routed port, which nothing is switched to", entry.port),
               "`xdp-bridge neigh add` says who is behind it");
    if (aware && (entry.vlan >= XDPB_VLANS || !is_member(state, entry.port, entry.vlan)))
        refuse(entry.vlan == 0 ? "a VLAN-aware bridge needs its VLAN"
                               : fmt::format("its port is not in VLAN {}", entry.vlan),
               fmt::format("`xdp-bridge vlan show {}` lists the ports' VLANs", state.name));
    if (is_routers(state, to_key(entry.mac, entry.vlan)))
        throw_routers(state, entry.mac.to_string(), doing);
}

[[noreturn]] void throw_full(const BridgeState& state, const std::string& doing) {
    throw Error(ENOSPC, doing, fmt::format("the FDB is full ({} entries)", state.bridge().fdb_size),
                fmt::format("flush it, or make the bridge with a larger --fdb-size (at most {})",
                            Bridge::max_fdb_size));
}

// Marks the table as being changed, for the next process should this one be killed meanwhile.
class Changing {
  public:
    explicit Changing(const BridgeState& state) : mark_(state.bridge().fdb_changing) { mark_ = 1; }
    Changing(const Changing&) = delete;
    Changing& operator=(const Changing&) = delete;
    ~Changing() { mark_ = 0; }

  private:
    volatile __u64& mark_;
};

struct Replaced {
    int err; // 0, or the negative errno, and then nothing has changed
    std::optional<xdpb_fdb_entry> old;
};

// Adds or replaces one entry, keeping the counts and the queue in step with what the data plane
// does at the same time: whoever inserts an entry counts it, whoever takes one out counts it off.
Replaced put_entry(const BridgeState& state, const xdpb_fdb_key& key, xdpb_fdb_entry value) {
    const bool is_static = (value.flags & XDPB_FDB_STATIC) != 0;
    std::optional<xdpb_fdb_entry> old;
    const auto insert = [&](const xdpb_fdb_entry& entry) {
        count_learned(state, entry, 1);
        const int err = state.fdb.update(key, entry, BPF_NOEXIST);
        if (err != 0)
            count_learned(state, entry, -1);
        return err;
    };
    const auto queued = [&] { return old && !(old->flags & XDPB_FDB_STATIC); };

    int err = insert(value);
    while (err == -EEXIST) { // the data plane may learn it again before we insert it
        if (const auto taken = state.fdb.take(key)) {
            count_learned(state, *taken, -1);
            old = taken;
        }
        if (queued())
            value.created_ns = old->created_ns; // takes over its element in the queue
        err = insert(value);
    }
    if (err == 0 && !is_static && !queued() && !push_reclaim(state, key, value)) {
        remove_entry(state, key);
        err = -E2BIG;
    }
    if (err != 0 && old)
        insert(*old);
    return {err, old};
}

// One turn of the queue: what bpf/reclaim.h does bit by bit. Frees the memory of entries that have
// aged out, and the elements of those that were deleted.
void reclaim_all(const BridgeState& state) {
    const auto now = data_plane_now();
    xdpb_reclaim item{};
    for (std::uint64_t left = 2ULL * state.bridge().fdb_size + 64; left > 0; left--) {
        if (bpf_map_lookup_and_delete_elem(state.reclaim.get(), nullptr, &item) != 0)
            return; // empty
        const auto entry = state.fdb.lookup(item.key);
        if (!entry || entry->created_ns != item.created_ns || entry->flags & XDPB_FDB_STATIC)
            continue;
        if (aged(state, *entry, now))
            remove_entry(state, item.key);
        else
            push_reclaim(state, item.key, *entry);
    }
}

// A load under way, so that it can be undone.
class Loading {
  public:
    Loading(const BridgeState& state, std::size_t count) : state_(state) {
        changes_.reserve(count);
        if (count >= FdbBatch::capacity)
            batch_.emplace(state);
    }

    // Of at most FdbBatch::capacity entries. Returns 0, or the negative errno.
    int add(std::span<const FdbEntry> entries) {
        std::vector<FdbEntry> left(entries.begin(), entries.end());
        if (batch_) {
            if (const int err = add_new(left); err != 0)
                return err;
        }
        for (const auto& entry : left) {
            const auto key = to_key(entry.mac, entry.vlan);
            const auto replaced = put(key, to_value(entry, now_));
            if (replaced.err != 0)
                return replaced.err;
            changes_.push_back({key, replaced.old});
        }
        return 0;
    }

    // The last change first: an address may have been changed twice.
    void undo() {
        for (; !changes_.empty(); changes_.pop_back()) {
            const Change& last = changes_.back();
            remove_entry(state_, last.key);
            if (last.old)
                put_entry(state_, last.key, *last.old);
        }
    }

  private:
    struct Change {
        xdpb_fdb_key key;
        std::optional<xdpb_fdb_entry> old;
    };

    // Adds those that are new, and takes them out of entries.
    int add_new(std::vector<FdbEntry>& entries) {
        for (const auto& entry : entries)
            batch_->push(to_key(entry.mac, entry.vlan), to_value(entry, now_));
        if (const int err = batch_->add_new(); err != 0)
            return err;
        std::vector<FdbEntry> left;
        for (std::size_t i = 0; i < entries.size(); i++)
            if (batch_->result(i) == 0)
                changes_.push_back({to_key(entries[i].mac, entries[i].vlan), std::nullopt});
            else
                left.push_back(entries[i]);
        entries = std::move(left);
        return 0;
    }

    Replaced put(const xdpb_fdb_key& key, const xdpb_fdb_entry& value) {
        auto replaced = put_entry(state_, key, value);
        if (replaced.err == -E2BIG && may_reclaim_) {
            reclaim_all(state_);
            may_reclaim_ = false; // once; if that is not enough, the FDB is full
            replaced = put_entry(state_, key, value);
        }
        return replaced;
    }

    const BridgeState& state_;
    std::uint64_t now_ = data_plane_now();
    std::optional<FdbBatch> batch_;
    std::vector<Change> changes_;
    bool may_reclaim_ = true;
};

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

void recount_learned(const BridgeState& state) {
    std::array<std::uint32_t, XDPB_MAX_PORTS> learned{};
    walk(state, [&](const xdpb_fdb_key&, const xdpb_fdb_entry& entry) {
        if (!(entry.flags & XDPB_FDB_STATIC) && entry.port < XDPB_MAX_PORTS)
            learned[entry.port]++;
    });
    std::size_t port = 0;
    for (const auto count : learned)
        std::atomic_ref(state.ports[port++].learned).store(count);
}

bool remove_entry(const BridgeState& state, const xdpb_fdb_key& key) {
    const auto old = state.fdb.take(key);
    if (!old)
        return false;
    count_learned(state, *old, -1);
    return !aged(state, *old, data_plane_now());
}

int put_static_entry(const BridgeState& state, const xdpb_fdb_key& key, std::uint16_t port,
                     std::uint16_t flags) {
    const Changing changing(state);
    auto value = to_value({.port = port, .is_static = true}, data_plane_now());
    value.flags |= flags;
    return put_entry(state, key, value).err;
}

std::size_t flush_fdb(const BridgeState& state, const FdbFilter& filter, bool router_too) {
    const Changing changing(state);
    std::vector<xdpb_fdb_key> doomed;
    walk(state, [&](const xdpb_fdb_key& key, const xdpb_fdb_entry& entry) {
        if ((!filter.port || *filter.port == entry.port) &&
            (!filter.vlan || *filter.vlan == key.vlan) &&
            (filter.static_too || !(entry.flags & XDPB_FDB_STATIC)) &&
            (router_too || !(entry.flags & XDPB_FDB_ROUTER)))
            doomed.push_back(key);
    });
    return static_cast<std::size_t>(
        std::count_if(doomed.begin(), doomed.end(),
                      [&](const xdpb_fdb_key& key) { return remove_entry(state, key); }));
}

void Fdb::add(const FdbEntry& entry) {
    load(std::span(&entry, 1));
}

bool Fdb::remove(const Mac& mac, std::uint16_t vlan) {
    const std::string doing = fmt::format("delete an FDB entry of bridge '{}'", state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    const auto key = to_key(mac, vlan);
    if (is_routers(*state_, key))
        throw_routers(*state_, mac.to_string(), doing);
    const Changing changing(*state_);
    return remove_entry(*state_, key);
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
    const std::string doing = fmt::format("add FDB entries to bridge '{}'", state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    for (const auto& entry : entries)
        require_valid(*state_, entry, doing);

    const Changing changing(*state_);
    Loading loading(*state_, entries.size());
    for (auto rest = entries; !rest.empty();) {
        const auto some = rest.first(std::min(rest.size(), FdbBatch::capacity));
        if (const int err = loading.add(some); err != 0) {
            loading.undo();
            if (err == -E2BIG)
                throw_full(*state_, doing);
            throw Error(-err, doing);
        }
        rest = rest.subspan(some.size());
    }
}

} // namespace xdpbridge
