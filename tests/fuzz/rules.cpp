// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fuzz.h"

#include "lib/acl_rule.h"

#include <xdpbridge/class.h>
#include <xdpbridge/error.h>

#include <sstream>

namespace xdpbridge::test {

namespace {

void require_bounds(const AclRule& rule) {
    require(rule.priority <= AclRule::max_priority, "a priority is within its bounds");
    require(!rule.vlan || (*rule.vlan >= 1 && *rule.vlan <= 4094), "VLAN ids go from 1 to 4094");
    require(rule.pcp.value_or(0) <= 7 && rule.set_class <= 7, "a PCP has three bits");
    require(rule.dscp.value_or(0) <= 63, "a DSCP has six bits");
}

} // namespace

// FIELD=VALUE
void fuzz_class_rule(std::string_view text) {
    const auto equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const std::string value(equals == std::string_view::npos ? "" : text.substr(equals + 1));
    ClassMatch match;
    if (!match.set(name, value).empty())
        return;
    require(name_of(match.field) == name, "a match has the field that was named");
    ClassMatch again;
    require(again.set(name, match.to_string()).empty() && again == match,
            "a match is read as it is printed");
}

void fuzz_acl_rule(std::string_view text) {
    try {
        const AclRule rule = AclRule::parse(text);
        require_bounds(rule);
        require(AclRule::parse(rule.to_string()) == rule, "a rule is read as it is printed");
    } catch (const Error& error) {
        require_invalid(error);
    }
}

void fuzz_acl_file(std::string_view text) {
    try {
        std::istringstream in{std::string(text)};
        const auto rules = read_rules(in, "br0");
        std::stringstream printed;
        for (const auto& rule : rules) {
            require_bounds(rule);
            printed << rule.to_string() << '\n';
        }
        require(read_rules(printed, "br0") == rules, "a file is read as it is saved");
    } catch (const Error& error) {
        require_invalid(error);
    }
}

} // namespace xdpbridge::test
