// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "bridge_maps.h"
#include "bridge_state.h"
#include "capabilities.h"
#include "class_table.h"
#include "mdb_table.h"
#include "netns.h"
#include "port_slot.h"
#include "refusals.h"
#include "router_port.h"
#include "taking_apart.h"
#include "upgrade.h"

#include <xdpbridge/acl.h>
#include <xdpbridge/bridge.h>
#include <xdpbridge/class.h>
#include <xdpbridge/error.h>
#include <xdpbridge/events.h>
#include <xdpbridge/fdb.h>
#include <xdpbridge/guard.h>
#include <xdpbridge/latency.h>
#include <xdpbridge/mdb.h>
#include <xdpbridge/neighbour.h>
#include <xdpbridge/port.h>
#include <xdpbridge/route.h>
#include <xdpbridge/stats.h>
#include <xdpbridge/svi.h>
#include <xdpbridge/vlan.h>

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace xdpbridge {

namespace {

// A folder on its way in or out has a suffix that no bridge's name can have.
constexpr std::string_view creating = "+creating";
constexpr std::string_view deleting = "+deleting";

bool is_bpffs(const std::filesystem::path& path) {
    struct statfs fs {};
    return ::statfs(path.c_str(), &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

void require_name(const std::string& name, const std::string& doing) {
    const bool good = !name.empty() && name.size() <= 15 &&
                      std::all_of(name.begin(), name.end(), [](unsigned char c) {
                          return std::isalnum(c) || c == '-' || c == '_';
                      });
    if (!good)
        throw Error(EINVAL, doing, "not a name for a bridge",
                    "use 1 to 15 letters, digits, '-' and '_'");
}

void require_ageing(std::chrono::seconds ageing, const std::string& doing) {
    if (ageing < std::chrono::seconds{1} || ageing > Bridge::max_ageing)
        throw Error(EINVAL, doing, fmt::format("ageing of {} s is out of range", ageing.count()),
                    fmt::format("give 1 to {} seconds", Bridge::max_ageing.count()));
}

void require_vlans(const BridgeOptions& options, const std::string& doing) {
    if (options.vlan_protocol != 0x8100 && options.vlan_protocol != 0x88a8)
        throw Error(EINVAL, doing, fmt::format("no VLAN protocol {:#06x}", options.vlan_protocol),
                    "give 0x8100 (802.1Q) or 0x88a8 (802.1ad)");
    if (options.default_pvid > 4094)
        throw Error(EINVAL, doing,
                    fmt::format("default PVID {} is out of range", options.default_pvid),
                    "give 1 to 4094, or 0 for none");
}

void make_folder(const std::filesystem::path& folder, const std::string& doing) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        throw Error(errno, doing,
                    fmt::format("{}: {}", folder.string(), std::generic_category().message(errno)));
}

void rename_folder(const std::filesystem::path& from, const std::filesystem::path& to,
                   const std::string& doing) {
    if (::rename(from.c_str(), to.c_str()) != 0)
        throw Error(errno, doing);
}

std::uint64_t in_ns(std::chrono::seconds time) {
    return static_cast<std::uint64_t>(std::chrono::nanoseconds(time).count());
}

void store_ageing(xdpb_bridge& bridge, std::chrono::seconds ageing) {
    std::atomic_ref(bridge.ageing_ns).store(in_ns(ageing));
    // Entries may look up to this much older than they are: a second, and little beside a short
    // ageing time.
    std::atomic_ref(bridge.refresh_ns)
        .store(std::min<std::uint64_t>(XDPB_NSEC_PER_SEC, in_ns(ageing) / 4));
}

// Takes a bridge apart from whatever state it is in. The caller holds the root folder's lock.
// Returns 0, or the errno for want of memory: then the folder stays, for clear_leftovers.
int destroy_folder(const std::filesystem::path& folder, const Where& where) noexcept {
    int err = 0;
    try {
        const auto state = BridgeState::open(folder.filename(), folder, where);
        const NetnsScope scope(where.netns);
        for (std::uint16_t port = 1; port < XDPB_MAX_PORTS; port++)
            if (state->ports[port].flags & XDPB_PORT_USED) {
                err = first_error(
                    {err, disconnect_port(*state, port), delete_svi_device(*state, port)});
            }
    } catch (const std::exception&) {
        // Half-made: without all its maps it has no ports yet. Or of another version.
    }
    if (err != 0)
        return err;
    std::error_code ignored;
    // Removing the last pin detaches too, but only when the kernel gets round to it.
    for (const auto& pin : std::filesystem::directory_iterator(folder / "links", ignored))
        bpf_link_detach(Fd(bpf_obj_get(pin.path().c_str())).get());
    std::filesystem::remove_all(folder, ignored);
    return 0;
}

// What tc and settings of a device are changed by can only be changed back in its namespace. XDP
// detaches from anywhere.
void require_reach(const std::string& name, const std::filesystem::path& folder, const Where& where,
                   const std::string& doing) {
    std::shared_ptr<BridgeState> state;
    try {
        state = BridgeState::open(name, folder, where);
    } catch (const Error&) {
        return; // of another version: nothing of it is known
    }
    constexpr std::uint32_t bound = XDPB_PORT_TC | XDPB_PORT_SET_PROMISC | XDPB_PORT_CLEARED_RXVLAN;
    for (std::uint16_t port = 1; port < XDPB_MAX_PORTS; port++)
        if (state->ports[port].flags & bound && state->devices.lookup(port))
            state->require_netns(doing);
}

// What a process killed in create or remove left. The caller holds the root folder's lock.
void clear_leftovers(const Where& where) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(root_folder(where), ignored))
        if (entry.path().filename().string().find('+') != std::string::npos)
            destroy_folder(entry.path(), where);
}

// Whether the first process sees other mounts than we do. Where it does not let itself be looked
// at, the kernel's thread daemon does, which has the same mounts.
bool in_private_mount_namespace() {
    std::error_code error;
    const auto own = std::filesystem::read_symlink("/proc/self/ns/mnt", error);
    auto first = std::filesystem::read_symlink("/proc/1/ns/mnt", error);
    if (error)
        first = std::filesystem::read_symlink("/proc/2/ns/mnt", error);
    return !error && own != first;
}

} // namespace

