// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "vlan_table.h"

#include "kept.h"

#include <atomic>
#include <bpf/bpf.h>
#include <vector>

namespace xdpbridge {

namespace {

using PortBitmap = __u64 (&)[XDPB_PORT_WORDS];

std::atomic_ref<__u64> word_of(PortBitmap bitmap, std::uint16_t port) {
    return std::atomic_ref(bitmap[port / 64U]);
}

std::uint64_t bit_of(std::uint16_t port) {
    return std::uint64_t{1} << port % 64U;
}

bool test(PortBitmap bitmap, std::uint16_t port) {
    return (word_of(bitmap, port).load() & bit_of(port)) != 0;
}

void put(PortBitmap bitmap, std::uint16_t port, bool on) {
    if (on)
        word_of(bitmap, port).fetch_or(bit_of(port));
    else
        word_of(bitmap, port).fetch_and(~bit_of(port));
}

// Tells the data plane whether a flood of this VLAN needs no tag anywhere.
void summarize(xdpb_vlan& vlan) {
    bool all = true;
    for (std::size_t i = 0; i < XDPB_PORT_WORDS; i++)
        all = all && (vlan.members[i] & ~vlan.untagged[i]) == 0;
    std::atomic_ref(vlan.all_untagged).store(all ? 1 : 0);
}

std::string kept_flood(std::uint32_t vid) {
    return "flood-" + std::to_string(vid);
}

// The devmap of a VLAN; none before the VLAN gets its first port.
Fd open_flood(const BridgeState& state, std::uint32_t vid) {
    std::uint32_t id = 0;
    if (bpf_map_lookup_elem(state.flood_by_vlan.get(), &vid, &id) != 0)
        return Fd();
    return open_kept_map(state, kept_flood(vid), id);
}

// Devmaps on their way into "flood_by_vlan". The kernel waits for all running programs after each
// update of that map, 20 ms or so, but only once for many.
class NewFloods {
  public:
    explicit NewFloods(const BridgeState& state) : state_(state) {}
    ~NewFloods() {
        for (const auto vid : vids_) // not stored
            stop_keeping(state_, kept_flood(vid));
    }
    NewFloods(const NewFloods&) = delete;
    NewFloods& operator=(const NewFloods&) = delete;

    // Return 0 or the negative errno.
    int make(std::uint32_t vid) {
        Fd flood(bpf_map_create(BPF_MAP_TYPE_DEVMAP, "flood_devices", sizeof(__u32),
                                sizeof(bpf_devmap_val), XDPB_MAX_PORTS, nullptr));
        if (!flood)
            return -errno;
        if (const int err = keep(state_, kept_flood(vid), flood.get()); err != 0)
            return err;
        vids_.push_back(vid);
        fds_.push_back(flood.get());
        floods_.push_back(std::move(flood));
        return vids_.size() < batch ? 0 : store();
    }
    int store() {
        auto count = static_cast<std::uint32_t>(vids_.size());
        if (count != 0 && bpf_map_update_batch(state_.flood_by_vlan.get(), vids_.data(),
                                               fds_.data(), &count, nullptr) != 0)
            return -errno;
        vids_.clear();
        fds_.clear();
        floods_.clear();
        return 0;
    }

  private:
    static constexpr std::size_t batch = 256; // descriptors at a time
    const BridgeState& state_;
    std::vector<std::uint32_t> vids_;
    std::vector<int> fds_;
    std::vector<Fd> floods_;
};

// The device and egress program that "devices_frags" has for the port.
int connect_flood(const BridgeState& state, const Fd& flood, std::uint16_t port) {
    const std::uint32_t number = port;
    const auto device = state.devices_frags.lookup(number);
    if (!device)
        return 0; // gone: it joins when it comes back
    const Fd program = open_kept_program(state, kept_egress(port, true), device->bpf_prog.id);
    bpf_devmap_val output{};
    output.ifindex = device->ifindex;
    output.bpf_prog.fd = program.get();
    return bpf_map_update_elem(flood.get(), &number, &output, BPF_ANY) == 0 ? 0 : -errno;
}

void disconnect_flood(const BridgeState& state, std::uint32_t vid, std::uint32_t port) noexcept {
    if (const Fd flood = open_flood(state, vid))
        bpf_map_delete_elem(flood.get(), &port);
}

} // namespace

bool is_member(const BridgeState& state, std::uint16_t port, std::uint16_t vid) noexcept {
    return test(state.vlans[vid].members, port);
}

bool is_untagged(const BridgeState& state, std::uint16_t port, std::uint16_t vid) noexcept {
    return test(state.vlans[vid].untagged, port);
}

int make_floods(const BridgeState& state, VlanRange range) {
    NewFloods floods(state);
    for (std::uint32_t vid = range.first; vid <= range.last; vid++)
        if (!open_flood(state, vid))
            if (const int err = floods.make(vid); err != 0)
                return err;
    return floods.store();
}

// The flood comes first: should we be killed in between, the egress program drops what is flooded
// to a port that is no member.
int join_vlan(const BridgeState& state, std::uint16_t port, std::uint16_t vid, bool untagged) {
    if (const int err = connect_flood(state, open_flood(state, vid), port); err != 0)
        return err;
    xdpb_vlan& vlan = state.vlans[vid];
    if (!untagged)
        std::atomic_ref(vlan.all_untagged).store(0); // before anybody relies on it
    put(vlan.untagged, port, untagged);
    put(vlan.members, port, true);
    summarize(vlan);
    return 0;
}

void leave_vlan(const BridgeState& state, std::uint16_t port, std::uint16_t vid) noexcept {
    xdpb_vlan& vlan = state.vlans[vid];
    put(vlan.members, port, false);
    put(vlan.untagged, port, false);
    summarize(vlan);
    disconnect_flood(state, vid, port);
}

void leave_all_vlans(const BridgeState& state, std::uint16_t port) noexcept {
    for (std::uint16_t vid = 0; vid < XDPB_VLANS; vid++)
        if (is_member(state, port, vid))
            leave_vlan(state, port, vid);
}

int connect_floods(const BridgeState& state, std::uint16_t port) {
    for (std::uint16_t vid = 0; vid < XDPB_VLANS; vid++)
        if (is_member(state, port, vid))
            if (const int err = connect_flood(state, open_flood(state, vid), port); err != 0)
                return err;
    return 0;
}

void disconnect_floods(const BridgeState& state, std::uint16_t port) noexcept {
    for (std::uint16_t vid = 0; vid < XDPB_VLANS; vid++)
        if (is_member(state, port, vid))
            disconnect_flood(state, vid, port);
}

} // namespace xdpbridge
