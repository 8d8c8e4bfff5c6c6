// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// bpf/port_guard.h: what the host behind a port must not send. Real hosts are guards_test.cpp's.
#include "support/guard_frames.h"
#include "support/switch_test.h"

#include <fmt/format.h>

namespace xdpbridge::test {
namespace {

const std::string own = "02:00:00:00:00:01";
const std::string peer = "02:00:00:00:00:02";
const std::string own_ip = "10.0.0.1", peer_ip = "10.0.0.2";
const std::string own_ip6 = "2001:db8::1", peer_ip6 = "2001:db8::2";
const Sender me = {own, own_ip};
const Sender me6 = {own, own_ip6};

class PortGuardTest : public HookTest {
  protected:
    explicit PortGuardTest(const BridgeOptions& options = {}) : HookTest(options) {}
    const Port port_ = add_port();
    const Port there_ = add_port();
    Guards guards_ = bridge_.guards();

    void set(const PortSettings& settings) { ports_.set(port_.device, {.settings = settings}); }
    void bind(const std::string& address, const std::string& ip = {}) {
        guards_.add(port_.device, mac(address), ip.empty() ? std::nullopt : Ip::parse(ip));
    }
    void bind_all() {
        bind(own, own_ip);
        bind(own, own_ip6);
    }
    std::string send(const Frame& frame) { return HookTest::send(port_, frame); }

