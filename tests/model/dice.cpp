// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/dice.h"

#include "model/headers.h"

#include <algorithm>
#include <numeric>

namespace xdpbridge::model {

namespace {

void put8(Frame& frame, std::uint8_t value) {
    frame.push_back(value);
}
void put16(Frame& frame, unsigned value) {
    put8(frame, static_cast<std::uint8_t>(value >> 8));
    put8(frame, static_cast<std::uint8_t>(value));
}
template <typename Octets>
void put(Frame& frame, const Octets& octets) {
    frame.insert(frame.end(), octets.begin(), octets.end());
}
void put4(Frame& frame, const Ip& ip) {
    frame.insert(frame.end(), ip.octets.begin() + 12, ip.octets.end());
}

Ip link_local_of(const Mac& mac) {
    const auto& m = mac.octets;
    return {{0xfe, 0x80, 0, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(m[0] ^ 2), m[1], m[2], 0xff,
             0xfe, m[3], m[4], m[5]}};
}

} // namespace

std::uint32_t Seeded::next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return static_cast<std::uint32_t>((z ^ (z >> 31)) >> 32);
}

Dice::Dice(const SwitchSetup& setup, Source& source) : setup_(setup), source_(source) {}

// More than the FDB has room for, the first ones more often.
Mac Dice::host() {
    return host_mac(static_cast<std::uint8_t>(1 + number(one_in(3) ? 32 : 8)));
}

Mac Dice::source_mac() {
    switch (number(64)) {
    case 0:
        return {}; // nobody's
    case 1:
        return {{0x03, 0, 0, 0, 0, byte()}}; // a group's
    case 2:
        return one_in(2) ? svi_mac : routed_mac;
    case 3:
        return {{0x02, byte(), byte(), byte(), byte(), byte()}};
    default:
        return host();
    }
}

Mac Dice::destination_mac() {
    switch (number(32)) {
    case 0:
    case 1:
    case 2:
        return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    case 3:
        return {{0x01, 0x00, 0x5e, 0x00, 0x00, byte()}};
    case 4:
        return {{0x33, 0x33, 0x00, 0x00, 0x00, byte()}};
    case 5:
        return {{0x01, 0x80, 0xc2, 0x00, 0x00, static_cast<std::uint8_t>(number(18))}};
    case 6:
        return one_in(4) ? Mac{{0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcd}}
                         : Mac{{0x01, byte(), byte(), byte(), byte(), byte()}};
    case 7:
        return one_in(4) ? Mac{} : Mac{{0x02, byte(), byte(), byte(), byte(), byte()}};
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
        return svi_mac;
    case 13:
    case 14:
        return routed_mac;
    default:
        return host();
    }
}

Vid Dice::vid() {
    return any<Vid>({1, 1, 10, 10, 20, 4094});
}

Vid Dice::any_vid() {
    return one_in(8) ? static_cast<Vid>(number(4096)) : one_in(6) ? Vid{0} : vid();
}

// The networks and hosts that AclDice knows.
Ip Dice::ip(bool ipv4) {
    Ip address;
    if (ipv4)
        address.octets[10] = address.octets[11] = 0xff;
    address.octets[ipv4 ? 12 : 0] = ipv4 ? 10 : 0xfd;
    address.octets[ipv4 ? 13 : 7] = static_cast<std::uint8_t>(number(3) * 0x55);
    address.octets[15] = static_cast<std::uint8_t>(one_in(2) ? number(4) : number(16));
    return address;
}

Ip Dice::any_ip(bool ipv4) {
    if (!one_in(10))
        return ip(ipv4);
    Ip address = ip(ipv4);
    auto& o = address.octets;
    if (ipv4) {
        o[12] = any<std::uint8_t>({0, 127, 224, 239, 240, 255, 169});
        if (one_in(2))
            o[13] = o[14] = o[15] = one_in(2) ? 0 : 0xff;
        return address;
    }
    switch (number(6)) {
    case 0:
        return {};
    case 1:
        return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    case 2:
        o[0] = 0xff;
        o[1] = 2;
        return address;
    case 3:
        return link_local_of(host());
    case 4: // IPv4-mapped
        return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1}};
    default:
        o[0] = byte();
        return address;
    }
}

