// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/attachment.h>
#include <xdpbridge/class.h>
#include <xdpbridge/rate.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xdpbridge {

// Where the data plane meets the frames that come in at a port.
enum class Hook : std::uint8_t {
    // What suits the device: PortInfo::hook_reason says why. Where frames may carry offloads (a
    // veth, a tap with vnet header) tc; elsewhere both; without native XDP tc.
    automatic,
    xdp,  // in the driver alone; a frame with offloads is dropped, and counted
    tc,   // on the skb alone: keeps GSO and checksum offload
    both, // XDP, which hands what it cannot forward to tc
};

// Whom a port lets send: see Guards for the bindings.
enum class SourceGuard : std::uint8_t {
    off,
    mac, // frames whose source MAC is bound to the port
    ip,  // and of IP packets only those whose source address is bound with that MAC; DHCP from
         // 0.0.0.0, and what finds an IPv6 address from ::, pass all the same
};

// What a port may have beside plain switching. An empty member stays as it is, and is off at first.
struct PortSettings {
    std::optional<bool> isolated = {}; // no frame goes from an isolated port to another one
    // Q-in-Q: to this port every frame is untagged, those with the bridge's own tag too, and is put
    // into the PVID as it is.
    std::optional<bool> tunnel = {};
    std::optional<std::uint8_t> priority = {}; // PCP of frames that come without one, 0 to 7
    std::optional<bool> set_priority = {};     // of tagged frames too, instead of the one they have
    std::optional<SourceGuard> source_guard = {};
    // ARP and neighbour discovery only in the name of the frame's source MAC, and of addresses
    // bound with it to this port, whether or not source_guard is on. ARP probes (RFC 5227) pass.
    std::optional<bool> arp_guard = {};
    std::optional<bool> dhcp_guard = {}; // nothing that a DHCP or DHCPv6 server says
    std::optional<bool> ra_guard = {};   // no IPv6 router advertisements and redirects (RFC 6105)
    // A BPDU shuts the port: nothing enters or leaves by it (PortState::blocked) until this is set
    // again, to either.
    std::optional<bool> bpdu_guard = {};
    // Storm control: what may be flooded of what comes in here. Rate{}: all.
    std::optional<Rate> storm_broadcast = {};
    std::optional<Rate> storm_multicast = {};
    std::optional<Rate> storm_unknown = {}; // unicast to a host that is not known
    std::optional<Rate> police = {};        // all that comes in here; Rate{}: no limit
    // Devices of other ports that get copies; "": none. Of what comes in here, as it comes,
    // whatever becomes of it; of what leaves here, as it leaves. As long as anything of a bridge is
    // mirrored, each port that is at XDP has a program at tc too, for XDP cannot copy. The other
    // port stays one like any other; what comes in there is not copied back to it.
    std::optional<std::string> mirror_rx = {};
    std::optional<std::string> mirror_tx = {};
    // Latency classes: frames that leave here and are not urgent fill the tap only so far as its
    // reader empties it again in class_delay, and more are dropped. Without an urgent frame for
    // 10 s it is 100 times that. Classes says which are urgent, PortInfo::isolation what it comes
    // to.
    std::optional<bool> classes = {};
    // Of class bulk, 1 us to 1 s; of class normal twice so long.
    std::optional<std::chrono::microseconds> class_delay = {};
    std::optional<bool> mrouter = {};    // a multicast router is behind it: it gets all multicast
    std::optional<bool> fast_leave = {}; // one host is behind it: a leave counts at once
};

struct PortOptions {
    Hook hook = Hook::automatic;
    XdpMode mode = XdpMode::native;
    // Hand TCP from XDP to tc, after the stack's GRO has made large frames of it. Needs both hooks,
    // and does nothing without GRO on the device. A flow stays in order, because all of its frames
    // go that way. Empty: for hardware with GRO on whose hooks the library chooses.
    std::optional<bool> bulk_gro = {};
    bool learning = true;
    std::uint32_t mac_quota = 0; // learned entries at most; 0: no limit but the FDB's size
    PortSettings settings = {};
    // A port of the router, in no VLAN: the device keeps its MAC and addresses. What comes in for
    // its MAC is routed as the kernel's tables say, all else is the host's. Never learns.
    bool routed = false;
};