    // What becomes of it is the same with one tag, with two, and in LLC/SNAP form.
    void expect(const std::string& outcome, const Frame& frame, const std::string& what) {
        EXPECT_EQ(send(frame), outcome) << what;
        EXPECT_EQ(send(tagged(frame, {5})), outcome) << what << ", tagged";
        EXPECT_EQ(send(tagged(frame, {0, 6})), outcome) << what << ", with two tags";
        EXPECT_EQ(send(in_snap(frame)), outcome) << what << ", in LLC/SNAP";
        EXPECT_EQ(send(tagged(in_snap(frame), {5})), outcome) << what << ", tagged, in LLC/SNAP";
    }
    // No beginning of the frame gets through that is shorter than this. At tc with a tag:
    // BPF_PROG_RUN makes no skb of less than a whole IP header.
    void expect_cuts(const std::string& outcome, const Frame& frame, std::size_t end) {
        const bool tc = GetParam() == Hook::tc;
        const Frame whole = tc ? tagged(frame, {5}) : frame;
        for (std::size_t size = 14; size < end; size++) {
            const auto length = static_cast<long>(size + (tc ? 4 : 0));
            EXPECT_EQ(send(Frame(whole.begin(), whole.begin() + length)), outcome)
                << "cut to " << size << " bytes";
        }
    }
    void expect_all_cuts(const std::string& outcome, const Frame& frame) {
        expect_cuts(outcome, frame, frame.size() + 1);
    }
};

TEST_P(PortGuardTest, WithoutGuardsAnythingGoes) {
    expect("flooded", udp4({own, peer_ip}, everybody, "255.255.255.255", 67, 68), "DHCP offer");
    expect("flooded", arp(own, everybody, 2, {peer, peer_ip}, own_ip), "ARP");
    expect("flooded", router_advertisement({own, link_local(own)}), "RA");
    EXPECT_EQ(send(tagged(udp4(me, peer, peer_ip), {1, 2, 3})), "flooded");
}

// The source MAC.

TEST_P(PortGuardTest, OnlyBoundMacsMaySend) {
    set({.source_guard = SourceGuard::mac});
    expect("dropped mac_guard", udp4(me, peer, peer_ip), "before it is bound");
    EXPECT_TRUE(table().empty()) << "the FDB was poisoned";
    bind(own);
    expect("flooded", udp4({own, "192.0.2.99"}, peer, peer_ip), "any address");
    expect("dropped mac_guard", udp4({peer, own_ip}, own, own_ip), "another MAC");
    EXPECT_EQ(HookTest::send(there_, udp4({peer, own_ip}, own, own_ip)), "forwarded")
        << "no guard there";
    guards_.remove(port_.device, mac(own));
    expect("dropped mac_guard", udp4(me, peer, peer_ip), "after it was unbound");
    set({.source_guard = SourceGuard::off});
    expect("forwarded", udp4(me, peer, peer_ip), "without the guard");
}

TEST_P(PortGuardTest, ABindingIsThatOfOnePort) {
    set({.source_guard = SourceGuard::mac});
    guards_.add(there_.device, mac(own));
    expect("dropped mac_guard", udp4(me, peer, peer_ip), "bound to another port");
}

TEST_P(PortGuardTest, EachOctetOfTheMacCounts) {
    set({.source_guard = SourceGuard::mac});
    bind(own);
    for (std::size_t octet = 0; octet < 6; octet++) {
        Frame frame = udp4(me, peer, peer_ip);
        frame[6 + octet] ^= 0x40;
        EXPECT_EQ(send(frame), "dropped mac_guard") << octet;
    }
}

TEST_P(PortGuardTest, AnAddressBindsItsMacToo) {
    set({.source_guard = SourceGuard::mac});
    bind(own, own_ip);
    bind(own, own_ip6);
    expect("flooded", udp4(me, peer, peer_ip), "bound with an address");
    guards_.remove(port_.device, mac(own), Ip::parse(own_ip));
    expect("flooded", udp4(me, peer, peer_ip), "another address binds it still");
    guards_.remove(port_.device, mac(own), Ip::parse(own_ip6));
    expect("dropped mac_guard", udp4(me, peer, peer_ip), "nothing binds it");
}

// The source address.

TEST_P(PortGuardTest, OnlyBoundAddressesMaySend) {
    set({.source_guard = SourceGuard::ip});
    bind_all();
    expect("flooded", udp4(me, peer, peer_ip), "own IPv4");
    expect("flooded", udp6(me6, peer, peer_ip6), "own IPv6");
    expect("dropped ip_guard", udp4({own, peer_ip}, peer, own_ip), "another's IPv4");
    expect("dropped ip_guard", udp6({own, peer_ip6}, peer, own_ip6), "another's IPv6");
    expect("dropped ip_guard", udp6({own, "::ffff:10.0.0.2"}, peer, own_ip6), "mapped IPv4");
    expect("dropped mac_guard", udp4({peer, own_ip}, own, own_ip), "own address, another MAC");
}

TEST_P(PortGuardTest, AMacAloneHasNoAddress) {
    set({.source_guard = SourceGuard::ip});
    bind(own);
    expect("dropped ip_guard", udp4(me, peer, peer_ip), "IPv4");
    expect("dropped ip_guard", udp6(me6, peer, peer_ip6), "IPv6");
    EXPECT_EQ(send(Ethernet{.dst = peer, .src = own, .type = 0x88b5} / Payload{46}), "flooded")
        << "not IP";
}

TEST_P(PortGuardTest, ABoundIPv4AddressIsNoIPv6Address) {
    set({.source_guard = SourceGuard::ip});
    bind(own, "::a00:1"); // the bytes of 10.0.0.1, at the end
    expect("dropped ip_guard", udp4(me, peer, peer_ip), "IPv4");
    expect("flooded", udp6({own, "::a00:1"}, peer, peer_ip6), "IPv6");
}

TEST_P(PortGuardTest, EachOctetOfTheAddressCounts) {
    set({.source_guard = SourceGuard::ip});
    bind_all();
    for (std::size_t octet = 0; octet < 16; octet++) {
        Frame frame = udp6(me6, peer, peer_ip6);
        frame[14 + 8 + octet] ^= 0x10;
        EXPECT_EQ(send(frame), "dropped ip_guard") << octet;
    }
    for (std::size_t octet = 0; octet < 4; octet++) {
        Frame frame = udp4(me, peer, peer_ip);
        frame[14 + 12 + octet] ^= 0x10;
        EXPECT_EQ(send(frame), "dropped ip_guard") << octet;
    }
}

TEST_P(PortGuardTest, WhoHasNoAddressYetMayAskForOne) {
    set({.source_guard = SourceGuard::ip});
    bind(own);
    expect("flooded", udp4({own, "0.0.0.0"}, everybody, "255.255.255.255", 68, 67), "DHCP");
    expect("dropped ip_guard", udp4({own, "0.0.0.0"}, everybody, "255.255.255.255", 68, 68),
           "not to a server");
    expect("dropped ip_guard", udp4({own, "0.0.0.0"}, everybody, "255.255.255.255", 67, 67),
           "not from a client");
    expect("dropped ip_guard",
           Ethernet{.dst = everybody, .src = own} / IPv4{.src = "0.0.0.0", .dst = peer_ip} /
               sandbox::Tcp{.sport = 68, .dport = 67},
           "TCP");
    expect("flooded", neighbour_solicitation({own, "::"}, own_ip6), "DAD");
    expect("flooded", router_solicitation({own, "::"}), "RS");
    expect("flooded",
           extended(Ethernet{.dst = "33:33:00:00:00:16", .src = own} /
                        sandbox::IPv6{.src = "::", .dst = "ff02::16", .hop_limit = 1} /
                        sandbox::Icmp6{.type = 143} / Payload{24},
                    {hop_by_hop}),
           "MLDv2 report");
    for (const int type : {1, 128, 129, 130, 134, 136, 137})
        expect("dropped ip_guard",
               Ethernet{.dst = all_nodes_mac, .src = own} /
                   sandbox::IPv6{.src = "::", .dst = "ff02::1", .hop_limit = 255} /
                   sandbox::Icmp6{.type = static_cast<std::uint8_t>(type)} / Payload{24},
               fmt::format("ICMPv6 type {} from ::", type));
    expect("dropped ip_guard", udp6({own, "::"}, all_nodes_mac, "ff02::1"), "UDP from ::");
    expect("dropped ip_guard",
           extended(neighbour_solicitation({own, "::"}, own_ip6), {fragment_header(0, false)}),
           "DAD in a fragment");
}

TEST_P(PortGuardTest, TheLinkLocalAddressOfTheMacNeedsNoBinding) {
    set({.source_guard = SourceGuard::ip});
    bind(own);
    const std::string address = link_local(own);
    expect("flooded", udp6({own, address}, peer, peer_ip6), address);
    for (std::size_t octet = 0; octet < 16; octet++) {
        Frame frame = udp6({own, address}, peer, peer_ip6);
        frame[14 + 8 + octet] ^= 1;
        EXPECT_EQ(send(frame), "dropped ip_guard") << octet;
    }
    expect("dropped ip_guard", udp6({own, "fe80::1"}, peer, peer_ip6), "a router's, perhaps");
    bind(own, "fe80::1");
    expect("flooded", udp6({own, "fe80::1"}, peer, peer_ip6), "bound");
}

TEST_P(PortGuardTest, AnAddressThatCannotBeSeenIsNotBound) {
    set({.source_guard = SourceGuard::ip});
    bind_all();
    Frame frame = udp4(me, peer, peer_ip);
    expect_cuts("dropped ip_guard", frame, 14 + 20);
    frame[14] = 0x44;
    EXPECT_EQ(send(frame), "dropped ip_guard") << "a header of 16 bytes";
    frame[14] = 0x65;
    EXPECT_EQ(send(frame), "dropped ip_guard") << "version 6";
    frame[14] = 0x46;
    sandbox::store16(frame, 16, 20);
    EXPECT_EQ(send(frame), "dropped ip_guard") << "a packet shorter than its header";
    frame = udp6(me6, peer, peer_ip6);
    expect_cuts("dropped ip_guard", frame, 14 + 40);
    frame[14] = 0x40;
    EXPECT_EQ(send(frame), "dropped ip_guard") << "version 4";
    EXPECT_EQ(send(tagged(udp4(me, peer, peer_ip), {1, 2, 3})), "dropped ip_guard");
    Frame cut = udp4(me, peer, peer_ip);
    cut.resize(14 + 20);
    EXPECT_EQ(send(cut), "flooded") << "the address is there";
}

TEST_P(PortGuardTest, FragmentsHaveAnAddressToo) {
    set({.source_guard = SourceGuard::ip});
    bind_all();
    for (const auto& fragment : ipv4_fragments(udp4(me, peer, peer_ip), 8))
        expect("flooded", fragment, "own IPv4");
    for (const auto& fragment : ipv4_fragments(udp4({own, peer_ip}, peer, own_ip), 8))
        expect("dropped ip_guard", fragment, "another's IPv4");
    for (const auto& fragment : ipv6_fragments(udp6(me6, peer, peer_ip6), 8))
        expect("flooded", fragment, "own IPv6");
    for (const auto& fragment : ipv6_fragments(udp6({own, peer_ip6}, peer, own_ip6), 8))
        expect("dropped ip_guard", fragment, "another's IPv6");
}

// ARP.

TEST_P(PortGuardTest, ArpSpeaksForItsSenderAlone) {
    set({.arp_guard = true});
    bind_all();
    for (const std::uint16_t op : {std::uint16_t{1}, std::uint16_t{2}}) {
        expect("flooded", arp(own, everybody, op, me, peer_ip), "own");
        expect("flooded", arp(own, everybody, op, me, own_ip), "own, gratuitous");
        expect("dropped arp_guard", arp(own, everybody, op, {own, peer_ip}, own_ip),
               "another's address");
        expect("dropped arp_guard", arp(own, everybody, op, {peer, own_ip}, peer_ip),
               "another's MAC");
        expect("dropped arp_guard", arp(peer, everybody, op, {peer, own_ip}, peer_ip),
               "an address that is bound with another MAC");
    }
    expect("flooded", arp(own, everybody, 1, {own, "0.0.0.0"}, own_ip), "a probe");
    expect("dropped arp_guard", arp(own, everybody, 2, {own, "0.0.0.0"}, own_ip), "no probe");
    EXPECT_EQ(send(udp4({own, peer_ip}, everybody, own_ip)), "flooded") << "not ARP";
}

TEST_P(PortGuardTest, ArpThatIsNotOfEthernetAndIPv4) {
    set({.arp_guard = true});
    bind_all();
    const Frame good = arp(own, everybody, 1, me, peer_ip);
    for (const auto& [offset, value] : std::vector<std::pair<std::size_t, std::uint16_t>>{
             {14, 6}, {14, 0}, {16, 0x0806}, {18, 0x0804}, {18, 0x0606}, {18, 0x0600}}) {
        Frame frame = good;
        sandbox::store16(frame, offset, value);
        EXPECT_EQ(send(frame), "dropped arp_guard") << offset << " " << value;
    }
    expect_cuts("dropped arp_guard", good, good.size());
}

TEST_P(PortGuardTest, TheArpGuardLeavesAddressesToTheIpGuard) {
    set({.source_guard = SourceGuard::ip});
    bind_all();
    expect("flooded", arp(own, everybody, 2, {own, peer_ip}, own_ip), "no ARP guard");
}

// Neighbour discovery.

TEST_P(PortGuardTest, NeighbourDiscoverySpeaksForItsSenderAlone) {
    set({.arp_guard = true});
    bind_all();
    const std::string& all = all_nodes_mac;
    const Frame source = nd_option(1, own), target = nd_option(2, own);
    expect("flooded", neighbour_solicitation(me6, peer_ip6, source), "NS");
    expect("flooded", neighbour_solicitation(me6, peer_ip6), "NS without option");
    expect("flooded", neighbour_solicitation({own, link_local(own)}, peer_ip6, source), "NS LL");
    expect("flooded", neighbour_advertisement(me6, peer, peer_ip6, own_ip6, target), "NA");
    expect("flooded", neighbour_advertisement(me6, all, "ff02::1", own_ip6), "NA without option");
    expect("flooded", router_solicitation(me6, source), "RS");
    expect("flooded", router_solicitation({own, "::"}), "RS from ::");
    expect("flooded", neighbour_solicitation({own, "::"}, own_ip6), "DAD");
    expect("flooded", neighbour_solicitation({own, "::"}, link_local(own)), "DAD LL");
    expect("flooded", router_advertisement({own, link_local(own)}, source), "RA");

    expect("dropped arp_guard", neighbour_solicitation({own, peer_ip6}, own_ip6, source),
           "NS from another's address");
    expect("dropped arp_guard", neighbour_solicitation(me6, peer_ip6, nd_option(1, peer)),
           "NS with another's MAC");
    expect("dropped arp_guard", neighbour_solicitation({own, "::"}, peer_ip6),
           "DAD of another's address");
    expect("dropped arp_guard", neighbour_advertisement(me6, all, "ff02::1", peer_ip6, target),
           "NA of another's address");
    expect("dropped arp_guard",
           neighbour_advertisement(me6, all, "ff02::1", own_ip6, nd_option(2, peer)),
           "NA with another's MAC");
    expect("dropped arp_guard", router_solicitation(me6, nd_option(1, peer)), "RS");
    expect("dropped arp_guard", router_advertisement({own, "fe80::1"}, source),
           "RA from another's address");
    expect("dropped arp_guard", router_advertisement({own, "::"}, source), "RA from ::");
    expect("dropped arp_guard", router_advertisement({own, link_local(own)}, nd_option(1, peer)),
           "RA with another's MAC");
    expect("dropped arp_guard", redirect({own, "fe80::1"}, peer, peer_ip6), "redirect");
    expect("flooded", redirect({own, link_local(own)}, peer, peer_ip6, nd_option(2, peer)),
           "a redirect names another's MAC");
}

TEST_P(PortGuardTest, EachOptionOfNeighbourDiscoveryCounts) {
    set({.arp_guard = true});
    bind_all();
    const auto with = [&](std::size_t harmless, const Frame& last) {
        Frame options;
        for (std::size_t i = 0; i < harmless; i++) {
            const Frame nonce = {14, 1, 1, 2, 3, 4, 5, 6};
            options.insert(options.end(), nonce.begin(), nonce.end());
        }
        options.insert(options.end(), last.begin(), last.end());
        return neighbour_solicitation(me6, peer_ip6, options);
    };
    for (std::size_t before = 0; before < 16; before++) {
        EXPECT_EQ(send(with(before, nd_option(1, own))), "flooded") << before;
        EXPECT_EQ(send(with(before, nd_option(1, peer))), "dropped arp_guard") << before;
    }
    EXPECT_EQ(send(with(16, nd_option(1, own))), "dropped arp_guard") << "more than are looked at";
    EXPECT_EQ(send(with(0, {1, 0, 2, 0, 0, 0, 0, 1})), "dropped arp_guard") << "length 0";
    EXPECT_EQ(send(with(0, {1, 2, 2, 0, 0, 0, 0, 1})), "dropped arp_guard") << "beyond the end";
    EXPECT_EQ(send(with(0, {1, 1, 2, 0})), "dropped arp_guard") << "cut off";
    EXPECT_EQ(send(with(0, {1, 2, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0})), "dropped arp_guard")
        << "a MAC of 14 bytes";
    EXPECT_EQ(send(with(0, {14, 2, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0})), "flooded");
}

TEST_P(PortGuardTest, WhatFollowsTheDatagramIsNoOption) {
    set({.arp_guard = true});
    bind_all();
    Frame padded = neighbour_solicitation(me6, peer_ip6, nd_option(1, own));
    padded.resize(padded.size() + 12, 0);
    EXPECT_EQ(send(padded), "flooded");
}

TEST_P(PortGuardTest, NeighbourDiscoveryInFragmentsOrCut) {
    set({.arp_guard = true});
    bind_all();
    const Frame good = neighbour_solicitation(me6, peer_ip6, nd_option(1, own));
    expect("dropped arp_guard", extended(good, {fragment_header(0, false)}), "atomic fragment");
    expect("dropped arp_guard", ipv6_fragments(good, 16)[0], "first fragment");
    expect("flooded", ipv6_fragments(good, 16)[1], "the rest, of which nothing comes");
    expect("flooded", extended(good, {hop_by_hop, destination_options}), "behind extensions");
    expect_cuts("dropped arp_guard", good, good.size());
}

// DHCP.

TEST_P(PortGuardTest, WhatADhcpServerSaysIsDropped) {
    set({.dhcp_guard = true});
    const std::string all = "255.255.255.255";
    expect("dropped dhcp_guard", udp4(me, everybody, all, 67, 68), "an offer");
    expect("dropped dhcp_guard", udp4(me, peer, peer_ip, 67, 68), "an offer to one");
    expect("dropped dhcp_guard", udp4(me, peer, peer_ip, 67, 67), "to a relay");
    expect("dropped dhcp_guard", udp4(me, peer, peer_ip, 6767, 68), "from another port");
    expect("dropped dhcp_guard", udp6(me6, peer, peer_ip6, 547, 546), "DHCPv6");
    expect("dropped dhcp_guard", udp6(me6, peer, peer_ip6, 547, 1000), "DHCPv6 server");
    expect("dropped dhcp_guard", udp6(me6, peer, peer_ip6, 1000, 546), "to a DHCPv6 client");
    expect("flooded", udp4({own, "0.0.0.0"}, everybody, all, 68, 67), "a client's request");
    expect("flooded", udp6(me6, "33:33:00:01:00:02", "ff02::1:2", 546, 547), "a DHCPv6 client's");
    expect("flooded", udp4(me, peer, peer_ip, 546, 547), "not DHCP in IPv4");
    expect("flooded", udp6(me6, peer, peer_ip6, 68, 67), "not DHCP in IPv6");
    expect("flooded",
           Ethernet{.dst = peer, .src = own} / IPv4{.src = own_ip, .dst = peer_ip} /
               sandbox::Tcp{.sport = 67, .dport = 68},
           "TCP");
}

TEST_P(PortGuardTest, DhcpBehindOptionsAndExtensions) {
    set({.dhcp_guard = true});
    const Frame reply = udp6(me6, peer, peer_ip6, 547, 546);
    expect("dropped dhcp_guard", extended(reply, {hop_by_hop, destination_options}), "extensions");
    Frame options = udp4(me, everybody, "255.255.255.255", 67, 68);
    options.insert(options.begin() + 34, {1, 1, 1, 0});
    options[14] = 0x46;
    sandbox::store16(options, 16, static_cast<std::uint16_t>(options.size() - 14));
    expect("dropped dhcp_guard", options, "IPv4 options");
}

TEST_P(PortGuardTest, DhcpInFragments) {
    set({.dhcp_guard = true});
    const auto fragments = ipv4_fragments(udp4(me, peer, peer_ip, 67, 68), 8);
    expect("dropped dhcp_guard", fragments[0], "the first");
    expect("flooded", fragments[1], "the rest, of which nothing comes");
    const auto v6 = ipv6_fragments(udp6(me6, peer, peer_ip6, 547, 546), 8);
    expect("dropped dhcp_guard", v6[0], "the first of IPv6");
    expect("flooded", v6[1], "the rest of IPv6");
    const auto hidden =
        ipv6_fragments(udp6(me6, peer, peer_ip6, 547, 546), 8, {destination_options});
    expect("dropped dhcp_guard", hidden[0], "a first fragment without the UDP header");
}

TEST_P(PortGuardTest, DhcpCutOff) {
    set({.dhcp_guard = true});
    expect_all_cuts("dropped dhcp_guard", udp4(me, everybody, "255.255.255.255", 67, 68));
    expect_all_cuts("dropped dhcp_guard", udp6(me6, peer, peer_ip6, 547, 546));
    Frame lies = udp4(me, everybody, "255.255.255.255", 67, 68);
    sandbox::store16(lies, 16, 22);
    EXPECT_EQ(send(lies), "dropped dhcp_guard") << "a packet that ends before the ports";
}

// Routers.

TEST_P(PortGuardTest, WhatAnIPv6RouterSaysIsDropped) {
    set({.ra_guard = true});
    const Sender speaker = {own, link_local(own)};
    expect("dropped ra_guard", router_advertisement(speaker, nd_option(1, own), true), "RA");
    expect("dropped ra_guard", redirect(speaker, peer, peer_ip6), "redirect");
    expect("flooded", router_solicitation(speaker, nd_option(1, own)), "RS");
    expect("flooded", neighbour_solicitation(me6, peer_ip6, nd_option(1, own)), "NS");
    expect("flooded", neighbour_advertisement(me6, peer, peer_ip6, own_ip6), "NA");
    expect("flooded",
           Ethernet{.dst = peer, .src = own} / IPv4{.src = own_ip, .dst = peer_ip} /
               sandbox::Icmp{.type = 134} / Payload{40},
           "ICMP of IPv4");
    expect("flooded", udp6(me6, peer, peer_ip6, 134, 134), "UDP");
}

TEST_P(PortGuardTest, ARouterBehindExtensionHeaders) {
    set({.ra_guard = true});
    const Frame ra = router_advertisement({own, link_local(own)}, nd_option(1, own));
    const Extension routing = {43, Frame(8)}, authentication = {51, {0, 4, 0, 0, 0, 0, 0, 1}},
                    mobility = {135, Frame(8)}, hip = {139, Frame(8)}, shim6 = {140, Frame(8)};
    Extension ah = authentication;
    ah.bytes.resize(24); // (4 + 2) * 4
    Extension large = destination_options;
    large.bytes[1] = 20;
    large.bytes.resize(168);
    for (const auto& [name, extension] : std::vector<std::pair<std::string, Extension>>{
             {"hop-by-hop options", hop_by_hop},
             {"destination options", destination_options},
             {"routing", routing},
             {"authentication", ah},
             {"mobility", mobility},
             {"HIP", hip},
             {"Shim6", shim6},
             {"atomic fragment", fragment_header(0, false)},
             {"168 bytes of options", large}}) {
        expect("dropped ra_guard", extended(ra, {extension}), name);
        expect("flooded", extended(udp6(me6, peer, peer_ip6), {extension}), "UDP behind " + name);
    }
}

TEST_P(PortGuardTest, AChainOfHeadersUpToTheBoundAndBeyond) {
    set({.ra_guard = true});
    const Frame ra = router_advertisement({own, link_local(own)});
    const Frame udp = udp6(me6, peer, peer_ip6);
    for (std::size_t count = 1; count <= 12; count++) {
        const std::vector<Extension> chain(count, destination_options);
        EXPECT_EQ(send(extended(ra, chain)), "dropped ra_guard") << count;
        EXPECT_EQ(send(extended(udp, chain)), count <= 8 ? "flooded" : "dropped ra_guard")
            << count << " headers";
    }
}

TEST_P(PortGuardTest, ARouterInFragments) {
    set({.ra_guard = true});
    const Frame ra = router_advertisement({own, link_local(own)}, nd_option(1, own), true);
    const auto plain = ipv6_fragments(ra, 24);
    expect("dropped ra_guard", plain[0], "the first fragment");
    expect("flooded", plain[1], "the rest, of which nothing comes");
    const auto hidden = ipv6_fragments(ra, 8, {destination_options});
    expect("dropped ra_guard", hidden[0], "a first fragment without the ICMPv6 header");
    expect("flooded", hidden[1], "the rest");
    expect("flooded", ipv6_fragments(udp6(me6, peer, peer_ip6), 16)[0], "UDP's first fragment");
}

TEST_P(PortGuardTest, ARouterCutOff) {
    set({.ra_guard = true});
    const Frame ra = router_advertisement({own, link_local(own)}, nd_option(1, own), true);
    expect_all_cuts("dropped ra_guard", ra);
    expect_all_cuts("dropped ra_guard",
                    extended(ra, {hop_by_hop, destination_options, fragment_header(0, false)}));
    Frame lies = ra;
    for (std::uint16_t length = 1; length < 4; length++) {
        sandbox::store16(lies, 18, length);
        EXPECT_EQ(send(lies), "dropped ra_guard") << "a payload of " << length;
    }
    expect("dropped ra_guard", tagged(ra, {1, 2, 3}), "more tags than we follow");
    Frame snap_tag = tagged(ra, {1});
    snap_tag = in_snap(snap_tag);
    EXPECT_EQ(send(snap_tag), "dropped ra_guard") << "a tag behind LLC/SNAP";
}

// All of them.

TEST_P(PortGuardTest, AnExtensionHeaderOfAnyLengthIsNeverReadBeyondTheFrame) {
    set({.arp_guard = true, .dhcp_guard = true, .ra_guard = true});
    bind_all();
    for (unsigned length = 0; length < 256; length++)
        for (const std::uint8_t type : {0, 43, 51, 60}) {
            Frame frame = extended(udp6(me6, peer, peer_ip6), {{type, Frame(8)}});
            frame[14 + 41] = static_cast<std::uint8_t>(length);
            const std::string outcome = send(frame);
            const bool fits = type == 51 ? length <= 10 : length <= 4;
            if (fits)
                EXPECT_NE(outcome, "miscounted") << int{type} << " " << length;
            else
                EXPECT_EQ(outcome, "dropped arp_guard") << int{type} << " " << length;
        }
}

TEST_P(PortGuardTest, LegitimateTrafficPassesThemAll) {
    set({.source_guard = SourceGuard::ip,
         .arp_guard = true,
         .dhcp_guard = true,
         .ra_guard = true,
         .bpdu_guard = true});
    bind_all();
    expect("flooded", arp(own, everybody, 1, me, peer_ip), "ARP");
    expect("flooded", neighbour_solicitation(me6, peer_ip6, nd_option(1, own)), "NS");
    expect("flooded", udp4(me, peer, peer_ip), "IPv4");
    expect("flooded", udp6(me6, peer, peer_ip6), "IPv6");
    expect("flooded", udp4({own, "0.0.0.0"}, everybody, "255.255.255.255", 68, 67), "DHCP");
    EXPECT_EQ(learned(port_), 1U);
}

TEST_P(PortGuardTest, WhatIsDroppedTeachesNothing) {
    set({.source_guard = SourceGuard::ip, .arp_guard = true, .dhcp_guard = true, .ra_guard = true});
    bind_all();
    send(udp4({peer, own_ip}, everybody, peer_ip));
    send(udp4({own, peer_ip}, everybody, own_ip));
    send(arp(own, everybody, 2, {own, peer_ip}, own_ip));
    send(udp4(me, everybody, peer_ip, 67, 68));
    send(router_advertisement({own, link_local(own)}));
    EXPECT_TRUE(table().empty());
    EXPECT_EQ(counters(port_).dropped_total(), 5U);
}

TEST_P(PortGuardTest, BindingsGoWithTheirPort) {
    bind_all();
    guards_.add(there_.device, mac(peer));
    ports_.remove(port_.device);
    const auto left = guards_.list();
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].mac, mac(peer));
}

