// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/bridge.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace xdpbridge {

enum class Severity : std::uint8_t {
    ok,
    note,    // works, and is worth knowing
    warning, // works, but slower or with less than one may expect
    problem, // a bridge, or a port on this device, can only fail
};
[[nodiscard]] std::string_view name_of(Severity severity) noexcept;

// What diagnose found out about one thing.
struct Finding {
    std::string device; // empty: of the host
    std::string check;  // "bpffs", "rx-vlan": the same word for the same thing, always
    Severity severity = Severity::ok;
    std::string found;       // what is so
    std::string effect = {}; // what will happen because of it
    std::string fix = {};    // the command that changes it; empty: there is none
    std::string undo = {};   // the command that changes it back
    // Does what `fix` says, where that takes nothing from anybody. Throws Error.
    std::function<void()> repair = {};
};

// Looks at the host, and at devices of where.netns (all but the loopback for an empty list), by
// asking the kernel: what it can do is tried, not guessed from its version. Changes nothing.
// Error: ENODEV (no such device).
[[nodiscard]] std::vector<Finding> diagnose(const std::vector<std::string>& devices,
                                            const Where& where = {});

} // namespace xdpbridge
