// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The filtering database of 802.1Q 8.8, with what docs/maps.md adds to it: quotas, a table that
// never evicts, and memory that is won back by those who learn.
#pragma once
#include "model/config.h"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

namespace xdpbridge::model {

class Fdb {
  public:
    struct Key {
        Mac mac;
        Vid vid;
        auto operator<=>(const Key&) const = default;
    };
    struct Entry {
        PortNumber port;
        bool is_static;
        bool is_router;       // of the SVI: comes and goes with it
        std::uint64_t seen;   // seconds
        std::uint64_t serial; // of its place in the queue
    };
    enum class Learned : std::uint8_t { known, learned, moved, quota_exceeded, full };

    explicit Fdb(Kind kind);

    // A frame from this MAC has come in at this port.
    Learned learn(const Key& key, PortNumber port, const Config& config);
    // Where to send what is for it.
    [[nodiscard]] const Entry* find(const Key& key, unsigned ageing) const;

    // By hand. False: the switch has to refuse it.
    bool add(const Key& key, PortNumber port, bool is_static, const Config& config);
    // Learned by a frame that was on its way when the port left the VLAN. False: not learned.
    bool learn_late(const Key& key, PortNumber port);
    bool remove(const Key& key);
    void flush(std::optional<PortNumber> port, std::optional<Vid> vid, bool static_too);

    void wait(std::uint64_t seconds) { now_ += seconds; }
    [[nodiscard]] std::uint64_t now() const { return now_; }
    // Those that have aged out and hold memory still are among them.
    [[nodiscard]] const std::map<Key, Entry>& entries() const { return entries_; }
    [[nodiscard]] unsigned learned(PortNumber port) const { return learned_.at(port); }

  private:
    struct Place {
        Key key;
        std::uint64_t serial;
    };

    [[nodiscard]] bool aged(const Entry& entry, unsigned ageing) const;
    void erase(const Key& key);
    bool push(const Place& place);
    void reclaim(unsigned count, unsigned ageing);
    bool take_quota(PortNumber port, const Config& config);
    Learned learn_new(const Key& key, PortNumber port, const Config& config);
    bool put(const Key& key, PortNumber port, bool is_static);

    std::map<Key, Entry> entries_;
    std::deque<Place> queue_; // an element for each learned entry, and stale ones
    std::array<unsigned, last_port + 1> learned_{};
    std::uint64_t now_ = 0;
    std::uint64_t serials_ = 0;
};

} // namespace xdpbridge::model