IpPrefix Dice::prefix(bool ipv4) {
    IpPrefix prefix{ip(ipv4), any<std::uint8_t>({0, 8, 16, 24, 30, 32})};
    if (!ipv4)
        prefix.length = any<std::uint8_t>({0, 8, 64, 126, 128});
    const unsigned first = (ipv4 ? 96U : 0U) + prefix.length;
    for (unsigned bit = first; bit < 128; bit++)
        prefix.address.octets.at(bit / 8) &= static_cast<std::uint8_t>(~(0x80U >> bit % 8));
    return prefix;
}

Binding Dice::binding() {
    Binding binding{.port = port(), .mac = host()};
    if (!one_in(3)) {
        const bool ipv4 = one_in(2);
        do
            binding.ip = ip(ipv4);
        while (!binding.ip->is_host());
    }
    return binding;
}

Route Dice::route() {
    const bool ipv4 = one_in(2);
    Route route{.prefix = prefix(ipv4)};
    if (one_in(8)) {
        route.type = one_in(2) ? RouteType::blackhole : RouteType::local;
        return route;
    }
    route.port = router_port();
    if (!one_in(4)) {
        const auto last = static_cast<std::uint8_t>(first_gateway + number(3));
        route.gateway = ipv4 ? gateway4(last) : gateway6(last);
    }
    return route;
}

AclRule Dice::rule() {
    std::vector<std::string> ports;
    for (PortNumber port = 1; port <= routed_port; port++)
        ports.push_back(device_of(port));
    AclRule rule = test::AclDice(source_.next(), ports, setup_.kind != Kind::plain).rule(1);
    if (one_in(6)) {
        rule.action = AclAction::set_class;
        rule.set_class = static_cast<std::uint8_t>(number(8));
    }
    return rule;
}

Step Dice::membership() {
    const PortNumber port = host_port();
    if (one_in(4))
        return Leave{port, vid()};
    return Join{.port = port, .vid = vid(), .pvid = one_in(3), .untagged = one_in(2)};
}

Step Dice::port_setting() {
    const auto on = static_cast<unsigned>(!one_in(3));
    switch (number(setup_.kind == Kind::plain ? 9 : 12)) {
    case 0:
    case 1:
        return SetPort{host_port(), "isolated", on};
    case 2:
        return SetPort{host_port(), "learning", static_cast<unsigned>(!one_in(3))};
    case 3:
        return SetPort{host_port(), "quota", any<unsigned>({0, 0, 1, 3, 8})};
    case 4:
        return SetPort{port(), "source_guard", number(3)};
    case 5:
        return SetPort{port(), "arp_guard", on};
    case 6:
        return SetPort{port(), "dhcp_guard", on};
    case 7:
        return SetPort{port(), "ra_guard", on};
    case 8:
        return SetPort{host_port(), "bpdu_guard", static_cast<unsigned>(one_in(2))};
    case 9:
        return SetPort{host_port(), "tunnel", static_cast<unsigned>(one_in(2))};
    case 10:
        return SetPort{port(), "priority", number(8)};
    default:
        return SetPort{port(), "set_priority", on};
    }
}

Step Dice::setting() {
    switch (number(setup_.kind == Kind::plain ? 8 : 12)) {
    case 0:
        return SetAgeing{any<unsigned>({30, 90, 150, 330})};
    case 1:
        return SetReserved{
            number(XDPB_RESERVED_GROUPS),
            any({ReservedPolicy::peer, ReservedPolicy::forward, ReservedPolicy::drop})};
    case 2:
        return one_in(3) ? Step(Unbind{binding()}) : Step(Bind{binding()});
    case 3:
        return one_in(4) ? Step(DelRoute{route().prefix}) : Step(AddRoute{route()});
    case 4: {
        Ip address;
        do
            address = ip(one_in(2));
        while (!address.is_host());
        return one_in(3) ? Step(DelNeighbour{router_port(), address})
                         : Step(AddNeighbour{router_port(), address, host()});
    }
    case 8:
    case 9:
    case 10:
    case 11:
        return membership();
    default:
        return port_setting();
    }
}

