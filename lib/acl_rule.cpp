// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The text form of the ACL's rules: the words of the command line.
#include "acl_rule.h"

#include "words.h"

#include <xdpbridge/error.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fmt/format.h>

namespace xdpbridge {

namespace {

struct Name {
    std::string_view name;
    std::uint32_t number;
};
constexpr std::array ethertypes = {Name{"ip", 0x0800},   Name{"arp", 0x0806},  Name{"ipv6", 0x86dd},
                                   Name{"vlan", 0x8100}, Name{"ptp", 0x88f7},  Name{"lldp", 0x88cc},
                                   Name{"mpls", 0x8847}, Name{"pppoe", 0x8864}};
constexpr std::array protocols = {Name{"icmp", 1},   Name{"igmp", 2},    Name{"tcp", 6},
                                  Name{"udp", 17},   Name{"gre", 47},    Name{"esp", 50},
                                  Name{"ah", 51},    Name{"icmpv6", 58}, Name{"ospf", 89},
                                  Name{"vrrp", 112}, Name{"sctp", 132}};

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t min, std::uint32_t max) {
    const bool hex = text.starts_with("0x");
    if (hex)
        text.remove_prefix(2);
    std::uint32_t value = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value, hex ? 16 : 10);
    if (parsed.ec != std::errc{} || parsed.ptr != end || value < min || value > max)
        return std::nullopt;
    return value;
}

template <std::size_t size>
std::optional<std::uint32_t> named(std::string_view text, const std::array<Name, size>& names,
                                   std::uint32_t max) {
    for (const auto& name : names)
        if (name.name == text)
            return name.number;
    return number(text, 0, max);
}

template <std::size_t size>
std::string name_of(std::uint32_t value, const std::array<Name, size>& names, const char* format) {
    for (const auto& name : names)
        if (name.number == value)
            return std::string(name.name);
    return fmt::format(fmt::runtime(format), value);
}

// Stores what was parsed, or says what it should have been.
template <typename Member, typename Value>
std::string put(Member& member, const std::optional<Value>& value, std::string_view text,
                std::string_view wanted) {
    if (!value)
        return fmt::format("'{}' is {}", text, wanted);
    member = static_cast<std::remove_cvref_t<decltype(*member)>>(*value);
    return {};
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (auto word = next_word(line); !word.empty(); word = next_word(line))
        words.push_back(word);
    return words;
}

} // namespace

