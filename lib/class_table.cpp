// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "class_table.h"

#include <xdpbridge/error.h>

#include <algorithm>
#include <atomic>

namespace xdpbridge {

namespace {

xdpb_class_key to_key(const ClassMatch& match) noexcept {
    xdpb_class_key key{};
    key.field = match.field;
    key.value = match.value;
    std::copy(match.mac.octets.begin(), match.mac.octets.end(), key.mac);
    return key;
}

ClassMatch to_match(const xdpb_class_key& key) noexcept {
    ClassMatch match{.field = static_cast<xdpb_class_field>(key.field), .value = key.value};
    std::copy(std::begin(key.mac), std::end(key.mac), match.mac.octets.begin());
    return match;
}

// Tells the data plane which fields it has to look at.
void summarize_fields(const BridgeState& state) {
    std::uint32_t on = 0;
    for (const auto& rule : class_rules(state))
        on |= XDPB_BRIDGE_CLASS_BY << rule.match.field;
    constexpr std::uint32_t all = ((1U << XDPB_CLASS_FIELD_COUNT) - 1) * XDPB_BRIDGE_CLASS_BY;
    const std::atomic_ref features(state.bridge().features);
    features.fetch_or(on);
    features.fetch_and(~all | on);
}

} // namespace

std::vector<ClassRule> class_rules(const BridgeState& state) {
    std::vector<ClassRule> rules;
    xdpb_class_key key{};
    const int map = state.class_rules.fd();
    for (int err = bpf_map_get_next_key(map, nullptr, &key); err == 0;
         err = bpf_map_get_next_key(map, &key, &key))
        if (const auto latency_class = state.class_rules.lookup(key))
            rules.push_back({to_match(key), static_cast<LatencyClass>(*latency_class)});
    std::sort(rules.begin(), rules.end());
    return rules;
}

int store_class_rule(const BridgeState& state, const ClassRule& rule) {
    const int err = state.class_rules.update(to_key(rule.match),
                                             static_cast<std::uint32_t>(rule.latency_class));
    if (err == 0)
        summarize_fields(state);
    return err;
}

bool remove_class_rule(const BridgeState& state, const ClassMatch& match) {
    const bool was_there = state.class_rules.remove(to_key(match));
    summarize_fields(state);
    return was_there;
}

void store_default_class_rules(const BridgeState& state, const std::string& doing) {
    constexpr std::array ptp = {
        ClassMatch{.field = XDPB_CLASS_BY_ETHERTYPE, .value = 0x88f7},
        ClassMatch{.field = XDPB_CLASS_BY_UDP_PORT, .value = 319}, // event messages
        ClassMatch{.field = XDPB_CLASS_BY_UDP_PORT, .value = 320}, // general messages
    };
    for (const auto& match : ptp)
        if (const int err = store_class_rule(state, {match, LatencyClass::urgent}); err != 0)
            throw Error(-err, doing);
}

void store_class_delay(xdpb_port& slot, std::chrono::microseconds delay) noexcept {
    std::atomic_ref(slot.class_delay_ns)
        .store(static_cast<std::uint32_t>(std::chrono::nanoseconds(delay).count()));
}

Isolation isolation_of(const BridgeState& state, std::uint16_t port,
                       const std::string& kind) noexcept {
    const xdpb_port& slot = state.ports[port];
    if (!(slot.features & XDPB_FEATURE_CLASSES))
        return Isolation::off;
    if (slot.tap.files != 0)
        return data_plane_now() - std::atomic_ref(state.ports[port].urgent_ns).load() >
                       XDPB_CLASS_HOLD_NS
                   ? Isolation::resting
                   : Isolation::tap;
    return kind == "tun" ? Isolation::unreadable : Isolation::not_a_tap;
}

} // namespace xdpbridge
