// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "bridge_state.h"
#include "class_table.h"

#include <xdpbridge/acl.h>
#include <xdpbridge/class.h>
#include <xdpbridge/error.h>

#include <algorithm>
#include <fmt/format.h>

namespace xdpbridge {

namespace {

#define X(name, text) std::string_view(text),
constexpr std::array class_names = {XDPB_CLASSES(X)};
constexpr std::array field_names = {XDPB_CLASS_FIELDS(X)};
#undef X

constexpr std::array isolation_texts = {
    std::string_view("off"),
    std::string_view("tap"),
    std::string_view("tap, resting: no urgent frame for 10 s"),
    std::string_view("none: not a tap"),
    std::string_view("none: the kernel does not let programs look into taps (CAP_PERFMON, BTF)"),
};

// The words and numbers of the ACL, which has the same fields.
std::string read_like_acl(std::string_view field, const std::string& text, std::uint16_t& value) {
    AclRule rule;
    std::string wrong = rule.set(std::string(field), text);
    value = rule.pcp    ? *rule.pcp
            : rule.dscp ? *rule.dscp
            : rule.vlan ? *rule.vlan
                        : rule.ethertype.value_or(0);
    return wrong;
}

std::string read_port(const std::string& text, std::uint16_t& value) {
    const auto range = PortRange::parse(text);
    value = range ? range->first : 0;
    return range && range->first == range->last ? "" : fmt::format("'{}' is no port number", text);
}

std::string read_value(ClassMatch& match, const std::string& text) {
    if (match.field == XDPB_CLASS_BY_UDP_PORT || match.field == XDPB_CLASS_BY_TCP_PORT)
        return read_port(text, match.value);
    if (match.field != XDPB_CLASS_BY_MAC)
        return read_like_acl(field_names.at(match.field), text, match.value);
    const auto mac = Mac::parse(text);
    match.mac = mac.value_or(Mac{});
    return mac ? "" : fmt::format("'{}' is no MAC address", text);
}

} // namespace

std::string_view name_of(LatencyClass latency_class) noexcept {
    return class_names.at(static_cast<std::size_t>(latency_class));
}

std::string_view name_of(xdpb_class_field field) noexcept {
    return field_names.at(static_cast<std::size_t>(field));
}

std::string_view text_of(Isolation isolation) noexcept {
    return isolation_texts.at(static_cast<std::size_t>(isolation));
}

std::string ClassMatch::set(std::string_view name, const std::string& text) {
    const auto* const known = std::find(field_names.begin(), field_names.end(), name);
    if (known == field_names.end())
        return fmt::format("frames are not classed by '{}'", name);
    *this = {.field = static_cast<xdpb_class_field>(known - field_names.begin())};
    return read_value(*this, text);
}

std::string ClassMatch::to_string() const {
    if (field == XDPB_CLASS_BY_MAC)
        return mac.to_string();
    return fmt::format(
        field == XDPB_CLASS_BY_ETHERTYPE ? fmt::runtime("{:#06x}") : fmt::runtime("{}"), value);
}

void Classes::add(const ClassRule& rule) {
    const std::string doing = fmt::format("class {} {} of bridge '{}'", name_of(rule.match.field),
                                          rule.match.to_string(), state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    const int err = store_class_rule(*state_, rule);
    if (err == -E2BIG)
        throw Error(ENOSPC, doing, fmt::format("the bridge has {} rules already", XDPB_CLASS_RULES),
                    fmt::format("`xdp-bridge class show {}` lists them", state_->name));
    if (err != 0)
        throw Error(-err, doing);
}

void Classes::remove(const ClassMatch& match) {
    const std::string doing = fmt::format("delete the class of {} {} of bridge '{}'",
                                          name_of(match.field), match.to_string(), state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    if (!remove_class_rule(*state_, match))
        throw Error(ENOENT, doing, "there is no such rule",
                    fmt::format("`xdp-bridge class show {}` lists them", state_->name));
}

std::vector<ClassRule> Classes::list() const {
    const Lock lock = state_->lock(Lock::Kind::shared,
                                   fmt::format("list the classes of bridge '{}'", state_->name));
    return class_rules(*state_);
}

std::array<ClassCounters, XDPB_CLASS_COUNT> Classes::counters(std::uint16_t port) const {
    std::vector<xdpb_class_counters> per_cpu(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    const std::uint32_t key = port;
    if (bpf_map_lookup_elem(state_->class_counters.get(), &key, per_cpu.data()) != 0)
        throw Error(errno, fmt::format("read the class counters of port {} of bridge '{}'", port,
                                       state_->name));
    std::array<ClassCounters, XDPB_CLASS_COUNT> sum{};
    for (const auto& cpu : per_cpu)
        for (std::size_t i = 0; i < sum.size(); i++) {
            sum[i].packets += cpu.packets[i];
            sum[i].bytes += cpu.bytes[i];
            sum[i].held += cpu.held[i];
        }
    return sum;
}

} // namespace xdpbridge
