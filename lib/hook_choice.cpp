// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "hook_choice.h"

#include <array>

namespace xdpbridge {

namespace {

constexpr std::array<std::string_view, 6> texts = {
    "as asked for",
    "veth: its peer may leave checksums, segmentation and VLAN tags to it",
    "tap with vnet header: the VM may leave checksums and segmentation to it",
    "tap that nobody reads yet: its VM may bring a vnet header",
    "frames come in complete; tc takes what XDP cannot send",
    "the driver has no native XDP for it",
};

} // namespace

std::string_view text_of(HookReason reason) noexcept {
    return texts.at(static_cast<std::size_t>(reason));
}

bool may_carry_offloads(const Link& link, bool generic) noexcept {
    // Whoever opens a tap next may bring a vnet header.
    return generic || link.kind == "veth" || link.kind == "tun";
}

HookChoice choose_hooks(const Link& link, Hook wanted, XdpMode mode) noexcept {
    switch (wanted) {
    case Hook::xdp:
        return {true, false, HookReason::asked};
    case Hook::tc:
        return {false, true, HookReason::asked};
    case Hook::both:
        return {true, true, HookReason::asked};
    case Hook::automatic:
        break;
    }
    if (mode != XdpMode::native)
        return {true, true, HookReason::asked};
    if (link.kind == "veth")
        return {false, true, HookReason::veth};
    if (link.vnet_hdr)
        return {false, true, HookReason::vnet_hdr};
    if (link.kind == "tun" && !link.carrier)
        return {false, true, HookReason::no_reader};
    return {true, true, HookReason::no_offloads};
}

} // namespace xdpbridge
