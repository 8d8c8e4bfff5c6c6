// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "bridge_state.h"
#include "capabilities.h"
#include "device_settings.h"
#include "mirror.h"
#include "netns.h"
#include "port_attach.h"
#include "port_settings.h"
#include "port_slot.h"
#include "port_table.h"
#include "tap_queue.h"

#include <xdpbridge/error.h>
#include <xdpbridge/port.h>

#include <atomic>
#include <fmt/format.h>

namespace xdpbridge {

namespace {

// What a port of these flags was asked to be.
Connection connection_of(std::uint32_t flags) {
    const bool has_tc = flags & XDPB_PORT_TC && !(flags & XDPB_PORT_TC_LENT);
    const Hook hook = flags & XDPB_PORT_HOOK_AUTO ? Hook::automatic
                      : !has_tc                   ? Hook::xdp
                      : flags & XDPB_PORT_XDP     ? Hook::both
                                                  : Hook::tc;
    return {hook, flags & XDPB_PORT_GENERIC ? XdpMode::generic : XdpMode::native,
            (flags & XDPB_PORT_BULK_GRO) != 0};
}

} // namespace

std::uint16_t Ports::add(const std::string& device, const PortOptions& options) {
    Attachment attachment = attach(device, options);
    attachment.release();
    return attachment.port();
}

Attachment Ports::attach(const std::string& device, const PortOptions& options) {
    const std::string doing = fmt::format("add port '{}' to bridge '{}'", device, state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    const auto number = attach_port(*state_, device, options, doing);
    return {state_, number, state_->ports[number].added_ns};
}

void Ports::remove(const std::string& device) {
    const std::string doing =
        fmt::format("remove port '{}' from bridge '{}'", device, state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    const auto number = require_port(*state_, device, doing);
    require_unnamed(*state_, number, doing);
    remove_port(*state_, number, doing);
}

// Attaches a port anew; if that fails, as it was; and if that fails too, as when there is no
// memory, it is left like a port whose device is gone, with its settings.
void Ports::reconnect(std::uint16_t number, const PortChange& change, const std::string& doing) {
    require_capabilities(doing);
    xdpb_port& slot = state_->ports[number];
    const std::atomic_ref flags(slot.flags);
    const auto old_flags = flags.load();
    const auto link = device_of(*state_, number);
    if (!link)
        throw Error(ENODEV, doing, "its device is gone",
                    "add the device again, or delete the port");
    Connection wanted = connection_of(old_flags);
    if (change.hook)
        wanted.hook = *change.hook;
    const auto connect = [&](std::uint32_t settings, const Connection& connection) {
        disconnect_port(*state_, number);
        flags.store(settings & port_settings_mask);
        connect_port(*state_, number, *link_by_index(link->ifindex), connection, doing);
        change_mirrors(*state_, number, {}, doing);
    };
    const bool bulk = change.bulk_gro.value_or((old_flags & XDPB_PORT_BULK_GRO) != 0);
    try {
        connect((old_flags & ~std::uint32_t{XDPB_PORT_BULK_GRO}) |
                    (bulk ? std::uint32_t{XDPB_PORT_BULK_GRO} : 0U),
                wanted);
    } catch (const Error& error) {
        try {
            connect(old_flags, connection_of(old_flags));
        } catch (const Error&) {
            disconnect_port(*state_, number);
            flags.fetch_or(XDPB_PORT_ACTIVE);
            throw Error(error.code().value(), doing,
                        error.code().message() + ", and it could not be connected as it was",
                        fmt::format("`xdp-bridge port add {} {}` connects it, with its settings",
                                    state_->name, link->name),
                        error.detail());
        }
        throw;
    }
}

void Ports::set(const std::string& device, const PortChange& change) {
    const std::string doing = fmt::format("set port '{}' of bridge '{}'", device, state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    const auto number = require_port(*state_, device, doing);
    xdpb_port& slot = state_->ports[number];
    require_settings(*state_, change.settings, doing);
    require_role(slot.features, change.settings, change.learning.value_or(false), doing);
    const Mirrors mirrors = require_mirrors(*state_, device, change.settings, doing);
    if (change.hook || change.bulk_gro)
        reconnect(number, change, doing);
    change_mirrors(*state_, number, mirrors, doing);
    if (change.settings.classes.value_or(false))
        if (const auto link = device_of(*state_, number)) // else when it comes back
            find_tap_queues(*state_, number, *link);
    store_settings(*state_, number, change.settings);
    if (change.mac_quota)
        std::atomic_ref(slot.mac_quota).store(*change.mac_quota);
    if (change.learning && *change.learning)
        std::atomic_ref(slot.flags).fetch_or(XDPB_PORT_LEARNING);
    if (change.learning && !*change.learning)
        std::atomic_ref(slot.flags).fetch_and(~std::uint32_t{XDPB_PORT_LEARNING});
    refresh_ports(*state_);
}

std::vector<PortInfo> Ports::list() const {
    const std::string doing = fmt::format("list the ports of bridge '{}'", state_->name);
    const Lock lock = state_->lock(Lock::Kind::shared, doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    std::vector<PortInfo> ports;
    for (std::uint16_t number = 1; number < XDPB_MAX_PORTS; number++)
        if (used(state_->ports[number]))
            ports.push_back(describe(*state_, number));
    return ports;
}

PortInfo Ports::get(const std::string& device) const {
    const std::string doing = fmt::format("look at port '{}'", device);
    const Lock lock = state_->lock(Lock::Kind::shared, doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    return describe(*state_, require_port(*state_, device, doing));
}

int Ports::program_fd(const std::string& device) const {
    const PortInfo info = get(device);
    const NetnsScope scope(state_->where.netns);
    const int fd = bpf_prog_get_fd_by_id(attached_program_id(*state_, info.number, info.ifindex));
    if (fd < 0)
        throw Error(errno, fmt::format("open the program of port '{}'", device));
    return fd;
}

Attachment::Attachment(std::shared_ptr<BridgeState> state, std::uint16_t port,
                       std::uint64_t added_ns) noexcept
    : state_(std::move(state)), port_(port), added_ns_(added_ns) {}

Attachment& Attachment::operator=(Attachment&& other) noexcept {
    if (this != &other) {
        remove_port();
        state_ = std::move(other.state_);
        port_ = other.port_;
        added_ns_ = other.added_ns_;
    }
    return *this;
}

Attachment::~Attachment() {
    remove_port();
}

void Attachment::remove_port() noexcept {
    if (!state_)
        return;
    try {
        const Lock lock = state_->lock_and_repair("remove a port");
        const NetnsScope scope(state_->where.netns);
        // Somebody may have removed it, and the number may be another device's by now.
        if (state_->ports[port_].added_ns == added_ns_)
            clear_port(*state_, port_);
    } catch (const std::exception&) {
        // The bridge is gone, and the port with it.
    }
    state_.reset();
}

} // namespace xdpbridge