Step Dice::table_step() {
    const Vid vlan = setup_.kind == Kind::plain ? Vid{0} : vid();
    switch (number(9)) {
    case 8:
        return LearnLate{host(), vlan, host_port()};
    case 0:
    case 1:
    case 2:
        return AddHost{.mac = one_in(8) ? destination_mac() : host(),
                       .vid = vlan,
                       .port = host_port(),
                       .is_static = one_in(2)};
    case 3:
        return DelHost{one_in(8) ? destination_mac() : host(), vlan};
    case 4:
        return Flush{.port = one_in(2) ? std::optional(host_port()) : std::nullopt,
                     .vid = one_in(2) ? std::optional(vlan) : std::nullopt,
                     .static_too = one_in(3)};
    default:
        return Wait{60 * (1 + number(3))};
    }
}

std::vector<Step> Dice::layout() {
    std::vector<Step> steps;
    if (setup_.kind != Kind::plain)
        for (unsigned i = 4 + number(10); i > 0; i--)
            steps.push_back(membership());
    if (one_in(2))
        for (unsigned i = 1 + number(12); i > 0; i--)
            steps.emplace_back(AddRule{rule()});
    for (unsigned i = number(10); i > 0; i--)
        steps.emplace_back(Bind{binding()});
    for (unsigned i = 2 + number(8); i > 0; i--)
        steps.emplace_back(AddRoute{route()});
    for (unsigned i = number(4); i > 0; i--)
        steps.push_back(port_setting());
    return steps;
}

Step Dice::step() {
    if (one_in(40))
        return table_step();
    if (one_in(300))
        return setting();
    return Arrival{.port = port(), .frame = frame()};
}

Frame Dice::frame() {
    Frame frame;
    frame.reserve(256);
    put(frame, destination_mac().octets);
    put(frame, source_mac().octets);
    put_tags(frame);
    put_payload(frame);
    if (one_in(8))
        mutate(frame);
    // With the bridge's tag it would be longer than a device takes, of which XDP says nothing.
    if (setup_.hook == Hook::xdp && frame.size() > mtu + ethernet_header &&
        frame.size() <= mtu + ethernet_header + 2 * tag_length)
        frame.resize(mtu + ethernet_header);
    return frame;
}

void Dice::put_tags(Frame& frame) {
    const unsigned tags = any<unsigned>({0, 0, 0, 0, 1, 1, 1, 1, 2, 3});
    const auto own =
        static_cast<std::uint16_t>(setup_.kind == Kind::plain ? Kind::vlan : setup_.kind);
    for (unsigned i = 0; i < tags; i++) {
        put16(frame, one_in(5) ? any<unsigned>({0x8100, 0x88a8, 0x9100}) : own);
        put16(frame, number(16) << 12 | any_vid());
    }
}

void Dice::put_payload(Frame& frame) {
    switch (number(16)) {
    case 0: // LLC/SNAP, behind a length
        put16(frame, 46);
        put(frame, std::array<std::uint8_t, 5>{0xaa, 0xaa, 0x03, 0, 0});
        put8(frame, any<std::uint8_t>({0, 0, 0xf8, 0x0c}));
        return put_network(frame, any({ipv4_type, ipv6_type, arp_type}));
    case 1:
        put16(frame, one_in(2) ? word() : any<unsigned>({0, 0x0026, 0x88cc, 0x88f7, 0xffff}));
        return put_filling(frame, 64);
    case 2:
    case 3:
        return put_network(frame, arp_type);
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
        return put_network(frame, ipv6_type);
    default:
        return put_network(frame, ipv4_type);
    }
}

void Dice::put_network(Frame& frame, std::uint16_t ethertype) {
    put16(frame, ethertype);
    if (ethertype == arp_type)
        put_arp(frame);
    else if (ethertype == ipv4_type)
        put_ipv4(frame);
    else
        put_ipv6(frame);
}

void Dice::put_arp(Frame& frame) {
    const Mac sender = one_in(4) ? host() : mac_at(frame, 6);
    put(frame, std::array<std::uint8_t, 6>{0, 1, 8, 0, 6, 4});
    put16(frame, 1 + number(2));
    put(frame, sender.octets);
    put4(frame, one_in(6) ? Ip{} : any_ip(true));
    put(frame, host().octets);
    put4(frame, any_ip(true));
    put_filling(frame, 18);
}