std::optional<PortRange> PortRange::parse(std::string_view text) noexcept {
    const auto dash = text.find('-');
    const auto first = number(text.substr(0, dash), 0, 65535);
    const auto last =
        dash == std::string_view::npos ? first : number(text.substr(dash + 1), 0, 65535);
    if (!first || !last || *first > *last)
        return std::nullopt;
    return PortRange{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

std::string PortRange::to_string() const {
    return first == last ? std::to_string(first) : fmt::format("{}-{}", first, last);
}

std::string AclRule::set(std::string_view name, std::string_view value) {
    const auto prefix = [&](std::optional<IpPrefix>& member) {
        return put(member, IpPrefix::parse(value), value,
                   "no IP prefix like 10.0.0.0/8 or 2001:db8::/32, with no bits behind its length");
    };
    const auto mac = [&](std::optional<Mac>& member) {
        return put(member, Mac::parse(value), value, "no MAC address");
    };
    const auto range = [&](std::optional<PortRange>& member) {
        return put(member, PortRange::parse(value), value, "no port of 0 to 65535, nor FIRST-LAST");
    };
    if (name == "prio") {
        const auto parsed = number(value, 1, max_priority);
        priority = parsed.value_or(0);
        return parsed ? "" : fmt::format("'{}' is no number of 1 to {}", value, max_priority);
    }
    if (name == "port") {
        port = std::string(value);
        return value.empty() ? "a port needs a name" : "";
    }
    if (name == "vlan")
        return put(vlan, number(value, 1, 4094), value, "no VLAN id of 1 to 4094");
    if (name == "pcp")
        return put(pcp, number(value, 0, 7), value, "no PCP of 0 to 7");
    if (name == "src-mac")
        return mac(src_mac);
    if (name == "dst-mac")
        return mac(dst_mac);
    if (name == "ethertype")
        return put(ethertype, named(value, ethertypes, 0xffff), value,
                   "no ethertype like arp or 0x88f7");
    if (name == "src")
        return prefix(src);
    if (name == "dst")
        return prefix(dst);
    if (name == "proto")
        return put(protocol, named(value, protocols, 255), value,
                   "no IP protocol like tcp, icmpv6 or 47");
    if (name == "sport")
        return range(sport);
    if (name == "dport")
        return range(dport);
    if (name == "dscp")
        return put(dscp, number(value, 0, 63), value, "no DSCP of 0 to 63");
    return fmt::format("unknown word '--{}'", name);
}

std::string AclRule::set_action(std::string_view verb, std::string_view argument) {
    const bool plain = verb == "pass" || verb == "drop";
    if (plain && !argument.empty())
        return fmt::format("'{}' takes no '{}'", verb, argument);
    if (verb == "pass") {
        action = AclAction::pass;
        return {};
    }
    if (verb == "drop") {
        action = AclAction::drop;
        return {};
    }
    if (verb == "police") {
        const auto parsed = Rate::parse(argument);
        action = AclAction::police;
        rate = parsed.value_or(Rate{});
        return rate.limits() ? "" : fmt::format("'{}' is no rate like 10mbit or 1000pps", argument);
    }
    if (verb == "mirror") {
        action = AclAction::mirror;
        mirror = argument;
        return argument.empty() ? "mirror needs the port that gets the copies" : "";
    }
    if (verb == "class") {
        const auto parsed = number(argument, 0, 7);
        action = AclAction::set_class;
        set_class = static_cast<std::uint8_t>(parsed.value_or(0));
        return parsed ? "" : fmt::format("'{}' is no class of 0 to 7", argument);
    }
    return fmt::format("'{}' is no action: pass, drop, police RATE, mirror DEVICE or class N",
                       verb);
}

std::string read_rule(std::string_view text, AclRule& rule) {
    const auto words = words_of(text);
    std::size_t i = 0;
    for (; i < words.size() && words[i].starts_with("--"); i += 2) {
        if (i + 1 == words.size())
            return fmt::format("'{}' has no value", words[i]);
        if (auto wrong = rule.set(words[i].substr(2), words[i + 1]); !wrong.empty())
            return wrong;
    }
    if (i == words.size())
        return "no action";
    if (words.size() - i > 2)
        return fmt::format("'{}' comes after the action", words[i + 2]);
    return rule.set_action(words[i], i + 1 < words.size() ? words[i + 1] : std::string_view());
}

std::vector<AclRule> read_rules(std::istream& text, const std::string& bridge) {
    std::vector<AclRule> rules;
    std::string line;
    for (std::size_t number = 1; std::getline(text, line); number++) {
        const auto words = without_comment(line);
        if (words_of(words).empty())
            continue;
        rules.emplace_back();
        if (const auto wrong = read_rule(words, rules.back()); !wrong.empty())
            throw Error(EINVAL, fmt::format("load the ACL of bridge '{}'", bridge),
                        fmt::format("line {}: {}", number, wrong),
                        fmt::format("nothing was loaded; a line is: {}", rule_form));
    }
    return rules;
}

AclRule AclRule::parse(std::string_view text) {
    AclRule rule;
    if (const auto wrong = read_rule(text, rule); !wrong.empty())
        throw Error(EINVAL, "read a rule", wrong, fmt::format("a rule is: {}", rule_form));
    return rule;
}

std::vector<std::pair<std::string, std::string>> AclRule::criteria() const {
    std::vector<std::pair<std::string, std::string>> list;
    const auto add = [&list](const char* name, const std::string& value) {
        list.emplace_back(name, value);
    };
    if (port)
        add("port", *port);
    if (vlan)
        add("vlan", std::to_string(*vlan));
    if (pcp)
        add("pcp", std::to_string(*pcp));
    if (src_mac)
        add("src-mac", src_mac->to_string());
    if (dst_mac)
        add("dst-mac", dst_mac->to_string());
    if (ethertype)
        add("ethertype", name_of(*ethertype, ethertypes, "{:#06x}"));
    if (src)
        add("src", src->to_string());
    if (dst)
        add("dst", dst->to_string());
    if (protocol)
        add("proto", name_of(*protocol, protocols, "{}"));
    if (sport)
        add("sport", sport->to_string());
    if (dport)
        add("dport", dport->to_string());
    if (dscp)
        add("dscp", std::to_string(*dscp));
    return list;
}

std::string AclRule::action_name() const {
    constexpr std::array names = {"pass", "drop", "police", "mirror", "class"};
    return names.at(static_cast<std::size_t>(action));
}

std::string AclRule::action_argument() const {
    switch (action) {
    case AclAction::police:
        return rate.to_string();
    case AclAction::mirror:
        return mirror;
    case AclAction::set_class:
        return std::to_string(set_class);
    default:
        return {};
    }
}

std::string AclRule::to_string() const {
    std::string text = priority != 0 ? fmt::format("--prio {} ", priority) : "";
    for (const auto& [name, value] : criteria())
        text += fmt::format("--{} {} ", name, value);
    const auto argument = action_argument();
    return text + action_name() + (argument.empty() ? "" : " ") + argument;
}

} // namespace xdpbridge
