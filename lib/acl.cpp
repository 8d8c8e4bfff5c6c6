// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "acl_rule.h"
#include "acl_tables.h"
#include "mirror.h"
#include "netns.h"
#include "policer.h"
#include "port_table.h"

#include <xdpbridge/acl.h>
#include <xdpbridge/error.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>

namespace xdpbridge {

namespace {

constexpr std::uint32_t step = 10; // between priorities that are chosen: room to insert

// The bridge's ports, looked at once for all rules of a call.
class PortNames {
  public:
    explicit PortNames(const BridgeState& state) : state_(state) {
        for (std::uint16_t number = 1; number < XDPB_MAX_PORTS; number++)
            if (used(state.ports[number]))
                names_[number] = describe(state, number).device;
    }
    // ENOENT
    [[nodiscard]] std::uint16_t require(const std::string& device, const std::string& doing) const {
        const auto found = std::find(names_.begin() + 1, names_.end(), device);
        if (device.empty() || found == names_.end())
            throw Error(ENOENT, doing,
                        fmt::format("'{}' is no port of bridge '{}'", device, state_.name),
                        fmt::format("`xdp-bridge port show {}` lists them", state_.name));
        return static_cast<std::uint16_t>(found - names_.begin());
    }
    [[nodiscard]] const std::string& of(std::uint16_t number) const { return names_.at(number); }