void Dice::put_filling(Frame& frame, std::size_t most) {
    frame.resize(frame.size() + number(static_cast<std::uint32_t>(most) + 1), byte());
}

void Dice::put_ipv4(Frame& frame) {
    const std::size_t at = frame.size();
    const unsigned options = one_in(12) ? number(11) : 0;
    const bool asks_dhcp = one_in(10);
    const auto protocol =
        asks_dhcp ? udp_protocol
                  : any<std::uint8_t>({udp_protocol, udp_protocol, udp_protocol, tcp_protocol,
                                       tcp_protocol, icmp_protocol, 2, 47});
    const Mac sender = mac_at(frame, 6);
    put8(frame, static_cast<std::uint8_t>(0x45 + options));
    put8(frame, byte());
    put16(frame, 0); // the length, below
    put16(frame, word());
    put16(frame, one_in(12) ? any<unsigned>({0x2000, 0x2010, 0x0010, 0x1fff}) : 0x4000);
    put8(frame, one_in(6) ? any<std::uint8_t>({0, 1, 2, 255}) : 64);
    put8(frame, protocol);
    put16(frame, 0);                              // the checksum, below
    put4(frame, asks_dhcp ? Ip{} : any_ip(true)); // from nobody yet
    put4(frame, any_ip(true));
    frame.resize(frame.size() + options * std::size_t{4}, 1);
    const std::size_t transport = frame.size();
    put_transport(frame, protocol, sender);
    if (asks_dhcp && !one_in(4)) {
        sandbox::store16(frame, transport, 68);
        sandbox::store16(frame, transport + 2, 67);
    }
    sandbox::store16(frame, at + 2, static_cast<std::uint16_t>(frame.size() - at));
    const auto header = std::span(frame).subspan(at, transport - at);
    sandbox::store16(frame, at + 10, one_in(30) ? word() : sandbox::internet_checksum(header));
    if (one_in(40))
        complete_partially(frame, at, transport, true);
    if (one_in(6))
        put_filling(frame, 20); // a trailer
}

void Dice::put_ipv6(Frame& frame) {
    const std::size_t at = frame.size();
    const auto protocol =
        any<std::uint8_t>({udp_protocol, udp_protocol, tcp_protocol, icmpv6_protocol,
                           icmpv6_protocol, icmpv6_protocol, 59});
    const Mac sender = mac_at(frame, 6);
    put16(frame, 0x6000U | byte());
    put16(frame, word());
    put16(frame, 0); // the length, below
    put8(frame, protocol);
    put8(frame, one_in(6) ? any<std::uint8_t>({0, 1, 2}) : 255);
    const bool from_link_local = one_in(4);
    put(frame, (from_link_local ? link_local_of(one_in(4) ? host() : sender)
                : one_in(10)    ? Ip{}
                                : any_ip(false))
                   .octets);
    put(frame, any_ip(false).octets);
    if (one_in(6))
        frame[at + 6] = put_extensions(frame, protocol);
    const std::size_t transport = frame.size();
    put_transport(frame, protocol, sender);
    sandbox::store16(frame, at + 4, static_cast<std::uint16_t>(frame.size() - at - 40));
    if (one_in(40))
        complete_partially(frame, at, transport, false);
    if (one_in(10))
        put_filling(frame, 20);
}

// Returns the type of the first.
std::uint8_t Dice::put_extensions(Frame& frame, std::uint8_t protocol) {
    constexpr std::uint8_t fragment = 44;
    const unsigned count = one_in(6) ? 7 + number(4) : 1 + number(3);
    std::vector<std::uint8_t> types;
    for (unsigned i = 0; i < count; i++)
        types.push_back(any<std::uint8_t>({0, 43, fragment, 51, 60, 60, 60, 135, 139, 140}));
    for (unsigned i = 0; i < count; i++) {
        put8(frame, i + 1 < count ? types[i + 1] : protocol);
        const unsigned longer = types[i] == 51 ? 0 : number(2);
        put8(frame, static_cast<std::uint8_t>(longer));
        put16(frame, types[i] == fragment ? any<unsigned>({0, 1, 1, 8, 9}) : 0);
        put16(frame, 0);
        put16(frame, 0);
        if (types[i] != fragment)
            frame.resize(frame.size() + longer * std::size_t{8}, 0);
    }
    return types[0];
}

