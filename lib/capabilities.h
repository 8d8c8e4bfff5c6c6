// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What of root's power is needed: CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON.
#pragma once
#include <string>
#include <vector>

namespace xdpbridge {

// Those that this process lacks; all are there with CAP_SYS_ADMIN and CAP_NET_ADMIN.
std::vector<std::string> missing_capabilities();

// EPERM unless all are there. A port's programs need CAP_PERFMON too: without it the verifier
// refuses what they do with pointers into a frame.
void require_capabilities(const std::string& doing);

} // namespace xdpbridge
