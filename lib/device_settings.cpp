// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "device_settings.h"

#include "router_port.h"
#include "taking_apart.h"

#include <xdpbridge/error.h>

#include <atomic>
#include <fmt/format.h>

namespace xdpbridge {

namespace {

using Flags = std::atomic_ref<std::uint32_t>;

// The note comes before the change: should we be killed in between, changing back what has not
// been changed does no harm.
void change(Flags flags, std::uint32_t note, int (*set)(std::uint32_t), std::uint32_t ifindex,
            const std::string& doing, const std::string& what) {
    flags.fetch_or(note);
    if (const int err = set(ifindex); err != 0) {
        flags.fetch_and(~note);
        throw Error(err, doing,
                    fmt::format("cannot {}: {}", what, std::generic_category().message(err)));
    }
}

// Before Linux 6.3 a device does not tell. A tap always does; of a veth it depends on its peer,
// which cannot be seen from here, so a port that got XDP by the user's word is taken at it.
XdpFeatures assumed_features(const Link& link, bool has_xdp) {
    return {true, link.kind == "tun" || has_xdp, false};
}

} // namespace

void apply_settings(const BridgeState& state, std::uint16_t port, const Link& link,
                    const std::string& doing) {
    const Flags flags(state.ports[port].flags);
    if (!link.promiscuous && !(state.ports[port].features & XDPB_FEATURE_ROUTED))
        change(
            flags, XDPB_PORT_SET_PROMISC,
            [](std::uint32_t ifindex) { return set_promiscuous(ifindex, true); }, link.ifindex,
            doing, fmt::format("make '{}' promiscuous", link.name));
    if (flags.load() & XDPB_PORT_XDP && active_features(link.ifindex).contains(rx_vlan_feature))
        change(
            flags, XDPB_PORT_CLEARED_RXVLAN,
            [](std::uint32_t ifindex) { return set_feature(ifindex, rx_vlan_feature, false); },
            link.ifindex, doing, fmt::format("turn {} of '{}' off", rx_vlan_feature, link.name));
}

int restore_settings(const BridgeState& state, std::uint16_t port) noexcept {
    const auto ifindex = state.ports[port].ifindex;
    const Flags flags(state.ports[port].flags);
    int err = 0;
    if (flags.load() & XDPB_PORT_SET_PROMISC)
        err = if_no_memory_for([&] { return set_promiscuous(ifindex, false); });
    if (err == 0 && flags.load() & XDPB_PORT_CLEARED_RXVLAN)
        err = if_no_memory_for([&] { return set_feature(ifindex, rx_vlan_feature, true); });
    // Last: should we be killed before, the next call takes up from here.
    if (err == 0)
        flags.fetch_and(~std::uint32_t{XDPB_PORT_SET_PROMISC | XDPB_PORT_CLEARED_RXVLAN});
    return err;
}

void refresh_ports(const BridgeState& state) {
    constexpr std::uint32_t looked_at =
        XDPB_PORT_XDP_XMIT | XDPB_PORT_XDP_XMIT_FRAGS | XDPB_PORT_FRAGS;
    std::uint32_t limit = 0;
    std::uint32_t without_xmit = 0;
    for (std::uint16_t number = 1; number < XDPB_MAX_PORTS; number++) {
        xdpb_port& port = state.ports[number];
        const Flags flags(port.flags);
        if (!(flags.load() & XDPB_PORT_USED))
            continue;
        limit = number + 1U;
        // A port whose device is gone, or has left the namespace, has no place in the devmap.
        const auto link = state.devices.lookup(number) ? link_by_index(port.ifindex) : std::nullopt;
        if (!link)
            continue;
        const auto features =
            xdp_features(port.ifindex)
                .value_or(assumed_features(*link, (flags.load() & XDPB_PORT_XDP) != 0));
        const bool frags =
            link->mtu > page_mtu || (flags.load() & XDPB_PORT_OFFLOADS) != 0; // GSO is long
        const std::uint32_t set =
            (frags ? std::uint32_t{XDPB_PORT_FRAGS} : 0) |
            (features.xmit ? std::uint32_t{XDPB_PORT_XDP_XMIT} : 0) |
            (features.xmit_frags ? std::uint32_t{XDPB_PORT_XDP_XMIT_FRAGS} : 0);
        flags.fetch_or(set);
        flags.fetch_and(set | ~looked_at);
        std::atomic_ref(port.mtu).store(link->mtu);
        refresh_router_port(state, number, *link); // what fails now, the next call may mend
        without_xmit += features.xmit ? 0 : 1;
    }
    std::atomic_ref(state.bridge().port_limit).store(limit);
    std::atomic_ref(state.bridge().no_xdp_xmit).store(without_xmit);
}

} // namespace xdpbridge
