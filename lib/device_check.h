// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include "netlink.h"

#include <xdpbridge/doctor.h>

#include <vector>

namespace xdpbridge {

// What would make adding the device as a port fail, whatever the options. Ports::add refuses with
// the first of these. not_of: a bridge that the device may be a port of; empty for none.
std::vector<Finding> find_obstacles(const Link& link, const Where& where,
                                    const std::string& not_of);

// What diagnose finds of a device, obstacles included.
std::vector<Finding> check_device(const Link& link, const Where& where);

// Devices that do not fit to each other.
std::vector<Finding> check_together(const std::vector<Link>& links);

} // namespace xdpbridge
