// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What copies of frames need: XDP cannot make any, so as long as a port or a rule has a mirror,
// each port that is at XDP only has a program at tc too. The caller holds the bridge's exclusive
// lock and is in the namespace of its ports.
#pragma once
#include "bridge_state.h"

#include <xdpbridge/port.h>

#include <cstdint>
#include <optional>

namespace xdpbridge {

// Ports that get the copies, 0: off.
struct Mirrors {
    std::optional<std::uint16_t> rx = {};
    std::optional<std::uint16_t> tx = {};
    [[nodiscard]] bool any() const noexcept { return rx.value_or(0) != 0 || tx.value_or(0) != 0; }
};

// ENOENT: no such port. EINVAL: the port itself.
Mirrors require_mirrors(const BridgeState& state, const std::string& device,
                        const PortSettings& settings, const std::string& doing);
// Gives the port these mirrors, and if the bridge has any, all ports what copies need: also a port
// that has just come. Throws, and then nothing has changed.
void change_mirrors(const BridgeState& state, std::uint16_t port, const Mirrors& mirrors,
                    const std::string& doing);

// Gives each port a program at tc; all, or throws. Comes before what makes frames need it.
void lend_tc(const BridgeState& state, const std::string& doing);
// Sets the bridge's flags by what ports and rules have, and takes back what was lent if nothing is
// mirrored any more.
void refresh_mirrors(const BridgeState& state) noexcept;

// EBUSY: a rule or another port names this one, which is to be removed.
void require_unnamed(const BridgeState& state, std::uint16_t port, const std::string& doing);
// Deletes rules and mirrors that name a port whose number will be another's.
void forget_names(const BridgeState& state, std::uint16_t port) noexcept;

} // namespace xdpbridge
