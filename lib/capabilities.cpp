// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "capabilities.h"

#include <xdpbridge/error.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <linux/capability.h>

namespace xdpbridge {

namespace {

std::uint64_t effective_capabilities() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("CapEff:"))
            return std::stoull(line.substr(7), nullptr, 16);
    return 0;
}

} // namespace

std::vector<std::string> missing_capabilities() {
    struct Capability {
        unsigned bit;
        const char* name;
        bool part_of_admin; // CAP_SYS_ADMIN does too
    };
    constexpr std::array wanted{Capability{CAP_BPF, "CAP_BPF", true},
                                Capability{CAP_NET_ADMIN, "CAP_NET_ADMIN", false},
                                Capability{CAP_PERFMON, "CAP_PERFMON", true}};
    const auto have = effective_capabilities();
    std::vector<std::string> missing;
    for (const auto& [bit, name, part_of_admin] : wanted)
        if (!(have >> bit & 1) && !(part_of_admin && have >> CAP_SYS_ADMIN & 1))
            missing.emplace_back(name);
    return missing;
}

void require_capabilities(const std::string& doing) {
    if (!missing_capabilities().empty())
        throw Error(EPERM, doing); // which names them
}

} // namespace xdpbridge
