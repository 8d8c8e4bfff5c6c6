// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fdb_table.h"
#include "mdb_table.h"
#include "netns.h"
#include "port_table.h"
#include "vlan_table.h"

#include <xdpbridge/error.h>
#include <xdpbridge/vlan.h>

#include <atomic>
#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace xdpbridge {

namespace {

constexpr std::uint16_t max_vid = 4094;

void require_aware(const BridgeState& state, const std::string& doing) {
    if (state.bridge().vlan_protocol == 0)
        throw Error(EOPNOTSUPP, doing, fmt::format("bridge '{}' is not VLAN-aware", state.name),
                    "make it with `xdp-bridge add --vlan-aware`");
}

void require_range(VlanRange range, const std::string& doing) {
    if (range.first < 1 || range.last > max_vid || range.first > range.last)
        throw Error(EINVAL, doing,
                    fmt::format("no VLANs have the ids {} to {}", range.first, range.last),
                    fmt::format("give 1 to {}, or FIRST-LAST", max_vid));
}

std::uint16_t require_switched_port(const BridgeState& state, const std::string& device,
                                    const std::string& doing) {
    const auto port = require_port(state, device, doing);
    if (state.ports[port].features & XDPB_FEATURE_ROUTED)
        throw Error(EINVAL, doing, fmt::format("'{}' is a routed port, and in no VLAN", device),
                    "add it again without --routed");
    if (state.ports[port].features & XDPB_FEATURE_SVI)
        throw Error(EINVAL, doing,
                    fmt::format("'{}' is the port of an SVI, and in its VLAN alone", device),
                    "`xdp-bridge svi add` makes one for another VLAN");
    return port;
}

// How a port was in a VLAN before we changed it.
struct Membership {
    bool member;
    bool untagged;
};

void restore(const BridgeState& state, std::uint16_t port, std::uint16_t vid,
             const Membership& was) {
    if (was.member)
        join_vlan(state, port, vid, was.untagged);
    else
        leave_vlan(state, port, vid);
}

std::vector<VlanInfo> list_memberships(const BridgeState& state,
                                       std::optional<std::uint16_t> only) {
    std::vector<VlanInfo> list;
    for (std::uint16_t vid = 1; vid <= max_vid; vid++)
        for (std::uint16_t port = 1; port < XDPB_MAX_PORTS; port++)
            if (is_member(state, port, vid) && (!only || *only == port))
                list.push_back({.vid = vid,
                                .port = port,
                                .pvid = state.ports[port].pvid == vid,
                                .untagged = is_untagged(state, port, vid)});
    return list;
}

} // namespace

std::optional<VlanRange> VlanRange::parse(std::string_view text) noexcept {
    VlanRange range;
    const char* end = text.data() + text.size();
    auto parsed = std::from_chars(text.data(), end, range.first);
    range.last = range.first;
    if (parsed.ec == std::errc{} && parsed.ptr != end && *parsed.ptr == '-')
        parsed = std::from_chars(parsed.ptr + 1, end, range.last);
    if (parsed.ec != std::errc{} || parsed.ptr != end || range.first < 1 || range.last > max_vid ||
        range.first > range.last)
        return std::nullopt;
    return range;
}

std::string VlanRange::to_string() const {
    return first == last ? std::to_string(first) : fmt::format("{}-{}", first, last);
}

void Vlans::add(const std::string& device, VlanRange range, const VlanOptions& options) {
    const std::string doing =
        fmt::format("add VLANs to port '{}' of bridge '{}'", device, state_->name);
    require_aware(*state_, doing);
    require_range(range, doing);
    if (options.pvid && range.first != range.last)
        throw Error(EINVAL, doing, "a port has one PVID", "give --pvid with one VLAN");
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    const auto port = require_switched_port(*state_, device, doing);

    if (const int err = make_floods(*state_, range); err != 0)
        throw Error(-err, doing);
    std::vector<Membership> before;
    for (std::uint16_t vid = range.first; vid <= range.last; vid++) {
        before.push_back({is_member(*state_, port, vid), is_untagged(*state_, port, vid)});
        if (const int err = join_vlan(*state_, port, vid, options.untagged); err != 0) {
            for (std::uint16_t done = range.first; done < vid; done++)
                restore(*state_, port, done, before[done - range.first]);
            throw Error(-err, doing,
                        fmt::format("VLAN {}: {}", vid, std::generic_category().message(-err)));
        }
    }
    // As `bridge vlan add` has it: without the word a VLAN that was the PVID is it no longer.
    const std::atomic_ref pvid(state_->ports[port].pvid);
    if (options.pvid)
        pvid.store(range.first);
    else if (pvid.load() >= range.first && pvid.load() <= range.last)
        pvid.store(0);
}

void Vlans::remove(const std::string& device, VlanRange range) {
    const std::string doing =
        fmt::format("remove VLANs from port '{}' of bridge '{}'", device, state_->name);
    require_aware(*state_, doing);
    require_range(range, doing);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    const auto port = require_switched_port(*state_, device, doing);

    const std::atomic_ref pvid(state_->ports[port].pvid);
    if (pvid.load() >= range.first && pvid.load() <= range.last)
        pvid.store(0);
    bool any = false;
    for (std::uint16_t vid = range.first; vid <= range.last; vid++) {
        if (!is_member(*state_, port, vid))
            continue;
        any = true;
        leave_vlan(*state_, port, vid);
        flush_fdb(*state_, {.port = port, .vlan = vid, .static_too = true});
        forget_groups(*state_, port, vid);
    }
    if (!any)
        throw Error(
            ENOENT, doing, fmt::format("'{}' is in none of them", device),
            fmt::format("`xdp-bridge vlan show {} {}` lists its VLANs", state_->name, device));
}

std::vector<VlanInfo> Vlans::list() const {
    const std::string doing = fmt::format("list the VLANs of bridge '{}'", state_->name);
    require_aware(*state_, doing);
    const Lock lock = state_->lock(Lock::Kind::shared, doing);
    return list_memberships(*state_, std::nullopt);
}

std::vector<VlanInfo> Vlans::list(const std::string& device) const {
    const std::string doing =
        fmt::format("list the VLANs of port '{}' of bridge '{}'", device, state_->name);
    require_aware(*state_, doing);
    const Lock lock = state_->lock(Lock::Kind::shared, doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    return list_memberships(*state_, require_port(*state_, device, doing));
}

} // namespace xdpbridge