bool mount_bpffs(const Where& where) {
    const std::string doing = fmt::format("mount a BPF file system on {}", where.bpffs.string());
    if (is_bpffs(where.bpffs))
        return false;
    if (in_private_mount_namespace())
        throw Error(EBUSY, doing,
                    "in this private mount namespace it would vanish with the command",
                    "use `xdp-bridge -n NETNS` instead of `ip netns exec NETNS xdp-bridge`");
    if (::mount("bpf", where.bpffs.c_str(), "bpf", 0, "mode=0700") != 0)
        throw Error(errno, doing);
    return true;
}

Bridge Bridge::create(const std::string& name, const BridgeOptions& options, const Where& where) {
    const std::string doing = fmt::format("create bridge '{}'", name);
    require_name(name, doing);
    require_ageing(options.ageing, doing);
    if (options.fdb_size < 1 || options.fdb_size > max_fdb_size)
        throw Error(EINVAL, doing, fmt::format("FDB size {} is out of range", options.fdb_size),
                    fmt::format("give 1 to {} entries", max_fdb_size));
    require_vlans(options, doing);
    if (!is_bpffs(where.bpffs))
        throw Error(ENOENT, doing, fmt::format("no BPF file system on {}", where.bpffs.string()),
                    fmt::format("`mount -t bpf bpf {}`", where.bpffs.string()));

    const auto root = root_folder(where);
    make_folder(root, doing);
    require_folder(root, doing);
    const Lock lock(root, Lock::Kind::exclusive, doing);
    clear_leftovers(where);
    if (std::filesystem::exists(root / name))
        throw Error(EEXIST, doing, "a bridge of that name exists", "`xdp-bridge show` lists them");

    const auto folder = root / (name + std::string(creating));
    try {
        make_folder(folder, doing);
        make_folder(folder / "links", doing);
        make_folder(folder / "kept", doing);
        make_folder(folder / "monitor", doing);
        make_folder(folder / "measuring", doing);
        create_maps(folder, options.fdb_size, doing);

        const Fd map(bpf_obj_get((folder / "bridge").c_str()));
        const MappedArray<xdpb_bridge> memory(map, 1);
        const NetnsScope scope(where.netns);
        memory[0].abi_version = XDPB_ABI_VERSION;
        memory[0].fdb_size = options.fdb_size;
        memory[0].netns_cookie = netns_cookie();
        if (options.vlan_aware) {
            memory[0].vlan_protocol = options.vlan_protocol;
            memory[0].default_pvid = options.default_pvid;
        }
        store_ageing(memory[0], options.ageing);
        for (std::size_t group = 0; group < XDPB_RESERVED_GROUPS; group++)
            memory[0].reserved[group] = static_cast<std::uint8_t>(options.reserved[group]);

        const auto state = BridgeState::open(name, folder, where);
        store_default_class_rules(*state, doing);
        count_refusals(*state);
        rename_folder(folder, root / name, doing);
    } catch (...) {
        destroy_folder(folder, where);
        throw;
    }
    return Bridge(BridgeState::open(name, root / name, where));
}

