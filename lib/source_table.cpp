// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source_table.h"

#include <algorithm>
#include <vector>

namespace xdpbridge {

xdpb_source to_source(const Binding& binding) noexcept {
    xdpb_source source{};
    if (binding.ip)
        std::copy(binding.ip->octets.begin(), binding.ip->octets.end(), source.ip);
    std::copy(binding.mac.octets.begin(), binding.mac.octets.end(), source.mac);
    source.port = binding.port;
    return source;
}

Binding to_binding(const xdpb_source& source) noexcept {
    Binding binding{.port = source.port};
    std::copy(std::begin(source.mac), std::end(source.mac), binding.mac.octets.begin());
    Ip ip;
    std::copy(std::begin(source.ip), std::end(source.ip), ip.octets.begin());
    if (ip != Ip{})
        binding.ip = ip;
    return binding;
}

// Nobody else changes the map while we hold a lock, so that no key is lost on the way.
void for_each_source(
    const BridgeState& state,
    const std::function<void(const xdpb_source&, const xdpb_source_info&)>& visit) {
    xdpb_source key{};
    const int map = state.sources.fd();
    for (int err = bpf_map_get_next_key(map, nullptr, &key); err == 0;
         err = bpf_map_get_next_key(map, &key, &key))
        if (const auto info = state.sources.lookup(key))
            visit(key, *info);
}

void remove_sources(const BridgeState& state, std::uint16_t port) noexcept {
    try {
        std::vector<xdpb_source> keys;
        for_each_source(state, [&](const xdpb_source& key, const xdpb_source_info&) {
            if (key.port == port)
                keys.push_back(key);
        });
        for (const auto& key : keys)
            state.sources.remove(key);
    } catch (const std::bad_alloc&) {
        // They stay, for the next port of that number; no guard is on there yet.
    }
}

} // namespace xdpbridge
