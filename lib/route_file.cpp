// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The text form of routes, as `ip route` has it: "PREFIX [via ADDRESS] dev DEVICE",
// "blackhole PREFIX", "local PREFIX", one a line, # for comments.
#include "route_file.h"

#include "bridge_state.h"
#include "words.h"

#include <xdpbridge/error.h>
#include <xdpbridge/route.h>

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <unordered_map>

namespace xdpbridge {

namespace {

class Parser {
  public:
    explicit Parser(const std::map<std::uint16_t, std::string>& devices) {
        for (const auto& [number, device] : devices)
            numbers_.emplace(device, number);
    }

    // nullopt for a line without a route. Throws the reason as a string.
    std::optional<Route> parse(std::string_view line) const {
        line = without_comment(line);
        std::string_view word = next_word(line);
        if (word.empty())
            return std::nullopt;
        Route route;
        if (word == "blackhole" || word == "local") {
            route.type = word == "local" ? RouteType::local : RouteType::blackhole;
            word = next_word(line);
        }
        const bool is_default = word == "default";
        if (!is_default)
            route.prefix = prefix_of(word);
        while (!(word = next_word(line)).empty()) {
            if (word == "via")
                route.gateway = gateway_of(next_word(line));
            else if (word == "dev")
                route.port = port_of(next_word(line));
            else
                throw fmt::format("unknown word '{}'", word);
        }
        if (is_default)
            route.prefix = default_of(route);
        if (route.type != RouteType::unicast && (route.gateway || route.port != 0))
            throw std::string("it leads nowhere, and has no next hop");
        if (route.type == RouteType::unicast && route.port == 0)
            throw std::string("no 'dev DEVICE'");
        return route;
    }

  private:
    static IpPrefix prefix_of(std::string_view text) {
        const auto prefix = IpPrefix::parse(text);
        if (!prefix)
            throw fmt::format("'{}' is no prefix", text);
        return *prefix;
    }
    static Ip gateway_of(std::string_view text) {
        const auto ip = Ip::parse(text);
        if (!ip)
            throw fmt::format("'{}' is no IP address", text);
        return *ip;
    }
    static IpPrefix default_of(const Route& route) {
        const bool ipv6 = route.gateway && !route.gateway->is_ipv4();
        return *IpPrefix::parse(ipv6 ? "::/0" : "0.0.0.0/0");
    }
    std::uint16_t port_of(std::string_view device) const {
        const auto number = numbers_.find(std::string(device));
        if (number == numbers_.end())
            throw fmt::format("'{}' is neither an SVI nor a routed port of this bridge", device);
        return number->second;
    }
    std::unordered_map<std::string, std::uint16_t> numbers_;
};

} // namespace

std::vector<Route> read_routes(std::istream& text, const std::string& bridge,
                               const std::map<std::uint16_t, std::string>& devices) {
    const Parser parser(devices);
    std::vector<Route> routes;
    std::string line;
    for (std::size_t number = 1; std::getline(text, line); number++) {
        try {
            if (const auto route = parser.parse(line))
                routes.push_back(*route);
        } catch (const std::string& reason) {
            throw Error(EINVAL, fmt::format("load the routes of bridge '{}'", bridge),
                        fmt::format("line {}: {}", number, reason),
                        "nothing was loaded; a line is: PREFIX [via ADDRESS] dev DEVICE");
        }
    }
    return routes;
}

void add_route_line(std::string& text, const Route& route, std::string_view device) {
    const auto out = std::back_inserter(text);
    if (route.type != RouteType::unicast) {
        fmt::format_to(out, "{} {}\n", route.type == RouteType::local ? "local" : "blackhole",
                       route.prefix.to_string());
        return;
    }
    fmt::format_to(out, "{}", route.prefix.to_string());
    if (route.gateway)
        fmt::format_to(out, " via {}", route.gateway->to_string());
    fmt::format_to(out, " dev {}\n", device);
}

std::size_t Routes::load(std::istream& text) {
    const auto routes = read_routes(text, state_->name, devices());
    load(routes);
    return routes.size();
}

std::size_t Routes::save(std::ostream& text) const {
    const auto names = devices();
    std::size_t saved = 0;
    std::string lines;
    for_each([&](const Route& route) {
        const auto device = names.find(route.port);
        if (route.type == RouteType::unicast && device == names.end())
            return;
        add_route_line(lines, route, device == names.end() ? "" : device->second);
        saved++;
    });
    text << lines;
    return saved;
}

} // namespace xdpbridge