// What can change while the port runs; an empty member stays as it is.
struct PortChange {
    std::optional<Hook> hook = {}; // attaches anew; FDB, counters and settings stay
    std::optional<bool> bulk_gro = {};
    std::optional<bool> learning = {};
    std::optional<std::uint32_t> mac_quota = {};
    PortSettings settings = {};
};

enum class PortState : std::uint8_t {
    forwarding,
    blocked, // the BPDU guard has shut it
    down,    // the device is there and not up
    gone,    // the device vanished or left the namespace; remove the port, or add the device again
};

struct PortInfo {
    std::uint16_t number; // 1 to 255: FDB entries and counters use it
    std::string device;   // its name now, or the last one known when gone
    PortState state;
    std::uint32_t ifindex;
    std::uint32_t mtu;            // bytes, 0 when gone
    std::string kind;             // of the device: "veth", "tun", "" for hardware
    bool xdp;                     // a program at XDP
    bool tc;                      // a program at tc
    std::string_view hook_reason; // why those
    bool generic;                 // XDP runs in generic mode
    AttachKind attached_by;       // of XDP
    bool bulk_gro;
    bool takes_xdp; // the device takes frames that XDP redirects; else they go by tc
    bool learning;
    std::uint32_t mac_quota;
    std::uint64_t tx_dropped; // frames that the device dropped on sending, by its own count
    std::uint32_t
        learned;        // FDB entries learned here, aged-out ones included until they are reclaimed
    std::uint16_t pvid; // 0: none, or the bridge is not VLAN-aware
    std::uint8_t priority;
    std::uint32_t features; // enum xdpb_port_feature
    SourceGuard source_guard;
    Rate storm_broadcast, storm_multicast, storm_unknown, police; // Rate{}: off
    std::uint16_t mirror_rx, mirror_tx;                           // numbers of ports, 0: none
    Isolation isolation;
    std::chrono::microseconds class_delay; // as in PortSettings
    bool tc_lent;                          // has tc only as long as something is mirrored
};

// The ports of a bridge, from Bridge::ports().
class Ports {
  public:
    explicit Ports(std::shared_ptr<BridgeState> state) noexcept : state_(std::move(state)) {}

    // Attaches the programs to device and starts to forward; the port outlives the process. A port
    // of that name that is gone comes back with its number, its settings and its static FDB
    // entries. ENODEV, EEXIST (already a port here), EBUSY (of another bridge, of a kernel bridge,
    // or a foreign XDP program), EOPNOTSUPP (no XDP in that mode), ERANGE (MTU), EINVAL (bulk_gro
    // without both hooks), ENOSPC (255 ports). What the device needs for it, promiscuity and VLAN
    // tags left in the frame, is set, and set back when the port is removed.
    std::uint16_t add(const std::string& device, const PortOptions& options = {});
    // The same, for as long as the caller keeps the Attachment.
    [[nodiscard]] Attachment attach(const std::string& device, const PortOptions& options = {});
    // Detaches, and deletes the port's FDB entries, static ones too. ENOENT.
    void remove(const std::string& device);
    void set(const std::string& device, const PortChange& change);

    [[nodiscard]] std::vector<PortInfo> list() const;            // by number
    [[nodiscard]] PortInfo get(const std::string& device) const; // ENOENT
    // The program that serves the port, for BPF_PROG_RUN and inspection. The caller closes it.
    [[nodiscard]] int program_fd(const std::string& device) const;

  private:
    void reconnect(std::uint16_t number, const PortChange& change, const std::string& doing);
    std::shared_ptr<BridgeState> state_;
};

} // namespace xdpbridge