  private:
    const BridgeState& state_;
    std::array<std::string, XDPB_MAX_PORTS> names_;
};

Rate rate_of(const BridgeState& state, std::uint16_t slot) {
    return load_rate(state.policers[XDPB_POLICER_ACL + slot]);
}

void require_rule(const BridgeState& state, const AclRule& rule, const std::string& doing) {
    constexpr std::array with_ports = {6, 17, 33, 132, 136}; // TCP, UDP, DCCP, SCTP, UDP-Lite
    if (rule.priority > AclRule::max_priority)
        throw Error(EINVAL, doing, fmt::format("no priority {}", rule.priority),
                    fmt::format("give 1 to {}", AclRule::max_priority));
    if ((rule.vlan || rule.pcp) && state.bridge().vlan_protocol == 0)
        throw Error(EOPNOTSUPP, doing,
                    fmt::format("bridge '{}' is not VLAN-aware, and knows neither VLAN nor PCP",
                                state.name),
                    "make it with `xdp-bridge add --vlan-aware`");
    if (rule.src && rule.dst && rule.src->address.is_ipv4() != rule.dst->address.is_ipv4())
        throw Error(EINVAL, doing, "no packet is from an IPv4 to an IPv6 address",
                    "give both prefixes of one family");
    if ((rule.sport || rule.dport) && rule.protocol &&
        std::find(with_ports.begin(), with_ports.end(), *rule.protocol) == with_ports.end())
        throw Error(EINVAL, doing, fmt::format("IP protocol {} has no ports", *rule.protocol),
                    "leave out --sport and --dport");
    if (rule.action == AclAction::police) {
        if (!rule.rate.limits())
            throw Error(EINVAL, doing, "police needs a rate", "like 10mbit or 1000pps");
        require_rate(rule.rate, "the rule's rate", doing);
    }
    if ((rule.vlan && (*rule.vlan < 1 || *rule.vlan > 4094)) || rule.pcp.value_or(0) > 7 ||
        rule.dscp.value_or(0) > 63 || rule.set_class > 7)
        throw Error(EINVAL, doing, "a value is out of range",
                    "VLAN 1 to 4094, PCP and class 0 to 7, DSCP 0 to 63");
}

void store_prefix(const IpPrefix& prefix, __u8* address, __u8& length, __u8& ipv6) {
    constexpr std::size_t ipv4_at = 12;
    const bool is_ipv4 = prefix.address.is_ipv4();
    const auto* first = prefix.address.octets.data() + (is_ipv4 ? ipv4_at : 0);
    std::copy(first, prefix.address.octets.data() + prefix.address.octets.size(), address);
    length = prefix.length;
    ipv6 = is_ipv4 ? 0 : 1;
}

IpPrefix load_prefix(const __u8* address, __u8 length, bool ipv6) {
    IpPrefix prefix{.address = {}, .length = length};
    auto& octets = prefix.address.octets;
    if (ipv6) {
        std::copy_n(address, octets.size(), octets.begin());
        return prefix;
    }
    octets[10] = octets[11] = 0xff; // ::ffff:0:0/96
    std::copy_n(address, 4, octets.begin() + 12);
    return prefix;
}

// As the maps have it. ENOENT: no such port. EINVAL.
xdpb_acl_rule to_map(const BridgeState& state, const PortNames& names, const AclRule& rule,
                     const std::string& doing) {
    require_rule(state, rule, doing);
    xdpb_acl_rule out{};
    const auto ask = [&out](xdpb_acl_field field, const auto& value, auto& member) {
        if (!value)
            return;
        out.fields = static_cast<__u16>(out.fields | 1U << field);
        member = *value;
    };
    const auto ask_mac = [&out](xdpb_acl_field field, const std::optional<Mac>& mac, __u8* member) {
        if (!mac)
            return;
        out.fields = static_cast<__u16>(out.fields | 1U << field);
        std::copy(mac->octets.begin(), mac->octets.end(), member);
    };
    const auto ask_prefix = [&out](xdpb_acl_field field, const std::optional<IpPrefix>& prefix,
                                   __u8* address, __u8& length) {
        if (!prefix)
            return;
        out.fields = static_cast<__u16>(out.fields | 1U << field);
        store_prefix(*prefix, address, length, out.ipv6);
    };
    const auto ask_range = [&out](xdpb_acl_field field, const std::optional<PortRange>& range,
                                  __u16* member) {
        if (!range)
            return;
        out.fields = static_cast<__u16>(out.fields | 1U << field);
        member[0] = range->first;
        member[1] = range->last;
    };
    out.priority = rule.priority;
    if (rule.port)
        ask(XDPB_ACL_PORT, std::optional(names.require(*rule.port, doing)), out.port);
    ask(XDPB_ACL_VLAN, rule.vlan, out.vlan);
    ask(XDPB_ACL_PCP, rule.pcp, out.pcp);
    ask_mac(XDPB_ACL_SRC_MAC, rule.src_mac, out.src_mac);
    ask_mac(XDPB_ACL_DST_MAC, rule.dst_mac, out.dst_mac);
    ask(XDPB_ACL_ETHERTYPE, rule.ethertype, out.ethertype);
    ask_prefix(XDPB_ACL_SRC, rule.src, out.src, out.src_length);
    ask_prefix(XDPB_ACL_DST, rule.dst, out.dst, out.dst_length);
    ask(XDPB_ACL_PROTOCOL, rule.protocol, out.protocol);
    ask_range(XDPB_ACL_SPORT, rule.sport, out.sport);
    ask_range(XDPB_ACL_DPORT, rule.dport, out.dport);
    ask(XDPB_ACL_DSCP, rule.dscp, out.dscp);
    out.action = static_cast<__u8>(rule.action);
    if (rule.action == AclAction::mirror) {
        out.mirror = names.require(rule.mirror, doing);
        if (rule.port && out.mirror == out.port)
            throw Error(EINVAL, doing,
                        fmt::format("what comes in by '{}' is not mirrored back to it", *rule.port),
                        "name another port");
    }
    if (rule.action == AclAction::set_class)
        out.set_class = rule.set_class;
    return out;
}

AclRule from_map(const BridgeState& state, const PortNames& names, const PlacedRule& placed) {
    const xdpb_acl_rule& in = placed.rule;
    AclRule rule;
    const auto asks = [&in](xdpb_acl_field field) { return (in.fields >> field & 1) != 0; };
    const auto mac = [](const __u8* octets) {
        Mac address;
        std::copy_n(octets, address.octets.size(), address.octets.begin());
        return address;
    };
    rule.priority = in.priority;
    if (asks(XDPB_ACL_PORT))
        rule.port = names.of(in.port);
    if (asks(XDPB_ACL_VLAN))
        rule.vlan = in.vlan;
    if (asks(XDPB_ACL_PCP))
        rule.pcp = in.pcp;
    if (asks(XDPB_ACL_SRC_MAC))
        rule.src_mac = mac(in.src_mac);
    if (asks(XDPB_ACL_DST_MAC))
        rule.dst_mac = mac(in.dst_mac);
    if (asks(XDPB_ACL_ETHERTYPE))
        rule.ethertype = in.ethertype;
    if (asks(XDPB_ACL_SRC))
        rule.src = load_prefix(in.src, in.src_length, in.ipv6 != 0);
    if (asks(XDPB_ACL_DST))
        rule.dst = load_prefix(in.dst, in.dst_length, in.ipv6 != 0);
    if (asks(XDPB_ACL_PROTOCOL))
        rule.protocol = in.protocol;
    if (asks(XDPB_ACL_SPORT))
        rule.sport = {in.sport[0], in.sport[1]};
    if (asks(XDPB_ACL_DPORT))
        rule.dport = {in.dport[0], in.dport[1]};
    if (asks(XDPB_ACL_DSCP))
        rule.dscp = in.dscp;
    rule.action = static_cast<AclAction>(in.action);
    if (rule.action == AclAction::police)
        rule.rate = rate_of(state, placed.slot);
    if (rule.action == AclAction::mirror)
        rule.mirror = names.of(in.mirror);
    rule.set_class = in.set_class;
    return rule;
}

AclEntry entry_of(const BridgeState& state, const PortNames& names, const PlacedRule& placed) {
    std::vector<xdpb_acl_counters> per_cpu(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    const std::uint32_t key = placed.slot;
    if (bpf_map_lookup_elem(state.acl_counters.get(), &key, per_cpu.data()) != 0)
        throw Error(errno, fmt::format("read the counters of bridge '{}'", state.name));
    AclEntry entry{from_map(state, names, placed), 0, 0};
    for (const auto& cpu : per_cpu) {
        entry.packets += cpu.packets;
        entry.bytes += cpu.bytes;
    }
    return entry;
}

WantedRule kept(const BridgeState& state, const PlacedRule& placed) {
    return {placed.rule, rate_of(state, placed.slot), placed.slot};
}

std::vector<WantedRule> kept_rules(const BridgeState& state) {
    std::vector<WantedRule> rules;
    for (const auto& placed : rules_that_hold(state))
        rules.push_back(kept(state, placed));
    return rules;
}

// A rule that is there already keeps its slot.
void keep_what_stays(const BridgeState& state, std::vector<WantedRule>& wanted) {
    auto place = wanted.begin();
    for (const auto& held : rules_that_hold(state)) {
        place = std::find_if(place, wanted.end(), [&](const WantedRule& rule) {
            return rule.rule.priority >= held.rule.priority;
        });
        if (place == wanted.end())
            return;
        if (std::memcmp(&place->rule, &held.rule, sizeof(held.rule)) == 0 &&
            place->rate.with_bursts() == rate_of(state, held.slot))
            place->slot = held.slot;
    }
}

// Copies are made at tc: that comes before the rules that want them.
void change_rules(const BridgeState& state, std::vector<WantedRule> rules,
                  const std::string& doing) {
    const bool mirrors = std::any_of(rules.begin(), rules.end(), [](const WantedRule& wanted) {
        return wanted.rule.action == XDPB_ACL_MIRROR;
    });
    try {
        if (mirrors)
            lend_tc(state, doing);
        hold_rules(state, std::move(rules), doing);
    } catch (...) {
        refresh_mirrors(state);
        throw;
    }
    refresh_mirrors(state);
}

[[noreturn]] void throw_full(const std::string& doing) {
    throw Error(ENOSPC, doing, fmt::format("an ACL has {} rules at most", XDPB_ACL_RULES));
}

void require_free(const std::vector<WantedRule>& sorted, const BridgeState& state,
                  const std::string& doing) {
    const auto twice =
        std::adjacent_find(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
            return a.rule.priority == b.rule.priority;
        });
    if (twice != sorted.end())
        throw Error(EEXIST, doing, fmt::format("two rules of priority {}", twice->rule.priority),
                    fmt::format("`xdp-bridge acl show {}` lists those there are", state.name));
}

std::uint32_t priority_after(std::uint32_t last, const std::string& doing) {
    if (last > AclRule::max_priority - step)
        throw Error(ENOSPC, doing, fmt::format("no priority is left after {}", last),
                    "give --prio");
    return last + step;
}

void sort_rules(std::vector<WantedRule>& rules) {
    std::stable_sort(rules.begin(), rules.end(), [](const auto& a, const auto& b) {
        return a.rule.priority < b.rule.priority;
    });
}

} // namespace

std::uint32_t Acl::add(const AclRule& rule) {
    const std::string doing = fmt::format("add a rule to the ACL of bridge '{}'", state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    auto rules = kept_rules(*state_);
    if (rules.size() == XDPB_ACL_RULES)
        throw_full(doing);
    WantedRule wanted{to_map(*state_, PortNames(*state_), rule, doing), rule.rate};
    if (rule.priority == 0)
        wanted.rule.priority =
            priority_after(rules.empty() ? 0 : rules.back().rule.priority, doing);
    rules.push_back(wanted);
    sort_rules(rules);
    require_free(rules, *state_, doing);
    change_rules(*state_, rules, doing);
    return wanted.rule.priority;
}

bool Acl::remove(std::uint32_t priority) {
    const std::string doing = fmt::format("delete rule {} of bridge '{}'", priority, state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    auto rules = kept_rules(*state_);
    if (std::erase_if(rules, [&](const auto& kept) { return kept.rule.priority == priority; }) == 0)
        return false;
    change_rules(*state_, rules, doing);
    return true;
}

std::size_t Acl::flush() {
    const std::string doing = fmt::format("delete the rules of bridge '{}'", state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    const auto count = rules_that_hold(*state_).size();
    change_rules(*state_, {}, doing);
    return count;
}

void Acl::replace(std::span<const AclRule> rules) {
    const std::string doing = fmt::format("replace the rules of bridge '{}'", state_->name);
    const Lock lock = state_->lock_and_repair(doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    if (rules.size() > XDPB_ACL_RULES)
        throw_full(doing);
    const PortNames names(*state_);
    std::vector<WantedRule> wanted;
    std::uint32_t last = 0;
    for (const auto& rule : rules) {
        wanted.push_back({to_map(*state_, names, rule, doing), rule.rate});
        if (rule.priority == 0)
            wanted.back().rule.priority = priority_after(last, doing);
        last = wanted.back().rule.priority;
    }
    sort_rules(wanted);
    require_free(wanted, *state_, doing);
    keep_what_stays(*state_, wanted);
    change_rules(*state_, wanted, doing);
}

std::vector<AclEntry> Acl::list() const {
    const std::string doing = fmt::format("list the rules of bridge '{}'", state_->name);
    const Lock lock = state_->lock(Lock::Kind::shared, doing);
    state_->require_netns(doing);
    const NetnsScope scope(state_->where.netns);
    const PortNames names(*state_);
    std::vector<AclEntry> entries;
    for (const auto& placed : rules_that_hold(*state_))
        entries.push_back(entry_of(*state_, names, placed));
    return entries;
}

std::size_t Acl::load(std::istream& text) {
    const auto rules = read_rules(text, state_->name);
    replace(rules);
    return rules.size();
}

std::size_t Acl::save(std::ostream& text) const {
    const auto entries = list();
    for (const auto& entry : entries)
        text << entry.rule.to_string() << '\n';
    return entries.size();
}

} // namespace xdpbridge
