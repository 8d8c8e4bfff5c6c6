// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What root may, in parts: CAP_BPF and CAP_NET_ADMIN are needed, CAP_PERFMON counts refused frames
// and looks into taps.
#pragma once
#include <string>
#include <vector>

namespace xdpbridge {

// Those that this process lacks; all are there with CAP_SYS_ADMIN and CAP_NET_ADMIN.
std::vector<std::string> missing_capabilities();

} // namespace xdpbridge