XDPB_AT_EACH_HOOK(PortGuardTest);

class VlanPortGuardTest : public PortGuardTest {
  protected:
    VlanPortGuardTest() : PortGuardTest({.vlan_aware = true}) {
        bridge_.vlans().add(port_.device, {5, 5});
    }
    // Frames may be given or lose the bridge's tag, so only what becomes of them counts.
    std::uint64_t dropped(const Frame& frame, xdpb_drop_reason reason) {
        const auto before = counters(port_);
        inject(port_, frame);
        const auto after = counters(port_);
        EXPECT_EQ(after.rx_packets, before.rx_packets + 1);
        EXPECT_EQ(after.dropped_total() - before.dropped_total(),
                  after.dropped[reason] - before.dropped[reason]);
        return after.dropped[reason] - before.dropped[reason];
    }
};

TEST_P(VlanPortGuardTest, TheBridgesOwnTagHidesNothing) {
    set({.source_guard = SourceGuard::ip, .dhcp_guard = true, .ra_guard = true});
    bind_all();
    const Frame good = udp4(me, everybody, peer_ip);
    const Frame ra = router_advertisement({own, link_local(own)});
    const Frame offer = udp4(me, everybody, peer_ip, 67, 68);
    const Frame spoofed = udp4({own, peer_ip}, everybody, own_ip);
    for (const std::vector<std::uint16_t>& tags :
         {std::vector<std::uint16_t>{}, {5}, {0}, {5, 7}, {0, 0}}) {
        const auto what = fmt::format("{} tags", tags.size());
        EXPECT_EQ(dropped(tagged(good, tags), XDPB_DROP_IP_GUARD), 0U) << what;
        EXPECT_EQ(dropped(tagged(ra, tags), XDPB_DROP_RA_GUARD), 1U) << what;
        EXPECT_EQ(dropped(tagged(offer, tags), XDPB_DROP_DHCP_GUARD), 1U) << what;
        EXPECT_EQ(dropped(tagged(spoofed, tags), XDPB_DROP_IP_GUARD), 1U) << what;
    }
    EXPECT_EQ(dropped(tagged(ra, {9}), XDPB_DROP_VLAN), 1U) << "a VLAN that the port is not in";
}

XDPB_AT_EACH_HOOK(VlanPortGuardTest);

} // namespace
} // namespace xdpbridge::test
