// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "bridge_state.h"
#include "device_check.h"
#include "device_settings.h"
#include "hook_choice.h"
#include "netlink.h"
#include "netns.h"
#include "port_slot.h"
#include "port_table.h"
#include "port_settings.h"
#include "tc_program.h"
#include "vlan_table.h"
#include "xdp_program.h"

#include <xdpbridge/error.h>
#include <xdpbridge/port.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fmt/format.h>

namespace xdpbridge {

namespace {

Link require_device(const BridgeState& state, const std::string& device, const std::string& doing) {
    const auto link = link_by_name(device);
    if (!link)
        throw Error(ENODEV, doing,
                    fmt::format("no interface '{}' in this network namespace", device),
                    "`ip link` lists them, -n names another namespace");
    for (const auto& obstacle : find_obstacles(*link, state.where, state.name))
        throw Error(link->loopback ? EINVAL : EBUSY, doing, obstacle.found,
                    obstacle.fix.empty() ? "" : fmt::format("`{}` releases it", obstacle.fix));
    return *link;
}

std::uint16_t free_slot(const BridgeState& state, const std::string& doing) {
    for (std::uint16_t number = 1; number < XDPB_MAX_PORTS; number++)
        if (!used(state.ports[number]))
            return number;
    throw Error(ENOSPC, doing,
                fmt::format("bridge '{}' has {} ports already", state.name, XDPB_MAX_PORTS - 1));
}

void zero_counters(const BridgeState& state, std::uint16_t number) {
    const std::vector<xdpb_counters> zero(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    for (std::uint32_t hook = 0; hook < XDPB_HOOK_COUNT; hook++) {
        const std::uint32_t key = number + hook * XDPB_MAX_PORTS;
        bpf_map_update_elem(state.counters.get(), &key, zero.data(), BPF_ANY);
    }
}

constexpr std::uint32_t settings_mask = XDPB_PORT_USED | XDPB_PORT_LEARNING | XDPB_PORT_BULK_GRO;

// Attaches at XDP; false if the library may choose, and the device would not.
bool attach_xdp(const BridgeState& state, std::uint16_t number, const Link& link, XdpMode mode,
                bool optional, XdpPrograms& programs, const std::string& doing) {
    const std::atomic_ref flags(state.ports[number].flags);
    try {
        const auto attached = programs.attach(state, link, mode, doing);
        flags.fetch_or(XDPB_PORT_XDP | (attached.generic ? XDPB_PORT_GENERIC : 0) |
                       (attached.kind == AttachKind::dispatcher ? XDPB_PORT_DISPATCHER : 0));
        return true;
    } catch (const Error& error) {
        const auto err = error.code().value();
        if (!optional || (err != EOPNOTSUPP && err != ERANGE && err != EINVAL && err != E2BIG))
            throw;
        return false;
    }
}

struct Connection {
    Hook hook;
    XdpMode mode;
    std::optional<bool> bulk_gro; // empty: as suits the device; else the port's flag has it
};

// Measured (bench/README.md): TCP by GRO and tc is 1.5 times as fast as frame by frame.
bool suits_bulk_gro(const Link& link, const HookChoice& choice) {
    return choice.xdp && choice.reason == HookReason::no_offloads && link.kind.empty() &&
           active_features(link.ifindex).contains("rx-gro");
}

// Each step is undone by clear_port or disconnect_port, and a process killed here leaves a slot
// that is used and not active, which the next lock_and_repair clears.
void connect_port(const BridgeState& state, std::uint16_t number, const Link& link,
                  const Connection& wanted, const std::string& doing) {
    xdpb_port& slot = state.ports[number];
    const std::atomic_ref flags(slot.flags);
    const bool is_auto = wanted.hook == Hook::automatic && wanted.mode == XdpMode::native;
    std::fill(std::begin(slot.name), std::end(slot.name), '\0');
    link.name.copy(slot.name, sizeof(slot.name) - 1);
    slot.ifindex = link.ifindex;
    flags.store((flags.load() & settings_mask) |
                (is_auto ? std::uint32_t{XDPB_PORT_HOOK_AUTO} : 0U));

    auto choice = choose_hooks(link, wanted.hook, wanted.mode);
    if (flags.load() & XDPB_PORT_BULK_GRO && !(choice.xdp && choice.tc))
        throw Error(EINVAL, doing, "bulk=gro needs XDP and tc", "give --hook both");
    XdpPrograms programs(state, number);
    // In the order in which a frame meets them, the last one first: what XDP hands over from the
    // first frame on, tc takes.
    if (choice.tc) {
        attach_tc(state, number, link, doing);
        flags.fetch_or(XDPB_PORT_TC);
    }
    if (choice.xdp && !attach_xdp(state, number, link, wanted.mode, is_auto, programs, doing))
        choice = {false, true, HookReason::no_native_xdp};
    if (!wanted.bulk_gro && suits_bulk_gro(link, choice))
        flags.fetch_or(XDPB_PORT_BULK_GRO);
    slot.hook_reason = static_cast<std::uint32_t>(choice.reason);
    if (may_carry_offloads(link, (flags.load() & XDPB_PORT_GENERIC) != 0))
        flags.fetch_or(XDPB_PORT_OFFLOADS);
    apply_settings(state, number, link, doing);

    int err = programs.connect_egress(link, doing);
    if (err == 0)
        err = connect_floods(state, number);
    if (err == 0)
        err = state.port_by_ifindex.update(link.ifindex, number);
    if (err != 0)
        throw Error(-err, doing);
    refresh_ports(state);
    flags.fetch_or(XDPB_PORT_ACTIVE);
}

// A new port is in the bridge's default VLAN. Its device joins the floods when it is connected.
void join_default_vlan(const BridgeState& state, std::uint16_t number, const std::string& doing) {
    const bool aware = state.bridge().vlan_protocol != 0;
    const std::uint16_t vid = state.bridge().default_pvid; // 0 when not VLAN-aware
    if (aware && vid == 0)
        return;
    int err = make_floods(state, {vid, vid});
    if (err == 0)
        err = join_vlan(state, number, vid, aware);
    if (err != 0)
        throw Error(-err, doing);
    state.ports[number].pvid = vid;
}

// What a port of these flags was asked to be.
Connection connection_of(std::uint32_t flags) {
    const Hook hook = flags & XDPB_PORT_HOOK_AUTO ? Hook::automatic
                      : !(flags & XDPB_PORT_TC)   ? Hook::xdp
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
    const Link link = require_device(*state_, device, doing);
    require_settings(*state_, options.settings, doing);

    const auto known = find_port(*state_, device);
    const bool returns = known && describe(*state_, *known).state == PortState::gone;
    if (known && !returns)
        throw Error(EEXIST, doing, fmt::format("it is port {} already", *known));

    const std::uint16_t number = known ? *known : free_slot(*state_, doing);
    if (returns) {
        disconnect_port(*state_, number);
    } else {
        zero_counters(*state_, number);
        xdpb_port fresh{};
        fresh.flags = XDPB_PORT_USED | (options.learning ? std::uint32_t{XDPB_PORT_LEARNING} : 0U) |
                      (options.bulk_gro.value_or(false) ? std::uint32_t{XDPB_PORT_BULK_GRO} : 0U);
        fresh.mac_quota = options.mac_quota;
        if (state_->bridge().features & XDPB_BRIDGE_SNOOPING)
            fresh.features = XDPB_FEATURE_SNOOPING;
        state_->ports[number] = fresh;
    }
    try {
        if (!returns)
            join_default_vlan(*state_, number, doing);
        store_settings(state_->ports[number], options.settings);
        connect_port(*state_, number, link, {options.hook, options.mode, options.bulk_gro}, doing);
    } catch (...) {
        if (returns) { // still gone, and still holding its settings
            disconnect_port(*state_, number);
            std::atomic_ref(state_->ports[number].flags).fetch_or(XDPB_PORT_ACTIVE);
        } else {
            clear_port(*state_, number);
        }
        throw;
    }
    return {state_, number, attached_program_id(*state_, number, link.ifindex)};
}

void Ports::remove(const std::string& device) {
    const std::string doing =
        fmt::format("remove port '{}' from bridge '{}'", device, state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    clear_port(*state_, require_port(*state_, device, doing));
    refresh_ports(*state_);
}

// Attaches a port anew; if that fails, as it was.
void Ports::reconnect(std::uint16_t number, const PortChange& change, const std::string& doing) {
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
        flags.store(settings & settings_mask);
        connect_port(*state_, number, *link_by_index(link->ifindex), connection, doing);
    };
    const bool bulk = change.bulk_gro.value_or((old_flags & XDPB_PORT_BULK_GRO) != 0);
    try {
        connect((old_flags & ~std::uint32_t{XDPB_PORT_BULK_GRO}) |
                    (bulk ? std::uint32_t{XDPB_PORT_BULK_GRO} : 0U),
                wanted);
    } catch (const Error&) {
        connect(old_flags, connection_of(old_flags));
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
    if (change.hook || change.bulk_gro)
        reconnect(number, change, doing);
    store_settings(slot, change.settings);
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
                       std::uint32_t program_id) noexcept
    : state_(std::move(state)), port_(port), program_id_(program_id) {}

Attachment& Attachment::operator=(Attachment&& other) noexcept {
    if (this != &other) {
        remove_port();
        state_ = std::move(other.state_);
        port_ = other.port_;
        program_id_ = other.program_id_;
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
        const auto current = attached_program_id(*state_, port_, state_->ports[port_].ifindex);
        if (current == program_id_ || current == 0)
            clear_port(*state_, port_);
    } catch (const std::exception&) {
        // The bridge is gone, and the port with it.
    }
    state_.reset();
}

} // namespace xdpbridge
