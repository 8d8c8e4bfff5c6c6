// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/doctor.h>

#include <vector>

namespace xdpbridge {

// What diagnose finds of the host itself.
std::vector<Finding> check_host(const Where& where);

} // namespace xdpbridge