Bridge Bridge::open(const std::string& name, const Where& where) {
    require_name(name, fmt::format("open bridge '{}'", name));
    return Bridge(BridgeState::open(name, root_folder(where) / name, where));
}

void Bridge::remove(const std::string& name, const Where& where) {
    const std::string doing = fmt::format("delete bridge '{}'", name);
    require_name(name, doing);
    const auto root = root_folder(where);
    require_folder(root, doing);
    const Lock lock(root, Lock::Kind::exclusive, doing);
    clear_leftovers(where);
    require_folder(root / name, doing);
    require_reach(name, root / name, where, doing);
    {
        // Waits for whoever is changing the bridge; afterwards nobody finds it any more.
        const Lock bridge_lock(root / name, Lock::Kind::exclusive, doing);
        rename_folder(root / name, root / (name + std::string(deleting)), doing);
    }
    if (const int err = destroy_folder(root / (name + std::string(deleting)), where); err != 0)
        throw Error(err, doing,
                    fmt::format("something of it is left on a port's device: {}",
                                std::generic_category().message(err)),
                    "the next bridge that is added or deleted takes that away");
}

Upgrade Bridge::upgrade(const std::string& name, const Where& where) {
    const std::string doing = fmt::format("upgrade bridge '{}'", name);
    require_name(name, doing);
    require_capabilities(doing);
    const auto folder = root_folder(where) / name;
    require_folder(folder, doing);
    const Lock lock(folder, Lock::Kind::exclusive, doing);
    require_layout(folder, doing);
    Upgrade done;
    done.new_maps = create_maps(folder, BridgeOptions{}.fdb_size, doing);
    try {
        const auto state = BridgeState::open(name, folder, where);
        state->require_netns(doing);
        if (std::find(done.new_maps.begin(), done.new_maps.end(), "class_rules") !=
            done.new_maps.end())
            store_default_class_rules(*state, doing);
        state->repair();
        const NetnsScope scope(where.netns);
        done.ports = replace_programs(*state, doing);
    } catch (...) {
        std::error_code ignored;
        for (const auto& map : done.new_maps)
            std::filesystem::remove(folder / map, ignored);
        throw;
    }
    return done;
}

std::vector<std::string> Bridge::list(const Where& where) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(root_folder(where), error)) {
        const std::string name = entry.path().filename();
        if (name.find('+') == std::string::npos)
            names.push_back(name);
    }
    if (error && error != std::errc::no_such_file_or_directory)
        throw Error(error.value(), "list the bridges");
    std::sort(names.begin(), names.end());
    return names;
}

Bridge::Bridge(std::shared_ptr<BridgeState> state) noexcept : state_(std::move(state)) {}
Bridge::Bridge(Bridge&&) noexcept = default;
Bridge& Bridge::operator=(Bridge&&) noexcept = default;
Bridge::~Bridge() = default;

const std::string& Bridge::name() const noexcept {
    return state_->name;
}

