// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "device_check.h"
#include "host_check.h"
#include "netns.h"

#include <xdpbridge/doctor.h>
#include <xdpbridge/error.h>

#include <array>
#include <fmt/format.h>
#include <iterator>
#include <memory>
#include <net/if.h>

namespace xdpbridge {

namespace {

std::vector<std::string> all_devices() {
    const std::unique_ptr<struct if_nameindex, void (*)(struct if_nameindex*)> list(
        ::if_nameindex(), ::if_freenameindex);
    std::vector<std::string> names;
    for (const auto* each = list.get(); each != nullptr && each->if_index != 0; each++)
        names.emplace_back(each->if_name);
    return names;
}

void append(std::vector<Finding>& all, std::vector<Finding> some) {
    all.insert(all.end(), std::make_move_iterator(some.begin()),
               std::make_move_iterator(some.end()));
}

} // namespace

std::string_view name_of(Severity severity) noexcept {
    constexpr std::array<std::string_view, 4> names = {"ok", "note", "warning", "problem"};
    return names.at(static_cast<std::size_t>(severity));
}

std::vector<Finding> diagnose(const std::vector<std::string>& devices, const Where& where) {
    const NetnsScope scope(where.netns);
    std::vector<Link> links;
    for (const auto& device : devices.empty() ? all_devices() : devices) {
        const auto link = link_by_name(device);
        if (!link)
            throw Error(ENODEV, fmt::format("look at '{}'", device),
                        "no such interface in this network namespace",
                        "`ip link` lists them, -n names another namespace");
        if (!devices.empty() || !link->loopback)
            links.push_back(*link);
    }
    auto findings = check_host(where);
    for (const auto& link : links)
        append(findings, check_device(link, where));
    if (devices.size() > 1)
        append(findings, check_together(links));
    return findings;
}

} // namespace xdpbridge
