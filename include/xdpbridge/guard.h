// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/ip.h>
#include <xdpbridge/mac.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace xdpbridge {

struct BridgeState;

// Who may send from a port, whatever the VLAN.
struct Binding {
    std::uint16_t port = 0; // PortInfo::number
    Mac mac{};
    std::optional<Ip> ip = {}; // empty: the MAC, and no address
    auto operator<=>(const Binding&) const = default;
};

// The bindings of MACs and addresses to ports, from Bridge::guards(): what
// PortSettings::source_guard and arp_guard go by. They may be there while no guard is on, and go
// with their port.
//
// To bind an address binds its MAC too. The link-local IPv6 address that is made of a bound MAC
// (EUI-64, RFC 4291 appendix A) needs no binding; any other one does.
class Guards {
  public:
    explicit Guards(std::shared_ptr<BridgeState> state) noexcept : state_(std::move(state)) {}

    // What is bound already stays so. ENOENT (no such port), EINVAL (a MAC or address that nobody
    // can send from), ENOSPC (XDPB_SOURCES bindings, those of MACs included).
    void add(const std::string& device, const Mac& mac, const std::optional<Ip>& ip = {});
    // Without an address: the MAC with all of its addresses. ENOENT: no such port or binding.
    void remove(const std::string& device, const Mac& mac, const std::optional<Ip>& ip = {});

    // By port, MAC, address. A MAC is a row of its own only if it was bound by itself.
    [[nodiscard]] std::vector<Binding> list() const;
    [[nodiscard]] std::vector<Binding> list(const std::string& device) const;

  private:
    std::shared_ptr<BridgeState> state_;
};

} // namespace xdpbridge
