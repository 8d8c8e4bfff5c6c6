// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Start here. A Bridge is a switch whose data plane lives in the kernel: its maps and programs are
// pinned in a folder of the BPF file system and forward frames whether or not any process is
// looking.
//
//     auto bridge = Bridge::create("br0");
//     bridge.ports().add("eth0");
//     bridge.ports().add("tap0");
//     for (const auto& entry : bridge.fdb().entries()) ...
//
// All calls throw xdpbridge::Error. Calls that change a bridge take its lock (an flock on its
// folder, which the kernel releases if the process dies), so that any number of processes may work
// on one bridge. One Bridge object and what it hands out belong to one thread at a time.
#pragma once
#include <xdpbridge/abi.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace xdpbridge {

class Acl;
class Classes;
class Events;
class Fdb;
class Guards;
class Latency;
class Mdb;
class Neighbours;
class Ports;
class Routes;
class Stats;
class Svis;
class Vlans;
struct BridgeState;

// Where a bridge lives.
struct Where {
    // The network namespace of its ports: a name under /run/netns, or a path such as
    // /proc/123/ns/net. Empty: the caller's own. Only the calling thread enters it, and only for
    // the length of a call.
    std::string netns = {};
    // A mounted BPF file system; bridges are the folders in its folder "xdp-bridge".
    std::filesystem::path bpffs = "/sys/fs/bpf";
};

enum class ReservedPolicy : std::uint8_t {
    peer = XDPB_RESERVED_PEER,
    forward = XDPB_RESERVED_FORWARD,
    drop = XDPB_RESERVED_DROP,
};

// Whose routes the data plane goes by.
enum class Routing : std::uint8_t {
    kernel,
    own, // Bridge::routes()
};

struct BridgeOptions {
    std::uint32_t fdb_size = 16384; // entries, 1 to 1,000,000; fixed for the bridge's life
    std::chrono::seconds ageing{300};
    // Which VLANs a port is in and how, Vlans says; else a tag is switched along like any payload.
    // Fixed for the bridge's life.
    bool vlan_aware = false;
    // TPID of its tags: 0x8100 (802.1Q C-tags), or 0x88a8 for a provider bridge (802.1ad S-tags),
    // to which a C-tag is payload.
    std::uint16_t vlan_protocol = 0x8100;
    // VLAN that a new port is in, untagged and as its PVID; 0: none.
    std::uint16_t default_pvid = 1;
    // By the last octet of 01:80:c2:00:00:0x.
    std::array<ReservedPolicy, XDPB_RESERVED_GROUPS> reserved{};
};

struct BridgeInfo {
    std::string name;
    std::filesystem::path folder;
    std::uint32_t fdb_size;
    std::chrono::seconds ageing;
    std::array<ReservedPolicy, XDPB_RESERVED_GROUPS> reserved; // by last octet of 01:80:c2:00:00:0x
    std::uint64_t netns_cookie;                                // SO_NETNS_COOKIE
    std::uint16_t vlan_protocol;                               // 0: not VLAN-aware
    std::uint16_t default_pvid;
    Routing routing;
    bool here;                 // the ports' namespace is the one that Where names
    bool counts_refusals;      // the tracepoint programs are attached
    unsigned ports;            // ports it has, present or gone
    std::uint64_t events_lost; // since creation, for want of room in the ring buffer
    std::uint32_t features;    // enum xdpb_bridge_feature
};

// What Bridge::upgrade has done.
struct Upgrade {
    unsigned ports = 0;                // that have other programs now: all whose device is present
    std::vector<std::string> new_maps; // made because the bridge, of an older version, had not them
};

class Bridge {
  public:
    static constexpr std::uint32_t max_fdb_size = 1'000'000;
    static constexpr std::chrono::seconds max_ageing{1'000'000}; // 802.1Q table 8-6

    // Creates the bridge's folder, maps and tracepoint programs, all or nothing. EEXIST, EINVAL
    // (name or option out of range), ENOENT (no BPF file system mounted: see mount_bpffs), EPERM.
    static Bridge create(const std::string& name, const BridgeOptions& options = {},
                         const Where& where = {});
    // ENOENT, EPROTO (made by another ABI version).
    static Bridge open(const std::string& name, const Where& where = {});
    // Detaches all ports and removes the folder. ENOENT, EXDEV (a port still there, whose device
    // has to be set back in its namespace: name that in where.netns).
    static void remove(const std::string& name, const Where& where = {});
    // Puts the programs of this library's version in the place of those that run, on all ports or,
    // when anything fails, on none. No frame is lost; FDB, counters and settings stay. EPROTO: the
    // bridge was made by a version whose maps are not those of this one. EXDEV (name the ports'
    // namespace in where.netns). Whatever the kernel refuses.
    static Upgrade upgrade(const std::string& name, const Where& where = {});
    // Names in alphabetical order; empty when nothing is mounted.
    static std::vector<std::string> list(const Where& where = {});

    Bridge(Bridge&&) noexcept;
    Bridge& operator=(Bridge&&) noexcept;
    Bridge(const Bridge&) = delete;
    Bridge& operator=(const Bridge&) = delete;
    ~Bridge(); // releases file descriptors; the data plane goes on

    [[nodiscard]] const std::string& name() const noexcept;
    [[nodiscard]] BridgeInfo info() const;
    void set_ageing(std::chrono::seconds ageing);
    // group: last octet of the address, 0 to 15.
    void set_reserved(unsigned group, ReservedPolicy policy);
    // IGMP and MLD snooping (RFC 4541): multicast goes to those who have joined its group, in VLANs
    // that have a querier. Off at first. Turning it on or off forgets what was learned.
    void set_snooping(bool on);
    // Answers ARP and ND from Neighbours instead of flooding them, and learns from them. Off at
    // first.
    void set_suppression(bool on);
    void set_routing(Routing routing);

    // These share the bridge's state and may outlive the Bridge object.
    [[nodiscard]] Ports ports() const;
    [[nodiscard]] Fdb fdb() const;
    [[nodiscard]] Vlans vlans() const;
    [[nodiscard]] Guards guards() const;
    [[nodiscard]] Routes routes() const;
    [[nodiscard]] Svis svis() const;
    [[nodiscard]] Acl acl() const;
    [[nodiscard]] Classes classes() const;
    [[nodiscard]] Neighbours neighbours() const;
    [[nodiscard]] Mdb mdb() const;
    [[nodiscard]] Stats stats() const;
    [[nodiscard]] Events events() const;
    [[nodiscard]] Latency latency() const;

  private:
    explicit Bridge(std::shared_ptr<BridgeState> state) noexcept;
    std::shared_ptr<BridgeState> state_;
};

// Mounts a BPF file system on where.bpffs unless one is there. True: it did. Refuses (EBUSY) in a
// private mount namespace such as that of `ip netns exec`, where the mount, and every bridge in it,
// would vanish with the command.
bool mount_bpffs(const Where& where = {});

} // namespace xdpbridge