BridgeInfo Bridge::info() const {
    const xdpb_bridge& bridge = state_->bridge();
    const NetnsScope scope(state_->where.netns);
    BridgeInfo info{
        .name = state_->name,
        .folder = state_->folder,
        .fdb_size = bridge.fdb_size,
        .ageing = std::chrono::duration_cast<std::chrono::seconds>(
            std::chrono::nanoseconds(bridge.ageing_ns)),
        .reserved = {},
        .netns_cookie = bridge.netns_cookie,
        .vlan_protocol = bridge.vlan_protocol,
        .default_pvid = bridge.default_pvid,
        .routing = std::atomic_ref(state_->bridge().features).load() & XDPB_BRIDGE_STATIC_ROUTES
                       ? Routing::own
                       : Routing::kernel,
        .here = bridge.netns_cookie == netns_cookie(),
        .counts_refusals = xdpbridge::counts_refusals(*state_),
        .ports = 0,
        .events_lost = std::atomic_ref(state_->bridge().events_lost).load(),
        .features = std::atomic_ref(state_->bridge().features).load(),
    };
    for (std::size_t group = 0; group < XDPB_RESERVED_GROUPS; group++)
        info.reserved[group] = static_cast<ReservedPolicy>(bridge.reserved[group]);
    for (std::size_t port = 1; port < XDPB_MAX_PORTS; port++)
        info.ports += (state_->ports[port].flags & XDPB_PORT_USED) ? 1 : 0;
    return info;
}

void Bridge::set_ageing(std::chrono::seconds ageing) {
    const std::string doing = fmt::format("set the ageing time of bridge '{}'", state_->name);
    require_ageing(ageing, doing);
    const Lock lock = state_->lock_and_repair(doing);
    store_ageing(state_->bridge(), ageing);
}

void Bridge::set_reserved(unsigned group, ReservedPolicy policy) {
    const std::string doing =
        fmt::format("set the reserved addresses of bridge '{}'", state_->name);
    if (group >= XDPB_RESERVED_GROUPS)
        throw Error(EINVAL, doing, fmt::format("no reserved address 01:80:c2:00:00:{:02x}", group),
                    "the last octet is 00 to 0f");
    const Lock lock = state_->lock_and_repair(doing);
    std::atomic_ref(state_->bridge().reserved[group]).store(static_cast<std::uint8_t>(policy));
}

void Bridge::set_snooping(bool on) {
    const Lock lock = state_->lock_and_repair(
        fmt::format("turn snooping of bridge '{}' {}", state_->name, on ? "on" : "off"));
    xdpbridge::set_snooping(*state_, on);
}

void Bridge::set_suppression(bool on) {
    const Lock lock = state_->lock_and_repair(fmt::format(
        "turn neighbour suppression of bridge '{}' {}", state_->name, on ? "on" : "off"));
    const std::atomic_ref features(state_->bridge().features);
    if (on)
        features.fetch_or(XDPB_BRIDGE_SUPPRESS);
    else
        features.fetch_and(~std::uint32_t{XDPB_BRIDGE_SUPPRESS});
}

void Bridge::set_routing(Routing routing) {
    const Lock lock =
        state_->lock_and_repair(fmt::format("set the routing of bridge '{}'", state_->name));
    const std::atomic_ref features(state_->bridge().features);
    if (routing == Routing::own)
        features.fetch_or(XDPB_BRIDGE_STATIC_ROUTES);
    else
        features.fetch_and(~std::uint32_t{XDPB_BRIDGE_STATIC_ROUTES});
}

Ports Bridge::ports() const {
    return Ports(state_);
}
Guards Bridge::guards() const {
    return Guards(state_);
}
Fdb Bridge::fdb() const {
    return Fdb(state_);
}
Vlans Bridge::vlans() const {
    return Vlans(state_);
}
Routes Bridge::routes() const {
    return Routes(state_);
}
Svis Bridge::svis() const {
    return Svis(state_);
}
Classes Bridge::classes() const {
    return Classes(state_);
}

Acl Bridge::acl() const {
    return Acl(state_);
}
Mdb Bridge::mdb() const {
    return Mdb(state_);
}
Neighbours Bridge::neighbours() const {
    return Neighbours(state_);
}
Stats Bridge::stats() const {
    return Stats(state_);
}
Latency Bridge::latency() const {
    return Latency(state_);
}
Events Bridge::events() const {
    return Events(state_);
}

} // namespace xdpbridge
