// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/fdb.h"

namespace xdpbridge::model {

namespace {

// docs/maps.md, "reclaim": how many elements of the queue a learner looks at, and when it finds no
// room.
constexpr unsigned looks = 2;
constexpr unsigned looks_when_full = 16;
constexpr std::size_t queue_size = fdb_size + fdb_size / 4 + 64;

} // namespace

Fdb::Fdb(Kind kind) {
    entries_[{svi_mac, svi_vlan(kind)}] = {
        .port = svi_port, .is_static = true, .is_router = true, .seen = 0, .serial = 0};
}

bool Fdb::aged(const Entry& entry, unsigned ageing) const {
    return !entry.is_static && now_ - entry.seen > ageing;
}

const Fdb::Entry* Fdb::find(const Key& key, unsigned ageing) const {
    const auto found = entries_.find(key);
    return found == entries_.end() || aged(found->second, ageing) ? nullptr : &found->second;
}

void Fdb::erase(const Key& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end())
        return;
    if (!found->second.is_static)
        learned_.at(found->second.port)--;
    entries_.erase(found);
}

bool Fdb::push(const Place& place) {
    if (queue_.size() >= queue_size)
        return false;
    queue_.push_back(place);
    return true;
}

void Fdb::reclaim(unsigned count, unsigned ageing) {
    for (; count > 0 && !queue_.empty(); count--) {
        const Place place = queue_.front();
        queue_.pop_front();
        const auto found = entries_.find(place.key);
        if (found == entries_.end() || found->second.serial != place.serial ||
            found->second.is_static)
            continue; // a stale element
        if (aged(found->second, ageing))
            erase(place.key);
        else
            push(place);
    }
}

bool Fdb::take_quota(PortNumber port, const Config& config) {
    const unsigned quota = config.ports.at(port).quota;
    const auto has_room = [&] { return quota == 0 || learned_.at(port) < quota; };
    if (!has_room())
        reclaim(looks_when_full, config.ageing);
    if (!has_room())
        return false;
    learned_.at(port)++;
    return true;
}

Fdb::Learned Fdb::learn(const Key& key, PortNumber port, const Config& config) {
    if (!config.ports.at(port).learning)
        return Learned::known;
    const auto found = entries_.find(key);
    if (found == entries_.end())
        return learn_new(key, port, config);
    Entry& entry = found->second;
    if (entry.is_static)
        return Learned::known;
    if (aged(entry, config.ageing)) {
        erase(key);
        return learn_new(key, port, config);
    }
    if (entry.port == port) {
        entry.seen = now_;
        return Learned::known;
    }
    if (!take_quota(port, config))
        return Learned::quota_exceeded;
    learned_.at(entry.port)--;
    entry.port = port;
    entry.seen = now_;
    return Learned::moved;
}

Fdb::Learned Fdb::learn_new(const Key& key, PortNumber port, const Config& config) {
    if (!take_quota(port, config))
        return Learned::quota_exceeded;
    if (entries_.size() >= fdb_size)
        reclaim(looks_when_full, config.ageing);
    if (entries_.size() >= fdb_size) {
        learned_.at(port)--;
        return Learned::full;
    }
    const Place place{key, ++serials_};
    entries_[key] = {
        .port = port, .is_static = false, .is_router = false, .seen = now_, .serial = place.serial};
    reclaim(looks, config.ageing);
    if (push(place))
        return Learned::learned;
    erase(key); // what is not in the queue would hold its memory for good
    return Learned::full;
}

// False: there is no room.
bool Fdb::put(const Key& key, PortNumber port, bool is_static) {
    const auto found = entries_.find(key);
    const bool replaces = found != entries_.end();
    const bool takes_over_place = replaces && !found->second.is_static;
    if (!replaces && entries_.size() >= fdb_size)
        return false;
    const std::uint64_t serial = takes_over_place ? found->second.serial : ++serials_;
    if (!is_static && !takes_over_place && !push({key, serial}))
        return false;
    erase(key);
    entries_[key] = {
        .port = port, .is_static = is_static, .is_router = false, .seen = now_, .serial = serial};
    if (!is_static)
        learned_.at(port)++;
    return true;
}

bool Fdb::add(const Key& key, PortNumber port, bool is_static, const Config& config) {
    const auto found = entries_.find(key);
    const bool is_the_routers = found != entries_.end() && found->second.is_router;
    const bool aware = !config.ports.at(svi_port).vlans.empty();
    if (key.mac.is_multicast() || key.mac.is_zero() || is_the_routers ||
        (aware ? !config.is_member(port, key.vid) : key.vid != 0))
        return false;
    if (put(key, port, is_static))
        return true;
    reclaim(2 * fdb_size + 64, config.ageing);
    return put(key, port, is_static);
}

bool Fdb::learn_late(const Key& key, PortNumber port) {
    return !entries_.contains(key) && put(key, port, false);
}

bool Fdb::remove(const Key& key) {
    const auto found = entries_.find(key);
    if (found != entries_.end() && found->second.is_router)
        return false;
    erase(key);
    return true;
}

void Fdb::flush(std::optional<PortNumber> port, std::optional<Vid> vid, bool static_too) {
    for (auto next = entries_.begin(); next != entries_.end();) {
        const auto [key, entry] = *next++;
        if ((!port || *port == entry.port) && (!vid || *vid == key.vid) &&
            (static_too || !entry.is_static) && !entry.is_router)
            erase(key);
    }
}

} // namespace xdpbridge::model
