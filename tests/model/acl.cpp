// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/acl.h"

#include <algorithm>

namespace xdpbridge::model {

namespace {

bool port_fits(const AclRule& rule, const Headers& h, const std::optional<PortRange>& range,
               bool source) {
    if (!range)
        return true;
    const bool unknown =
        h.hidden_protocol || (h.ip() && h.hidden && protocol_has_ports(h.protocol));
    if (unknown) // rules that drop fit what cannot be seen
        return rule.action == AclAction::drop;
    if (!h.ports)
        return false;
    const auto port = source ? h.ports->first : h.ports->second;
    return port >= range->first && port <= range->last;
}

bool protocol_fits(const AclRule& rule, const Headers& h) {
    if (!rule.protocol)
        return true;
    if (h.hidden_protocol)
        return rule.action == AclAction::drop;
    return h.ip() && h.protocol == *rule.protocol;
}

bool rule_fits(const AclRule& rule, const Headers& h, Bytes frame, const Placed& placed) {
    return (!rule.port || *rule.port == device_of(placed.port)) &&
           (!rule.vlan || *rule.vlan == placed.vid) && (!rule.pcp || *rule.pcp == placed.pcp) &&
           (!rule.src_mac || *rule.src_mac == mac_at(frame, 6)) &&
           (!rule.dst_mac || *rule.dst_mac == mac_at(frame, 0)) &&
           (!rule.ethertype || *rule.ethertype == h.ethertype) &&
           (!rule.src || (h.ip() && covers(*rule.src, h.src, h.ipv4))) &&
           (!rule.dst || (h.ip() && covers(*rule.dst, h.dst, h.ipv4))) && protocol_fits(rule, h) &&
           (!rule.dscp || (h.ip() && h.ds_field >> 2 == *rule.dscp)) &&
           port_fits(rule, h, rule.sport, true) && port_fits(rule, h, rule.dport, false);
}

} // namespace

std::optional<std::size_t> first_rule(std::span<const AclRule> rules, Bytes frame,
                                      const Placed& placed) {
    const Headers h = headers_of(frame);
    const auto found = std::find_if(rules.begin(), rules.end(), [&](const AclRule& rule) {
        return rule_fits(rule, h, frame, placed);
    });
    if (found == rules.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - rules.begin());
}

} // namespace xdpbridge::model
