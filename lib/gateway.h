// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Gateways of the bridge's own routes as the kernel's neighbours, in the calling thread's
// namespace. The kernel never sends to them by itself, so it has to be told to keep them known.
#pragma once
#include <xdpbridge/ip.h>

#include <cstdint>

namespace xdpbridge {

// Returns 0 or the errno. Leaves a neighbour alone that somebody has set for good.
int keep_gateway(std::uint32_t ifindex, const Ip& gateway);
// Deletes it if it is one that keep_gateway made.
void drop_gateway(std::uint32_t ifindex, const Ip& gateway);

} // namespace xdpbridge
