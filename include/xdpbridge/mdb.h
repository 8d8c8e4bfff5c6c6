// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/ip.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace xdpbridge {

struct BridgeState;

enum class MdbType : std::uint8_t {
    static_member,  // joined by hand
    dynamic_member, // by a report of IGMP or MLD
    router,         // a querier or PIM router is behind the port: it gets all groups of the family
    overflow,       // joined more groups than there was room for: it gets all groups of the family
};

// What a port gets of the multicast in a VLAN.
struct MdbEntry {
    std::uint16_t vlan; // 0 on a VLAN-unaware bridge
    Ip group;           // of a router or an overflow 0.0.0.0 or ::, for its family
    std::uint16_t port; // PortInfo::number
    MdbType type;
    std::chrono::nanoseconds expires; // from now, unless it is renewed; 0 for static members
};

// Who has joined which multicast group, from Bridge::mdb(). With snooping (Bridge::set_snooping)
// the data plane learns it, and prunes by it in VLANs that have a querier.
class Mdb {
  public:
    explicit Mdb(std::shared_ptr<BridgeState> state) noexcept : state_(std::move(state)) {}

    // Makes the port a member that neither leaves nor expires. ENOENT (no such port), EINVAL (not a
    // group, or one that all ports get anyway; a VLAN that the port is not in), ENOSPC (65,536
    // entries).
    void add(const std::string& device, const Ip& group, std::uint16_t vlan = 0);
    // Ends a membership of either kind. False: there was none.
    bool remove(const std::string& device, const Ip& group, std::uint16_t vlan = 0);
    [[nodiscard]] std::vector<MdbEntry> list() const; // by VLAN, group, port
    // Forgets what was learned, queriers too, so that nothing is pruned before the next query was
    // answered. Static members are left alone unless asked for. Returns how many entries of list()
    // were deleted.
    std::size_t flush(bool static_too = false);

  private:
    std::shared_ptr<BridgeState> state_;
};

} // namespace xdpbridge
