// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/abi.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xdpbridge {

struct BridgeState;

// VLAN ids 1 to 4094 (802.1Q 9.6), both ends included.
struct VlanRange {
    std::uint16_t first = 0;
    std::uint16_t last = 0;

    // "10" or "10-19"
    static std::optional<VlanRange> parse(std::string_view text) noexcept;
    [[nodiscard]] std::string to_string() const;
    bool operator==(const VlanRange&) const = default;
};

struct VlanOptions {
    bool pvid = false;     // of frames that come in without a tag, or with VLAN id 0
    bool untagged = false; // leaves the port without a tag
};

// One port's membership in one VLAN.
struct VlanInfo {
    std::uint16_t vid;
    std::uint16_t port; // PortInfo::number
    bool pvid;
    bool untagged;
};

// The VLANs of a VLAN-aware bridge, from Bridge::vlans(): which ports are in which, and how. A
// frame of a VLAN that its port is not in is dropped (ingress filtering, 802.1Q 8.6.2). EOPNOTSUPP:
// the bridge is not VLAN-aware.
class Vlans {
  public:
    explicit Vlans(std::shared_ptr<BridgeState> state) noexcept : state_(std::move(state)) {}

    // Makes a port a member of each VLAN of the range, or changes how it is one: all or none.
    // ENOENT (no such port), EINVAL (range, or one PVID for many VLANs), ENOMEM.
    void add(const std::string& device, VlanRange range, const VlanOptions& options = {});
    // Ends memberships, and deletes what the port has learned there. ENOENT: no such port, or it is
    // in none of them.
    void remove(const std::string& device, VlanRange range);

    [[nodiscard]] std::vector<VlanInfo> list() const; // by VLAN, then port
    [[nodiscard]] std::vector<VlanInfo> list(const std::string& device) const;

  private:
    std::shared_ptr<BridgeState> state_;
};

} // namespace xdpbridge
