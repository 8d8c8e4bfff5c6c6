// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/route.h>

#include <cstdint>
#include <istream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace xdpbridge {

// The routes of a text, in its order. devices: those that routes may lead to. Throws Error (EINVAL)
// that names the first line that is none.
std::vector<Route> read_routes(std::istream& text, const std::string& bridge,
                               const std::map<std::uint16_t, std::string>& devices);

// Adds the line of a route, as read_routes takes it. device: of a unicast one.
void add_route_line(std::string& text, const Route& route, std::string_view device);

} // namespace xdpbridge