void Dice::put_transport(Frame& frame, std::uint8_t protocol, const Mac& sender) {
    const auto transport_port = [&] {
        return any<unsigned>({0, 1, 67, 68, 79, 80, 80, 546, 547, 100, 199, 1024, 65535});
    };
    if (protocol == icmpv6_protocol && !one_in(3))
        return put_nd(frame, sender);
    if (protocol == icmp_protocol || protocol == icmpv6_protocol || protocol == 2) {
        put8(frame, any<std::uint8_t>({0, 8, 131, 132, 143, 130}));
        put8(frame, 0);
        put16(frame, word());
        return put_filling(frame, 24);
    }
    if (protocol == tcp_protocol || protocol == udp_protocol) {
        put16(frame, transport_port());
        put16(frame, transport_port());
    }
    if (protocol == tcp_protocol) {
        frame.resize(frame.size() + 8, byte());
        put16(frame, 0x5010);
        put16(frame, word());
        put16(frame, word()); // the checksum
        put16(frame, 0);
    }
    if (protocol == udp_protocol) {
        put16(frame, word());
        put16(frame, word());
    }
    put_filling(frame, 24);
    if (one_in(200)) // about as long as frames get, or longer
        frame.resize(1490 + number(50), byte());
}

void Dice::put_nd(Frame& frame, const Mac& sender) {
    const auto type = any<std::uint8_t>({133, 134, 135, 135, 136, 136, 137});
    put8(frame, type);
    put8(frame, 0);
    put16(frame, word());
    frame.resize(frame.size() + 4, 0);
    if (type == 134)
        frame.resize(frame.size() + 8, 0);
    if (type >= 135)
        put(frame, (one_in(4) ? link_local_of(sender) : any_ip(false)).octets);
    if (type == 137)
        put(frame, any_ip(false).octets);
    const unsigned options = one_in(20) ? 15 + number(4) : number(3);
    for (unsigned i = 0; i < options; i++) {
        put8(frame, any<std::uint8_t>({1, 2, 2, 5}));
        put8(frame, one_in(12) ? any<std::uint8_t>({0, 2, 255}) : 1);
        put(frame, (one_in(4) ? host() : sender).octets);
    }
}

// As a sender does that leaves the rest to its device.
void Dice::complete_partially(Frame& frame, std::size_t network, std::size_t transport, bool ipv4) {
    const std::uint8_t protocol = frame[network + (ipv4 ? 9 : 6)];
    if ((protocol != tcp_protocol && protocol != udp_protocol) || !has(frame, transport, 20))
        return;
    const auto addresses = std::span(frame).subspan(network + (ipv4 ? 12 : 8), ipv4 ? 8 : 32);
    std::uint32_t sum = protocol;
    sum += ipv4 ? static_cast<std::uint32_t>(sandbox::load16(frame, network + 2)) -
                      static_cast<std::uint32_t>(transport - network)
                : sandbox::load16(frame, network + 4);
    for (std::size_t i = 0; i < addresses.size(); i += 2)
        sum += sandbox::load16(addresses, i);
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    sandbox::store16(frame, transport + (protocol == tcp_protocol ? 16 : 6),
                     static_cast<std::uint16_t>(sum));
}

void Dice::mutate(Frame& frame) {
    switch (number(6)) {
    case 0: // cut off
        frame.resize(ethernet_header +
                     number(static_cast<std::uint32_t>(frame.size() - ethernet_header) + 1));
        break;
    case 1: // nothing but noise
        for (std::size_t i = one_in(2) ? 0 : 12; i < frame.size(); i++)
            frame[i] = byte();
        break;
    default: // some bytes changed
        for (unsigned i = 1 + number(4); i > 0; i--) {
            const std::size_t at = number(static_cast<std::uint32_t>(frame.size()));
            frame[at] = one_in(2) ? byte() : static_cast<std::uint8_t>(frame[at] ^ 1U << number(8));
        }
    }
}

} // namespace xdpbridge::model
