// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/ip.h>
#include <xdpbridge/mac.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace xdpbridge {

struct BridgeState;

// Where an IP address means a host: in a VLAN, or behind a routed port.
struct NeighbourDomain {
    std::uint16_t vlan = 0; // 0 on a VLAN-unaware bridge
    std::uint16_t port = 0; // PortInfo::number of a routed port, and then vlan is 0

    auto operator<=>(const NeighbourDomain&) const = default;
};

struct Neighbour {
    Ip ip{};
    NeighbourDomain domain{};
    Mac mac{};
    bool is_static = true;            // added by hand: neither ages nor changes
    std::chrono::nanoseconds idle{0}; // since it last said so itself; 0 for static ones
};

// Who has which IP address, from Bridge::neighbours(). Read by the data plane to answer ARP and ND
// (Bridge::set_suppression), which learns into it too, and to route without the kernel's tables.
// Learned entries are there for the bridge's ageing time.
class Neighbours {
  public:
    explicit Neighbours(std::shared_ptr<BridgeState> state) noexcept : state_(std::move(state)) {}

    // Adds or replaces a static entry. EINVAL (an address or MAC that is no host's, a VLAN or port
    // that is not right), ENOSPC (65,536 entries).
    void add(const Ip& ip, const Mac& mac, const NeighbourDomain& domain = {});
    // False: it was not there.
    bool remove(const Ip& ip, const NeighbourDomain& domain = {});
    [[nodiscard]] std::optional<Neighbour> lookup(const Ip& ip,
                                                  const NeighbourDomain& domain = {}) const;
    [[nodiscard]] std::vector<Neighbour> list() const; // by domain, then address
    // How many were deleted. Static entries are left alone unless asked for.
    std::size_t flush(bool static_too = false);

  private:
    std::shared_ptr<BridgeState> state_;
};

} // namespace xdpbridge
