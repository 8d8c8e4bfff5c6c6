// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include "netlink.h"

#include <xdpbridge/port.h>

namespace xdpbridge {

// Why a port has the hooks it has: the index is xdpb_port.hook_reason.
enum class HookReason : std::uint8_t {
    asked,
    veth,
    vnet_hdr,
    no_reader,
    no_offloads,
    no_native_xdp
};

std::string_view text_of(HookReason reason) noexcept;

// Whether frames may come in with a partial checksum, or as GSO: XDP cannot see either. generic: at
// XDP in generic mode, which runs after GRO.
bool may_carry_offloads(const Link& link, bool generic) noexcept;

struct HookChoice {
    bool xdp;
    bool tc;
    HookReason reason;
};

// For Hook::automatic, what suits the device. It still may refuse XDP. A mode other than native
// asks for XDP.
HookChoice choose_hooks(const Link& link, Hook wanted, XdpMode mode) noexcept;

} // namespace xdpbridge
