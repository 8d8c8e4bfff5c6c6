// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/abi.h>
#include <xdpbridge/ip_prefix.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <istream>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

namespace xdpbridge {

struct BridgeState;

enum class RouteType : std::uint8_t {
    unicast,
    blackhole, // drop
    local,     // the host's stack, as an address of its own
};

struct Route {
    IpPrefix prefix{};
    RouteType type = RouteType::unicast;
    std::uint16_t port = 0; // PortInfo::number of an SVI's or a routed port; of unicast only
    std::optional<Ip> gateway = {}; // empty: the destination itself is the next hop

    bool operator==(const Route&) const = default;
};

// The bridge's own routes, from Bridge::routes(), for hosts whose kernel has none to go by. They
// count once Bridge::set_routing says so, and then alone: what no prefix fits is left to the host's
// stack.
//
// The MAC of a next hop is that of Bridge::neighbours(), or else the kernel's neighbour on that
// interface; a gateway that is not in the former is kept known to the kernel by a managed neighbour
// (`ip neigh ... managed`), for which the interface needs an address in the gateway's network.
class Routes {
  public:
    static constexpr std::size_t max_routes = XDPB_ROUTES; // of each family

    explicit Routes(std::shared_ptr<BridgeState> state) noexcept : state_(std::move(state)) {}

    // Adds or replaces. EINVAL (a port that is none of the router's, a gateway of the wrong kind),
    // ENOSPC.
    void add(const Route& route);
    // False: it was not there.
    bool remove(const IpPrefix& prefix);
    // How many were deleted.
    std::size_t flush();

    // IPv4 first, else in no particular order.
    void for_each(const std::function<void(const Route&)>& visit) const;
    [[nodiscard]] std::vector<Route> list() const; // in order, IPv4 first

    // The names that routes have for ports: an SVI's is that of the host's end.
    [[nodiscard]] std::map<std::uint16_t, std::string> devices() const;

    // Adds or replaces all, or on any error none. EINVAL, ENOSPC.
    void load(std::span<const Route> routes);
    // Text, one route a line: "PREFIX [via ADDRESS] dev DEVICE", "blackhole PREFIX", "local
    // PREFIX"; # starts a comment, "default" is the prefix of length 0 of the gateway's family. A
    // bad line is named by its number in the error (EINVAL). Returns how many were loaded.
    std::size_t load(std::istream& text);
    std::size_t save(std::ostream& text) const;

  private:
    std::shared_ptr<BridgeState> state_;
};

} // namespace xdpbridge
