// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "bridge_state.h"

#include "device_settings.h"
#include "fdb_table.h"
#include "latency_table.h"
#include "netns.h"
#include "port_slot.h"
#include "upgrade.h"

#include <xdpbridge/error.h>

#include <chrono>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>

namespace xdpbridge {

namespace {

constexpr std::chrono::seconds lock_patience{10};

Fd open_directory(const std::filesystem::path& directory, const std::string& doing) {
    Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd)
        throw Error(errno, doing);
    return fd;
}

// While we waited, the directory may have been removed and another made under its name.
bool still_there(const Fd& fd, const std::filesystem::path& directory) {
    struct stat opened {};
    struct stat named {};
    return ::fstat(fd.get(), &opened) == 0 && ::stat(directory.c_str(), &named) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

Fd open_pin(const std::filesystem::path& path, const std::string& doing) {
    Fd fd(bpf_obj_get(path.c_str()));
    if (const int err = fd ? 0 : errno; err != 0)
        throw Error(
            err, doing, fmt::format("{}: {}", path.string(), std::generic_category().message(err)),
            err == ENOENT ? "`xdp-bridge upgrade` makes what an older version has not" : "");
    return fd;
}

} // namespace

Lock::Lock(const std::filesystem::path& directory, Kind kind, const std::string& doing)
    : directory_(open_directory(directory, doing)) {
    const int operation = (kind == Kind::shared ? LOCK_SH : LOCK_EX) | LOCK_NB;
    const auto deadline = std::chrono::steady_clock::now() + lock_patience;
    while (::flock(directory_.get(), operation) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            throw Error(errno, doing);
        if (std::chrono::steady_clock::now() > deadline)
            throw Error(
                EBUSY, doing,
                fmt::format("another process has held the lock for {} s", lock_patience.count()),
                fmt::format("`fuser {}` names it", directory.string()));
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    if (!still_there(directory_, directory))
        throw Error(ENOENT, doing, "it was deleted meanwhile");
}

std::optional<Lock> Lock::try_exclusive(const std::filesystem::path& directory,
                                        const std::string& doing) {
    Fd fd = open_directory(directory, doing);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
        return std::nullopt;
    return Lock(std::move(fd));
}

ino_t Lock::inode() const noexcept {
    struct stat opened {};
    return ::fstat(directory_.get(), &opened) == 0 ? opened.st_ino : 0;
}

std::filesystem::path root_folder(const Where& where) {
    return where.bpffs / "xdp-bridge";
}

namespace {

// Whoever can write there can hand us maps of his own, and read what passes through ours.
void require_private(const std::filesystem::path& folder, const struct stat& found,
                     const std::string& doing) {
    if (found.st_uid == ::geteuid() && (found.st_mode & 077) == 0)
        return;
    if (found.st_uid != ::geteuid() && found.st_uid == 0)
        throw Error(EACCES, doing);
    throw Error(EPERM, doing,
                found.st_uid != ::geteuid()
                    ? fmt::format("{} belongs to the user {}", folder.string(), found.st_uid)
                    : fmt::format("others may enter {} (mode {:04o})", folder.string(),
                                  found.st_mode & 07777U),
                fmt::format("remove it, or `chown {} {}` and `chmod 0700` if you trust all that is "
                            "in it",
                            ::geteuid(), folder.string()));
}

} // namespace

void require_folder(const std::filesystem::path& folder, const std::string& doing) {
    struct stat found {};
    if (::lstat(folder.c_str(), &found) != 0 && (errno == EACCES || errno == EPERM))
        throw Error(EACCES, doing);
    if (!S_ISDIR(found.st_mode))
        throw Error(ENOENT, doing, "no such bridge", "`xdp-bridge show` lists them");
    require_private(folder, found, doing);
}

std::shared_ptr<BridgeState> BridgeState::open(const std::string& name,
                                               const std::filesystem::path& folder,
                                               const Where& where) {
    const std::string doing = fmt::format("open bridge '{}'", name);
    require_folder(folder.parent_path(), doing);
    require_folder(folder, doing);

    auto state = std::make_shared<BridgeState>();
    state->name = name;
    state->folder = folder;
    state->where = where;
    struct stat opened {};
    if (::stat(folder.c_str(), &opened) == 0)
        state->folder_inode = opened.st_ino;
    Fd bridge = open_pin(folder / "bridge", doing);
    state->bridge_memory = {bridge, 1};
    if (state->bridge().abi_version != XDPB_ABI_VERSION)
        throw Error(EPROTO, doing,
                    fmt::format("it was made with ABI version {}, this program speaks version {}",
                                state->bridge().abi_version, XDPB_ABI_VERSION),
                    "use the version of xdp-bridge that made it");
    Fd ports = open_pin(folder / "ports", doing);
    state->ports = {ports, XDPB_MAX_PORTS};
    Fd vlans = open_pin(folder / "vlans", doing);
    state->vlans = {vlans, XDPB_VLANS};
    state->fdb = Map<xdpb_fdb_key, xdpb_fdb_entry>(open_pin(folder / "fdb", doing));
    state->reclaim = open_pin(folder / "reclaim", doing);
    state->devices = DeviceMap(open_pin(folder / "devices", doing));
    state->devices_frags = DeviceMap(open_pin(folder / "devices_frags", doing));
    state->flood_by_vlan = open_pin(folder / "flood_by_vlan", doing);
    state->counters = open_pin(folder / "counters", doing);
    state->events = open_pin(folder / "events", doing);
    state->port_by_ifindex =
        Map<std::uint32_t, std::uint32_t>(open_pin(folder / "port_by_ifindex", doing));
    state->sources = Map<xdpb_source, xdpb_source_info>(open_pin(folder / "sources", doing));
    Fd policers = open_pin(folder / "policers", doing);
    state->policers = {policers, XDPB_POLICERS};
    Fd acl_rules = open_pin(folder / "acl_rules", doing);
    state->acl_rules = {acl_rules, XDPB_ACL_SLOTS};
    state->class_rules =
        Map<xdpb_class_key, std::uint32_t>(open_pin(folder / "class_rules", doing));
    state->class_counters = open_pin(folder / "class_counters", doing);
    state->latency = open_pin(folder / "latency", doing);
    state->latency_taps = open_pin(folder / "latency_taps", doing);
    state->latency_entry = open_pin(folder / "latency_entry", doing);
    state->acl_counters = open_pin(folder / "acl_counters", doing);
    state->acl_tables = open_pin(folder / "acl_tables", doing);
    state->acl_macs = open_pin(folder / "acl_macs", doing);
    state->acl_prefixes = open_pin(folder / "acl_prefixes", doing);
    state->neighbours =
        Map<xdpb_neighbour_key, xdpb_neighbour>(open_pin(folder / "neighbours", doing));
    state->mdb = Map<xdpb_mdb_key, xdpb_mdb_entry>(open_pin(folder / "mdb", doing));
    state->routes4 = Map<xdpb_route4_key, xdpb_route>(open_pin(folder / "routes4", doing));
    state->routes6 = Map<xdpb_route6_key, xdpb_route>(open_pin(folder / "routes6", doing));
    return state;
}

Lock BridgeState::lock(Lock::Kind kind, const std::string& doing) const {
    Lock held(folder, kind, doing);
    if (held.inode() != folder_inode)
        throw Error(ENOENT, doing, "it was deleted, and another bridge has its name now");
    return held;
}

Lock BridgeState::lock_and_repair(const std::string& doing) const {
    Lock exclusive = lock(Lock::Kind::exclusive, doing);
    repair();
    return exclusive;
}

void BridgeState::repair() const {
    const NetnsScope scope(where.netns);
    const bool here = netns_cookie() == bridge().netns_cookie; // else its devices are out of reach
    for (std::uint16_t port = 1; here && port < XDPB_MAX_PORTS; port++) {
        const auto flags = ports[port].flags;
        if (!(flags & XDPB_PORT_USED) || flags & XDPB_PORT_ACTIVE)
            continue;
        clear_port(*this, port);
        refresh_ports(*this);
    }
    if (bridge().fdb_changing) {
        recount_learned(*this);
        bridge().fdb_changing = 0;
    }
    if (bridge().features & XDPB_BRIDGE_LATENCY &&
        Lock::try_exclusive(folder / "measuring", "repair"))
        stop_measuring(*this);
    if (here && bridge().features & XDPB_BRIDGE_UPGRADING) {
        try {
            replace_programs(*this, fmt::format("finish the upgrade of bridge '{}'", name));
        } catch (const std::exception&) {
            // It forwards on with the programs it has; the next call tries again.
        }
    }
}

void BridgeState::require_netns(const std::string& doing) const {
    const NetnsScope scope(where.netns);
    if (netns_cookie() != bridge().netns_cookie)
        throw Error(EXDEV, doing,
                    fmt::format("the ports of bridge '{}' live in another network namespace", name),
                    "name that namespace with -n");
}

void reuse_maps(const BridgeState& state, bpf_object* object, bool frags) {
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, object) {
        if (bpf_map__is_internal(map)) // .rodata: each object has its own
            continue;
        const std::string doing = fmt::format("load the programs of bridge '{}'", state.name);
        std::string name = bpf_map__name(map);
        if (frags && name == "devices")
            name = "devices_frags";
        const Fd fd = open_pin(state.folder / name, doing);
        const int err = bpf_map__reuse_fd(map, fd.get());
        if (err != 0)
            throw Error(-err, doing);
    }
}

std::uint64_t data_plane_now() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * XDPB_NSEC_PER_SEC +
           static_cast<std::uint64_t>(now.tv_nsec);
}

} // namespace xdpbridge
