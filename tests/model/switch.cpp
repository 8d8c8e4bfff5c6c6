// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/switch.h"

#include "model/acl.h"
#include "model/guards.h"

#include <algorithm>

namespace xdpbridge::model {

namespace {

constexpr unsigned pcp_shift = 13;
constexpr std::uint16_t vid_mask = 0x0fff, pcp_mask = 7 << pcp_shift;

bool is_reserved(const Mac& mac) {
    constexpr std::array<std::uint8_t, 5> prefix = {0x01, 0x80, 0xc2, 0, 0};
    return std::equal(prefix.begin(), prefix.end(), mac.octets.begin()) &&
           mac.octets[5] < XDPB_RESERVED_GROUPS;
}

bool is_bpdu(const Mac& mac) {
    constexpr Mac pvst = {{0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcd}};
    return mac == pvst || (is_reserved(mac) && (mac.octets[5] == 0 || mac.octets[5] == 8));
}

Frame with_tag(const Frame& frame, std::uint16_t tpid, std::uint16_t tci) {
    Frame result = frame;
    result.insert(result.begin() + 12, tag_length, 0);
    sandbox::store16(result, 12, tpid);
    sandbox::store16(result, 14, tci);
    return result;
}

void put_mac(Frame& frame, std::size_t at, const Mac& mac) {
    std::copy(mac.octets.begin(), mac.octets.end(), frame.begin() + static_cast<long>(at));
}

// Not complemented yet: what a sender leaves in the checksum field for its device to complete.
std::uint16_t pseudo_header(Bytes addresses, std::uint8_t protocol, std::uint16_t length) {
    std::uint32_t sum = protocol + length;
    for (std::size_t i = 0; i < addresses.size(); i += 2)
        sum += word(addresses, i);
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

// README, "XDP or tc": at XDP a partial checksum is told by its value.
bool has_partial_checksum(Bytes frame) {
    const Network network = network_of(frame);
    const std::size_t at = network.offset;
    std::uint8_t protocol = 0;
    std::size_t transport = 0;
    Bytes addresses;
    std::uint16_t length = 0;
    if (network.ethertype == ipv4_type && has(frame, at, 20)) {
        const unsigned header = (frame[at] & 15U) * 4;
        if (header < 20 || (word(frame, at + 6) & 0x3fff) != 0)
            return false;
        protocol = frame[at + 9];
        transport = at + header;
        addresses = frame.subspan(at + 12, 8);
        length = static_cast<std::uint16_t>(word(frame, at + 2) - header);
    } else if (network.ethertype == ipv6_type && has(frame, at, 40)) {
        protocol = frame[at + 6];
        transport = at + 40;
        addresses = frame.subspan(at + 8, 32);
        length = word(frame, at + 4);
    }
    const bool tcp = protocol == tcp_protocol && has(frame, transport, 20);
    const bool udp = protocol == udp_protocol && has(frame, transport, 8);
    return (tcp || udp) &&
           word(frame, transport + (tcp ? 16 : 6)) == pseudo_header(addresses, protocol, length);
}

} // namespace

struct Switch::Packet {
    PortNumber port; // that it came in by
    const Frame& frame;
    Frame seen; // as the switch reads it: without a tag that the stack has taken out
    Mac src, dst;
    Frame untagged; // as it is to leave, without the bridge's tag
    std::uint16_t tci = 0;
    std::optional<Vid> vid = 0;         // empty: towards a routed port
    bool foreign_tag = false;           // the outer one is not the bridge's
    std::optional<PortNumber> out = {}; // empty: all of its VLAN
    bool routed = false;
    std::optional<xdpb_stack_reason> to_stack = {};
    std::optional<std::size_t> rule = {};
};

Switch::Switch(const SwitchSetup& setup, bool beside)
    : setup_(setup), beside_(beside), config_(setup.kind), fdb_(setup.kind) {}

bool Switch::apply(const Step& step) {
    if (const auto* host = std::get_if<AddHost>(&step))
        return fdb_.add({host->mac, host->vid}, host->port, host->is_static, config_);
    if (const auto* host = std::get_if<LearnLate>(&step))
        return fdb_.learn_late({host->mac, host->vid}, host->port);
    if (const auto* host = std::get_if<DelHost>(&step))
        return fdb_.remove({host->mac, host->vid});
    if (const auto* which = std::get_if<Flush>(&step))
        fdb_.flush(which->port, which->vid, which->static_too);
    if (const auto* time = std::get_if<Wait>(&step))
        fdb_.wait(time->seconds);
    if (!configure(config_, setup_.kind, step))
        return false;
    if (const auto* membership = std::get_if<Leave>(&step))
        fdb_.flush(membership->port, membership->vid, true);
    if (const auto* setting = std::get_if<SetPort>(&step);
        setting && setting->setting == "bpdu_guard")
        blocked_.at(setting->port) = false;
    if (std::holds_alternative<AddRule>(step))
        rules_.assign(config_.acl.size(), {}); // counted since the list changed last
    return true;
}

Outcome Switch::receive(const Arrival& arrival) {
    const Frame& frame = arrival.frame;
    xdpb_counters& count = counters_.at(arrival.port);
    count.rx_packets++;
    count.rx_bytes += frame.size();

    const bool tagged = is_tag(word(frame, 12));
    Packet p{.port = arrival.port,
             .frame = frame,
             .seen = beside_ && tagged ? without_outer_tag(frame) : frame,
             .src = mac_at(frame, 6),
             .dst = mac_at(frame, 0),
             .untagged = frame};
    if (is_tag(word(p.seen, 12)) && !has(p.seen, ethernet_header, tag_length))
        return drop(p, XDPB_DROP_TRUNCATED);
    if (auto end = admit(p))
        return *end;
    if (auto end = enter(p))
        return *end;
    if (auto end = check_offloads(p))
        return *end;
    if (auto end = filter(p))
        return *end;
    learn(p);
    return forward(p);
}

Outcome Switch::drop(const Packet& p, xdpb_drop_reason reason) {
    counters_.at(p.port).dropped[reason]++;
    return {.fate = Fate::dropped, .reason = reason, .copies = {}, .untagged = {}, .tagged = {}};
}

Outcome Switch::pass(const Packet& p) {
    counters_.at(p.port).passed++;
    return {
        .fate = Fate::passed, .reason = {}, .copies = {}, .untagged = p.seen, .tagged = p.frame};
}

// Frames that must not enter.
std::optional<Outcome> Switch::admit(Packet& p) {
    if (config_.ports.at(p.port).bpdu_guard && is_bpdu(p.dst))
        blocked_.at(p.port) = true;
    if (blocked_.at(p.port))
        return drop(p, XDPB_DROP_BPDU_GUARD);
    if (p.src.is_multicast())
        return drop(p, XDPB_DROP_SRC_MULTICAST);
    if (p.src.is_zero())
        return drop(p, XDPB_DROP_SRC_ZERO);
    if (!is_reserved(p.dst))
        return std::nullopt;
    switch (config_.reserved.at(p.dst.octets[5])) {
    case ReservedPolicy::peer:
        return pass(p);
    case ReservedPolicy::drop:
        return drop(p, XDPB_DROP_RESERVED);
    case ReservedPolicy::forward:
        break;
    }
    return std::nullopt;
}

std::optional<Outcome> Switch::enter(Packet& p) {
    p.foreign_tag = is_tag(word(p.frame, 12));
    if (p.port == routed_port)
        return enter_router(p);
    return setup_.kind == Kind::plain ? std::nullopt : enter_vlan(p);
}

// 802.1Q 6.9 and 8.6.2
std::optional<Outcome> Switch::enter_vlan(Packet& p) {
    const PortConfig& port = config_.ports.at(p.port);
    const auto priority = static_cast<std::uint16_t>(port.priority << pcp_shift);
    const bool own_tag = !port.tunnel && word(p.frame, 12) == static_cast<unsigned>(setup_.kind);
    p.vid = port.pvid;
    p.tci = priority;
    if (own_tag) {
        const std::uint16_t tci = word(p.frame, 14);
        p.foreign_tag = network_of(p.frame).offset != ethernet_header + tag_length;
        p.untagged = without_outer_tag(p.frame);
        if ((tci & vid_mask) != 0)
            p.vid = tci & vid_mask;
        if (!port.set_priority)
            p.tci = tci & static_cast<std::uint16_t>(~vid_mask);
    }
    if (p.vid == 0 || !config_.is_member(p.port, *p.vid))
        return drop(p, XDPB_DROP_VLAN);
    return std::nullopt;
}

// A routed port is the host's, but for what is sent to its MAC and can be routed here.
std::optional<Outcome> Switch::enter_router(Packet& p) {
    if (p.dst != routed_mac)
        return pass(p);
    p.tci = static_cast<std::uint16_t>(config_.ports.at(p.port).priority << pcp_shift);
    const Decision way = find_way(p.frame, p.foreign_tag, config_, setup_.kind, fdb_);
    if (std::holds_alternative<Blackhole>(way))
        return drop(p, XDPB_DROP_BLACKHOLE);
    if (const auto* hop = std::get_if<Hop>(&way); hop && take_way(p, *hop))
        return std::nullopt;
    const auto* reason = std::get_if<xdpb_stack_reason>(&way);
    counters_.at(p.port).to_stack[reason ? *reason : XDPB_STACK_UNSUPPORTED]++;
    return pass(p);
}

// False: XDP cannot, for its egress program cannot tell a routed frame from another.
bool Switch::take_way(Packet& p, const Hop& hop) {
    if (setup_.hook == Hook::xdp && config_.ports.at(p.port).isolated &&
        config_.ports.at(hop.out).isolated)
        return false;
    put_mac(p.untagged, 0, hop.next);
    put_mac(p.untagged, 6, hop.router);
    count_hop(p.untagged);
    p.out = hop.out;
    p.vid = hop.vid;
    p.routed = true;
    return true;
}

// A tap's frames may be incomplete, which XDP cannot mend.
std::optional<Outcome> Switch::check_offloads(Packet& p) {
    if (setup_.hook != Hook::xdp)
        return std::nullopt;
    if (p.frame.size() > mtu + ethernet_header + 2 * tag_length)
        return drop(p, XDPB_DROP_GSO);
    if (has_partial_checksum(p.frame))
        return drop(p, XDPB_DROP_PARTIAL_CHECKSUM);
    return std::nullopt;
}

std::optional<Outcome> Switch::filter(Packet& p) {
    if (const auto reason = guarded(p.seen, p.port, config_))
        return drop(p, *reason);
    const auto pcp = static_cast<std::uint8_t>(p.tci >> pcp_shift);
    p.rule = config_.acl.empty()
                 ? std::nullopt
                 : first_rule(config_.acl, p.seen, {p.port, p.vid.value_or(XDPB_NO_VLAN), pcp});
    if (!p.rule || config_.acl[*p.rule].action != AclAction::drop)
        return std::nullopt;
    rules_[*p.rule].packets++;
    rules_[*p.rule].bytes += p.frame.size();
    return drop(p, XDPB_DROP_ACL);
}

void Switch::learn(const Packet& p) {
    if (p.port > host_ports)
        return;
    xdpb_counters& count = counters_.at(p.port);
    switch (fdb_.learn({p.src, *p.vid}, p.port, config_)) {
    case Fdb::Learned::quota_exceeded:
        count.quota_exceeded++;
        break;
    case Fdb::Learned::full:
        count.fdb_full++;
        break;
    case Fdb::Learned::moved:
        count.moved_here++;
        break;
    default:
        break;
    }
}

bool Switch::is_in_vlan(PortNumber port, const Packet& p) const {
    if (port == routed_port)
        return !p.vid;
    return p.vid && (setup_.kind == Kind::plain || config_.is_member(port, *p.vid));
}

bool Switch::keeps_apart(const Packet& p, PortNumber port) const {
    return config_.ports.at(p.port).isolated && config_.ports.at(port).isolated && !p.routed;
}

std::optional<Outcome> Switch::find_output(Packet& p) {
    if (p.routed || p.dst.is_multicast())
        return std::nullopt;
    const auto* entry = fdb_.find({p.dst, *p.vid}, config_.ageing);
    if (!entry)
        return std::nullopt;
    if (entry->port == p.port)
        return drop(p, XDPB_DROP_HAIRPIN);
    if (blocked_.at(entry->port)) // the host may be reached another way
        return std::nullopt;
    if (entry->is_router) {
        // As the switch reads it, but for the bridge's own tag.
        const Bytes frame = setup_.kind == Kind::plain ? Bytes(p.frame) : Bytes(p.untagged);
        const Decision way = find_way(frame, p.foreign_tag, config_, setup_.kind, fdb_);
        if (std::holds_alternative<Blackhole>(way))
            return drop(p, XDPB_DROP_BLACKHOLE);
        if (const auto* hop = std::get_if<Hop>(&way); hop && take_way(p, *hop))
            return std::nullopt;
        const auto* reason = std::get_if<xdpb_stack_reason>(&way);
        p.to_stack = reason ? *reason : XDPB_STACK_UNSUPPORTED;
        p.out = svi_port;
        return std::nullopt;
    }
    if (!is_in_vlan(entry->port, p))
        return drop(p, XDPB_DROP_VLAN_EGRESS);
    if (keeps_apart(p, entry->port))
        return drop(p, XDPB_DROP_ISOLATED);
    p.out = entry->port;
    return std::nullopt;
}

Outcome Switch::forward(Packet& p) {
    if (auto end = find_output(p))
        return *end;
    if (p.rule) {
        rules_[*p.rule].packets++;
        rules_[*p.rule].bytes += p.frame.size();
        const AclRule& rule = config_.acl[*p.rule];
        if (rule.action == AclAction::set_class)
            p.tci = static_cast<std::uint16_t>((p.tci & ~pcp_mask) | rule.set_class << pcp_shift);
    }
    xdpb_counters& count = counters_.at(p.port);
    if (p.routed)
        count.routed++;
    if (p.to_stack)
        count.to_stack[*p.to_stack]++;
    return send(p);
}

Outcome Switch::send(Packet& p) {
    xdpb_counters& count = counters_.at(p.port);
    p.tci = static_cast<std::uint16_t>((p.tci & ~vid_mask) | p.vid.value_or(0));
    Outcome outcome{.fate = p.out ? Fate::forwarded : Fate::flooded,
                    .reason = {},
                    .copies = {},
                    .untagged = p.untagged,
                    .tagged =
                        setup_.kind == Kind::plain
                            ? p.untagged
                            : with_tag(p.untagged, static_cast<std::uint16_t>(setup_.kind), p.tci)};
    if (p.out) {
        count.forwarded++;
        send_copy(p, *p.out, outcome);
        return outcome;
    }
    count.flooded++;
    for (PortNumber port = 1; port <= last_port; port++)
        if (port != p.port && is_in_vlan(port, p))
            send_copy(p, port, outcome);
    return outcome;
}

// Egress: what the port does not let out, and the tag it wants.
void Switch::send_copy(const Packet& p, PortNumber port, Outcome& outcome) {
    xdpb_counters& count = counters_.at(port);
    if (blocked_.at(port)) {
        count.filtered[XDPB_FILTER_BLOCKED]++;
        return;
    }
    if (keeps_apart(p, port)) {
        count.filtered[XDPB_FILTER_ISOLATED]++;
        return;
    }
    if (setup_.hook == Hook::tc && p.frame.size() > mtu + ethernet_header + tag_length) {
        count.refused[XDPB_REFUSAL_MTU]++;
        return;
    }
    const PortConfig& to = config_.ports.at(port);
    const bool untagged = !p.vid || setup_.kind == Kind::plain || to.vlans.at(*p.vid);
    outcome.copies.push_back({port, untagged ? outcome.untagged : outcome.tagged});
    count.tx_packets++;
    count.tx_bytes += outcome.copies.back().frame.size();
}

} // namespace xdpbridge::model
