// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/mac.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

namespace xdpbridge {

struct BridgeState;

struct FdbEntry {
    Mac mac{};
    std::uint16_t vlan = 0;           // 0 on a VLAN-unaware bridge
    std::uint16_t port = 0;           // PortInfo::number
    bool is_static = false;           // never ages, never moves
    bool is_router = false;           // of an SVI, with which it comes and goes; static too
    std::chrono::nanoseconds idle{0}; // since the last frame from this MAC; 0 for static entries
};

struct FdbFilter {
    std::optional<std::uint16_t> port = {};
    std::optional<std::uint16_t> vlan = {};
    bool static_too = false; // static entries are left alone unless asked for
};

// The forwarding database, from Bridge::fdb(). Entries that have aged out are not there, whatever
// memory they still hold.
class Fdb {
  public:
    explicit Fdb(std::shared_ptr<BridgeState> state) noexcept : state_(std::move(state)) {}

    // Adds or replaces. EINVAL (multicast or zero MAC, no such port, a VLAN that the port is not
    // in), EBUSY (the MAC of an SVI), ENOSPC (full).
    void add(const FdbEntry& entry);
    // False: it was not there. EBUSY: the MAC of an SVI.
    bool remove(const Mac& mac, std::uint16_t vlan = 0);
    [[nodiscard]] std::optional<FdbEntry> lookup(const Mac& mac, std::uint16_t vlan = 0) const;
    // How many were deleted.
    std::size_t flush(const FdbFilter& filter = {});

    // In no particular order. An entry learned or deleted meanwhile may or may not be seen.
    void for_each(const std::function<void(const FdbEntry&)>& visit) const;
    [[nodiscard]] std::vector<FdbEntry> entries() const;

    // Adds or replaces all, or on any error none: an entry that another process or the data plane
    // changes during the call may keep its newer value. ENOSPC, EINVAL, EBUSY.
    void load(std::span<const FdbEntry> entries);
    // Text, one entry a line: "MAC dev DEVICE [vlan VID] [static]"; # starts a comment. Loads all
    // or nothing; a bad line is named by its number in the error (EINVAL). Returns how many were
    // loaded. The MACs of SVIs are not saved.
    std::size_t load(std::istream& text);
    std::size_t save(std::ostream& text) const;

  private:
    std::shared_ptr<BridgeState> state_;
};

} // namespace xdpbridge
