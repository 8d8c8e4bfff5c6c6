// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "netns.h"
#include "port_table.h"
#include "source_table.h"

#include <xdpbridge/error.h>
#include <xdpbridge/guard.h>

#include <algorithm>
#include <fmt/format.h>

namespace xdpbridge {

namespace {

void require_sender(const Mac& mac, const std::optional<Ip>& ip, const std::string& doing) {
    if (mac.is_multicast() || mac.is_zero())
        throw Error(EINVAL, doing, fmt::format("nobody sends from {}", mac.to_string()),
                    "give the MAC of the host behind the port");
    if (ip && !ip->is_host())
        throw Error(EINVAL, doing, fmt::format("nobody has the address {}", ip->to_string()),
                    ip->is_unspecified() ? "DHCP and address detection need no binding"
                                         : "give the address of the host behind the port");
}

void store(const BridgeState& state, const Binding& binding, bool implied,
           const std::string& doing) {
    const xdpb_source_info info{.implied = implied ? 1U : 0U};
    const int err = state.sources.update(to_source(binding), info);
    if (err == -E2BIG)
        throw Error(ENOSPC, doing, fmt::format("the bridge has {} bindings already", XDPB_SOURCES),
                    fmt::format("`xdp-bridge guard show {}` lists them", state.name));
    if (err != 0)
        throw Error(-err, doing);
}

std::vector<Binding> addresses_of(const BridgeState& state, const Binding& host) {
    std::vector<Binding> found;
    for_each_source(state, [&](const xdpb_source& key, const xdpb_source_info&) {
        const Binding binding = to_binding(key);
        if (binding.ip && binding.mac == host.mac && binding.port == host.port)
            found.push_back(binding);
    });
    return found;
}

std::vector<Binding> list_bindings(const BridgeState& state, std::optional<std::uint16_t> only) {
    std::vector<Binding> list;
    for_each_source(state, [&](const xdpb_source& key, const xdpb_source_info& info) {
        if (info.implied == 0 && (!only || *only == key.port))
            list.push_back(to_binding(key));
    });
    std::sort(list.begin(), list.end());
    return list;
}

} // namespace

// In either direction a MAC is there only while what it was bound for is: should we be killed in
// between, the address is still listed, and the command given again does the rest.
void Guards::add(const std::string& device, const Mac& mac, const std::optional<Ip>& ip) {
    const std::string doing =
        fmt::format("bind {} to port '{}' of bridge '{}'", mac.to_string(), device, state_->name);
    require_sender(mac, ip, doing);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    const Binding host{.port = require_port(*state_, device, doing), .mac = mac};
    if (!ip) {
        store(*state_, host, false, doing);
        return;
    }
    const Binding binding{.port = host.port, .mac = mac, .ip = ip};
    const bool is_new = !state_->sources.lookup(to_source(binding));
    store(*state_, binding, false, doing);
    if (state_->sources.lookup(to_source(host)))
        return;
    try {
        store(*state_, host, true, doing);
    } catch (const Error&) {
        if (is_new)
            state_->sources.remove(to_source(binding));
        throw;
    }
}

void Guards::remove(const std::string& device, const Mac& mac, const std::optional<Ip>& ip) {
    const std::string doing = fmt::format("unbind {} from port '{}' of bridge '{}'",
                                          mac.to_string(), device, state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    const Binding host{.port = require_port(*state_, device, doing), .mac = mac};
    const Binding binding{.port = host.port, .mac = mac, .ip = ip};
    const auto addresses = addresses_of(*state_, host);
    if (!state_->sources.lookup(to_source(binding)) && (ip || addresses.empty()))
        throw Error(
            ENOENT, doing,
            ip ? fmt::format("{} is not bound there", ip->to_string()) : "it is not bound there",
            fmt::format("`xdp-bridge guard show {} {}` lists who is", state_->name, device));
    const auto info = state_->sources.lookup(to_source(host));
    const bool last = std::all_of(addresses.begin(), addresses.end(),
                                  [&](const Binding& each) { return each == binding; });
    if (!ip || (info && info->implied != 0 && last))
        state_->sources.remove(to_source(host));
    for (const auto& each : addresses)
        if (!ip || each == binding)
            state_->sources.remove(to_source(each));
}

std::vector<Binding> Guards::list() const {
    const Lock lock = state_->lock(Lock::Kind::shared,
                                   fmt::format("list the bindings of bridge '{}'", state_->name));
    return list_bindings(*state_, std::nullopt);
}

std::vector<Binding> Guards::list(const std::string& device) const {
    const std::string doing =
        fmt::format("list the bindings of port '{}' of bridge '{}'", device, state_->name);
    const Lock lock = state_->lock(Lock::Kind::shared, doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    return list_bindings(*state_, require_port(*state_, device, doing));
}

} // namespace xdpbridge
