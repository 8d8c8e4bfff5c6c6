// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What Bridge, Ports, Fdb, Stats and Events share: the open maps of one bridge, its lock, and its
// folder:
//
//     BPFFS/xdp-bridge/NAME/MAP      one pin for each map of bpf/maps.h
//                           links/   attachments: one for each port ("port-3") and tracepoint
//                           kept/    what else the kernel knows by its id only; kept.h
//                           monitor/ empty; its lock says that somebody reads the events
//                           measuring/ likewise: that somebody measures residence times
#pragma once
#include "fd.h"
#include "map.h"

#include <xdpbridge/abi.h>
#include <xdpbridge/bridge.h>

#include <bpf/libbpf.h>
#include <filesystem>
#include <memory>
#include <string>
#include <sys/types.h>

namespace xdpbridge {

// An flock on a directory, gone with this object or with the process.
class Lock {
  public:
    enum class Kind { shared, exclusive };
    // Waits up to 10 s; then EBUSY. ENOENT: the directory is gone.
    Lock(const std::filesystem::path& directory, Kind kind, const std::string& doing);
    // nullopt when somebody else has it.
    static std::optional<Lock> try_exclusive(const std::filesystem::path& directory,
                                             const std::string& doing);

    [[nodiscard]] ino_t inode() const noexcept;

  private:
    explicit Lock(Fd directory) noexcept : directory_(std::move(directory)) {}
    Fd directory_;
};

struct BridgeState {
    std::string name;
    std::filesystem::path folder;
    ino_t folder_inode = 0;
    Where where;

    Map<xdpb_fdb_key, xdpb_fdb_entry> fdb;
    Fd reclaim;
    using DeviceMap = Map<std::uint32_t, bpf_devmap_val>;
    DeviceMap devices;
    DeviceMap devices_frags; // of programs that take frames of several buffers; bpf/maps.h
    Fd flood_by_vlan;
    Fd counters;
    Fd events;
    Map<std::uint32_t, std::uint32_t> port_by_ifindex;
    Map<xdpb_source, xdpb_source_info> sources;
    Map<xdpb_class_key, std::uint32_t> class_rules;
    Fd class_counters;
    Fd latency, latency_taps; // maps of maps, by port
    Fd latency_entry;
    Fd acl_counters;
    Fd acl_tables, acl_macs, acl_prefixes; // maps of maps: two generations each
    Map<xdpb_route4_key, xdpb_route> routes4;
    Map<xdpb_route6_key, xdpb_route> routes6;
    Map<xdpb_neighbour_key, xdpb_neighbour> neighbours;
    Map<xdpb_mdb_key, xdpb_mdb_entry> mdb;

    MappedArray<xdpb_bridge> bridge_memory;
    MappedArray<xdpb_port> ports;
    MappedArray<xdpb_vlan> vlans;
    MappedArray<xdpb_policer> policers;
    MappedArray<xdpb_acl_rule> acl_rules;

    [[nodiscard]] xdpb_bridge& bridge() const noexcept { return bridge_memory[0]; }
    [[nodiscard]] std::filesystem::path port_link(std::uint16_t port) const {
        return folder / "links" / ("port-" + std::to_string(port));
    }
    // The lock of this bridge, and not of a later one of its name: ENOENT.
    [[nodiscard]] Lock lock(Lock::Kind kind, const std::string& doing) const;
    // For changing the bridge: the lock, after undoing what a killed process left half-done.
    [[nodiscard]] Lock lock_and_repair(const std::string& doing) const;
    // The latter half of it.
    void repair() const;
    // Opens the maps pinned in folder. EPROTO for another ABI version.
    static std::shared_ptr<BridgeState>
    open(const std::string& name, const std::filesystem::path& folder, const Where& where);
    // Throws EXDEV unless where.netns is the namespace that the bridge's ports live in.
    void require_netns(const std::string& doing) const;
};

std::filesystem::path root_folder(const Where& where);

// ENOENT: no such bridge. EACCES; EPERM: it is not ours alone.
void require_folder(const std::filesystem::path& folder, const std::string& doing);

// Gives every map of object the fd of the bridge's pinned map of that name, so that loading reuses
// it. frags: "devices" is to be "devices_frags".
void reuse_maps(const BridgeState& state, bpf_object* object, bool frags = false);

// CLOCK_MONOTONIC_COARSE in ns: the clock that the data plane stamps entries with.
std::uint64_t data_plane_now() noexcept;

} // namespace xdpbridge
