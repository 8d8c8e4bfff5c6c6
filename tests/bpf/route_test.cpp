// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// bpf/route.h: which frames to the router's MAC are routed, and why the others are left to the
// stack. Everything is behind one SVI; the next hop is behind port b.
#include "support/switch_test.h"

#include "sandbox/process.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <numeric>

namespace xdpbridge::test {
namespace {

using sandbox::IPv6;
using sandbox::load16;
using sandbox::store16;
using sandbox::Tcp;

const std::string router = "02:00:00:00:00:fe";
const std::string next_hop = "02:00:00:00:00:22";

void ip(const sandbox::Argv& arguments) {
    sandbox::Argv argv{"ip"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    sandbox::check(argv);
}

class RouteStageTest : public HookTest {
  protected:
    RouteStageTest() {
        for (const char* forwarding : {"net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"})
            sandbox::check({"sysctl", "-qw", fmt::format("{}=1", forwarding)});
        bridge_.svis().add("svi0", {.mac = mac(router)});
        ip({"address", "add", "10.0.0.254/24", "dev", "svi0"});
        ip({"address", "add", "fd00::fe/64", "nodad", "dev", "svi0"});
        for (const char* address : {"10.0.0.2", "fd00::2"})
            ip({"neigh", "add", address, "lladdr", next_hop, "dev", "svi0"});
        ip({"route", "add", "10.9.0.0/16", "via", "10.0.0.2"});
        ip({"route", "add", "fd09::/64", "via", "fd00::2"});
        fdb_.add({.mac = mac(next_hop), .port = b_.number, .is_static = true});
    }

    static sandbox::Packet to_router() {
        return sandbox::Packet(Ethernet{.dst = router, .src = host(1).to_string()});
    }
    static Frame v4(const IPv4& header) { return to_router() / header / Udp{} / Payload{18}; }
    static Frame v6(const IPv6& header) { return to_router() / header / Udp{} / Payload{18}; }
    static Frame good4() { return v4({.src = "10.0.0.1", .dst = "10.9.0.1"}); }
    static Frame good6() { return v6({.src = "fd00::1", .dst = "fd09::1"}); }

    // A frame with some bytes of its IPv4 header changed, and the checksum right for that.
    static Frame changed4(std::size_t at, std::uint8_t value) {
        Frame frame = good4();
        frame[14 + at] = value;
        return with_checksum(frame);
    }
    static Frame with_checksum(Frame frame) {
        store16(frame, 24, 0);
        store16(frame, 24, sandbox::internet_checksum(std::span(frame).subspan(14, 20)));
        return frame;
    }

    std::uint64_t stack_total() {
        const auto c = counters(a_);
        return std::accumulate(std::begin(c.to_stack), std::end(c.to_stack), std::uint64_t{0});
    }
    // The reason with which the stack got a frame as it came, by the SVI.
    std::string to_stack(const Frame& frame) {
        const auto before = counters(a_);
        const auto total = stack_total();
        EXPECT_EQ(send(a_, frame), "forwarded");
        const auto after = counters(a_);
        EXPECT_EQ(after.routed, before.routed);
        if (stack_total() != total + 1)
            return "not once";
        for (unsigned reason = 0; reason < XDPB_STACK_REASON_COUNT; reason++)
            if (after.to_stack[reason] != before.to_stack[reason])
                return std::string(name_of(static_cast<xdpb_stack_reason>(reason)));
        return "nothing";
    }
    // What becomes of a frame that is routed; empty if it is not.
    Frame route(const Frame& frame) {
        const auto before = counters(a_).routed;
        Frame out(frame.size() + 256);
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_out = out.data(),
                    .data_size_in = static_cast<std::uint32_t>(frame.size()),
                    .data_size_out = static_cast<std::uint32_t>(out.size()), .repeat = 1);
        EXPECT_EQ(bpf_prog_test_run_opts(a_.program.get(), &options), 0);
        out.resize(options.data_size_out);
        return counters(a_).routed == before + 1 ? out : Frame{};
    }

    // BPF_PROG_RUN takes no skb with half an IP header. Real ones are in tests/netns.
    static std::size_t shortest(std::size_t header) {
        return GetParam() == Hook::tc ? 14 + header : 14;
    }

    const Port a_ = add_port();
    const Port b_ = add_port();
};

TEST_P(RouteStageTest, TheHeadersAreThoseOfTheNextHop) {
    for (const int ttl : {2, 3, 64, 128, 255}) {
        Frame expected = v4({.src = "10.0.0.1", .dst = "10.9.0.1", .ttl = std::uint8_t(ttl - 1)});
        Frame sent = v4({.src = "10.0.0.1", .dst = "10.9.0.1", .ttl = std::uint8_t(ttl)});
        const auto rewrite_macs = [](Frame& frame) {
            const auto dst = mac(next_hop).octets, src = mac(router).octets;
            std::copy(dst.begin(), dst.end(), frame.begin());
            std::copy(src.begin(), src.end(), frame.begin() + 6);
        };
        rewrite_macs(expected);
        EXPECT_EQ(route(sent), expected) << ttl;
        expected = v6({.src = "fd00::1", .dst = "fd09::1", .hop_limit = std::uint8_t(ttl - 1)});
        rewrite_macs(expected);
        EXPECT_EQ(route(v6({.src = "fd00::1", .dst = "fd09::1", .hop_limit = std::uint8_t(ttl)})),
                  expected)
            << ttl;
    }
}

// All checksums that a TTL can be part of: RFC 1624's corner is 0xffff.
TEST_P(RouteStageTest, TheChecksumIsRightForEachOne) {
    for (unsigned id = 0; id < 0x10000; id += 97) {
        const auto out = route(v4({.src = "10.0.0.1", .dst = "10.9.0.1", .id = std::uint16_t(id)}));
        ASSERT_EQ(out.size(), good4().size()) << id;
        EXPECT_EQ(sandbox::internet_checksum(std::span(out).subspan(14, 20)), 0) << id;
    }
    for (unsigned id = 0; id < 0x10000; id++) { // the one whose checksum is 0xfeff
        const auto frame = v4({.src = "10.0.0.1", .dst = "10.9.0.1", .id = std::uint16_t(id)});
        if (load16(frame, 24) != 0xfeff && load16(frame, 24) != 0xfe00)
            continue;
        const auto out = route(frame);
        ASSERT_FALSE(out.empty());
        EXPECT_EQ(sandbox::internet_checksum(std::span(out).subspan(14, 20)), 0) << id;
    }
}

TEST_P(RouteStageTest, WhatIsNotIp) {
    EXPECT_EQ(to_stack(to_router() / sandbox::Arp{.sender_mac = host(1).to_string(),
                                                  .sender_ip = "10.0.0.1",
                                                  .target_ip = "10.0.0.254"}),
              "not_ip");
    EXPECT_EQ(
        to_stack(Ethernet{.dst = router, .src = host(1).to_string(), .type = 0x88b5} / Payload{46}),
        "not_ip");
    EXPECT_EQ(to_stack(to_router() / Vlan{.vid = 5} / IPv4{.src = "10.0.0.1", .dst = "10.9.0.1"} /
                       Udp{} / Payload{18}),
              "not_ip")
        << "the tag is not this bridge's";
    EXPECT_EQ(to_stack(to_router() / Vlan{.vid = 5, .tpid = 0x88a8} / Vlan{.vid = 6} /
                       IPv6{.src = "fd00::1", .dst = "fd09::1"} / Udp{} / Payload{18}),
              "not_ip");
}

TEST_P(RouteStageTest, WhatIsForTheHostOrNobodyElse) {
    for (const char* dst : {"10.0.0.254", "224.0.0.5", "255.255.255.255", "127.0.0.1", "0.0.0.0",
                            "10.0.0.255", "192.0.2.1" /* no route */})
        EXPECT_EQ(to_stack(v4({.src = "10.0.0.1", .dst = dst})), "local") << dst;
    for (const char* dst : {"fd00::fe", "ff02::1", "fe80::1", "::1", "::", "2001:db8::1"})
        EXPECT_EQ(to_stack(v6({.src = "fd00::1", .dst = dst})), "local") << dst;
    EXPECT_EQ(to_stack(v6({.src = "fe80::1", .dst = "fd09::1"})), "local") << "beyond its scope";
}

TEST_P(RouteStageTest, RoutesThatLeadNowhere) {
    ip({"route", "add", "unreachable", "10.9.1.0/24"});
    ip({"route", "add", "prohibit", "10.9.2.0/24"});
    ip({"route", "add", "blackhole", "10.9.3.0/24"});
    ip({"-6", "route", "add", "unreachable", "fd09:0:0:1::/64"});
    ip({"-6", "route", "add", "prohibit", "fd09:0:0:2::/64"});
    ip({"-6", "route", "add", "blackhole", "fd09:0:0:3::/64"});
    for (const char* net : {"1", "2"}) {
        EXPECT_EQ(to_stack(v4({.src = "10.0.0.1", .dst = fmt::format("10.9.{}.1", net)})),
                  "no_route");
        EXPECT_EQ(to_stack(v6({.src = "fd00::1", .dst = fmt::format("fd09:0:0:{}::1", net)})),
                  "no_route");
    }
    EXPECT_EQ(send(a_, v4({.src = "10.0.0.1", .dst = "10.9.3.1"})), "dropped blackhole");
    EXPECT_EQ(send(a_, v6({.src = "fd00::1", .dst = "fd09:0:0:3::1"})), "dropped blackhole");
}

TEST_P(RouteStageTest, NextHopsThatAreNotKnown) {
    EXPECT_EQ(to_stack(v4({.src = "10.0.0.1", .dst = "10.0.0.3"})), "no_neighbour");
    EXPECT_EQ(to_stack(v6({.src = "fd00::1", .dst = "fd00::3"})), "no_neighbour");
    fdb_.remove(mac(next_hop));
    EXPECT_EQ(to_stack(good4()), "no_neighbour") << "known to the kernel, and behind no port";
    EXPECT_EQ(to_stack(good6()), "no_neighbour");
}

TEST_P(RouteStageTest, TheLastHop) {
    for (const std::uint8_t ttl : {std::uint8_t{0}, std::uint8_t{1}}) {
        EXPECT_EQ(to_stack(v4({.src = "10.0.0.1", .dst = "10.9.0.1", .ttl = ttl})), "ttl");
        EXPECT_EQ(to_stack(v6({.src = "fd00::1", .dst = "fd09::1", .hop_limit = ttl})), "ttl");
        EXPECT_EQ(to_stack(v4({.src = "10.0.0.1", .dst = "10.0.0.254", .ttl = ttl})), "local")
            << "a neighbour's BGP or OSPF";
    }
}

TEST_P(RouteStageTest, Options) {
    Frame with_options = good4();
    with_options[14] = 0x46;
    EXPECT_EQ(to_stack(with_checksum(with_options)), "options");
    Frame hop_by_hop = good6();
    hop_by_hop[20] = 0;
    EXPECT_EQ(to_stack(hop_by_hop), "options");
    for (const int header : {43, 44, 60}) { // routing, fragment, destination options
        Frame other = good6();
        other[20] = static_cast<std::uint8_t>(header);
        EXPECT_FALSE(route(other).empty()) << header;
    }
}

TEST_P(RouteStageTest, HeadersThatAreNotRight) {
    EXPECT_EQ(to_stack(changed4(0, 0x55)), "bad_header") << "version";
    EXPECT_EQ(to_stack(changed4(0, 0x44)), "bad_header") << "ihl";
    EXPECT_EQ(to_stack(changed4(3, 19)), "bad_header") << "shorter than itself";
    EXPECT_EQ(to_stack(changed4(2, 0x40)), "bad_header") << "longer than the frame";
    Frame wrong = good4();
    wrong[24] ^= 1;
    EXPECT_EQ(to_stack(wrong), "bad_header") << "checksum";
    for (const char* src : {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"})
        EXPECT_EQ(to_stack(v4({.src = src, .dst = "10.9.0.1"})), "bad_header") << src;
    for (const char* src : {"::", "::1", "ff02::1", "::ffff:10.0.0.1"})
        EXPECT_EQ(to_stack(v6({.src = src, .dst = "fd09::1"})), "bad_header") << src;
    Frame version = good6();
    version[14] = 0x40;
    EXPECT_EQ(to_stack(version), "bad_header");
    Frame length = good6();
    store16(length, 18, 0x4000);
    EXPECT_EQ(to_stack(length), "bad_header");
}

TEST_P(RouteStageTest, NoLengthOfAFrameIsTooShortForIt) {
    for (const auto& [whole, header] : {std::pair(good4(), 20), std::pair(good6(), 40)})
        for (std::size_t size = shortest(header); size < whole.size(); size++)
            EXPECT_EQ(to_stack(Frame(whole.begin(), whole.begin() + static_cast<long>(size))),
                      "bad_header")
                << size;
}

TEST_P(RouteStageTest, ATrailerStays) {
    Frame padded = good4();
    padded.resize(padded.size() + 20, 0x77);
    EXPECT_EQ(route(padded).size(), padded.size());
}

TEST_P(RouteStageTest, FragmentsAreRouted) {
    for (const std::uint16_t fragment : {0x2000, 0x0010, 0x2010})
        EXPECT_FALSE(
            route(v4({.src = "10.0.0.1", .dst = "10.9.0.1", .fragment = fragment})).empty());
}

TEST_P(RouteStageTest, WhatIsTooLong) {
    ip({"link", "set", "svi0", "mtu", "1280"});
    const auto sized = [](std::size_t ip_bytes, bool six) {
        return six ? Frame(to_router() / IPv6{.src = "fd00::1", .dst = "fd09::1"} / Udp{} /
                           Payload{ip_bytes - 48})
                   : Frame(to_router() / IPv4{.src = "10.0.0.1", .dst = "10.9.0.1"} / Udp{} /
                           Payload{ip_bytes - 28});
    };
    for (const bool six : {false, true}) {
        EXPECT_FALSE(route(sized(1280, six)).empty());
        EXPECT_EQ(to_stack(sized(1281, six)), "too_long");
    }
}

TEST_P(RouteStageTest, ForwardingOff) {
    sandbox::check(
        {"sysctl", "-qw", "net.ipv4.conf.svi0.forwarding=0", "net.ipv6.conf.svi0.forwarding=0"});
    EXPECT_EQ(to_stack(good4()), "forwarding_off");
    EXPECT_EQ(to_stack(good6()), "forwarding_off");
}

TEST_P(RouteStageTest, OffTheBridge) {
    make_veth("uplink");
    ip({"link", "set", "uplink", "up"});
    ip({"link", "set", "uplink-peer", "up"});
    ip({"address", "add", "192.0.2.254/24", "dev", "uplink"});
    ip({"neigh", "add", "192.0.2.1", "lladdr", "02:00:00:00:00:33", "dev", "uplink"});
    EXPECT_EQ(to_stack(v4({.src = "10.0.0.1", .dst = "192.0.2.1"})), "off_bridge");
}

TEST_P(RouteStageTest, OnlyTheRoutersMacIsRouted) {
    fdb_.add({.mac = host(9), .port = b_.number, .is_static = true});
    Frame other = good4();
    const auto dst = host(9).octets;
    std::copy(dst.begin(), dst.end(), other.begin());
    EXPECT_EQ(send(a_, other), "forwarded");
    EXPECT_EQ(stack_total(), 0U);
    EXPECT_EQ(counters(a_).routed, 0U);
}

TEST_P(RouteStageTest, ARoutedPortKeepsWhatIsNotRouted) {
    const Port c = add_port({.routed = true});
    const auto shown = sandbox::check({"ip", "-o", "link", "show", "dev", c.device}).out;
    const auto octets = mac(shown.substr(shown.find("link/ether ") + 11, 17)).octets;
    ip({"link", "set", c.device, "up"});
    ip({"link", "set", c.device + "-peer", "up"});
    ip({"address", "add", "10.3.0.254/24", "dev", c.device});
    Frame mine = v4({.src = "10.3.0.1", .dst = "10.3.0.254"});
    std::copy(octets.begin(), octets.end(), mine.begin());
    EXPECT_EQ(send(c, mine), "passed");
    EXPECT_EQ(counters(c).to_stack[XDPB_STACK_LOCAL], 1U);
    EXPECT_EQ(send(c, good4()), "passed") << "another MAC";
    EXPECT_EQ(send(c, frame(host(3), broadcast)), "passed");
    for (std::size_t size = shortest(20); size < mine.size(); size++)
        EXPECT_EQ(send(c, Frame(mine.begin(), mine.begin() + static_cast<long>(size))), "passed");
    EXPECT_EQ(counters(c).to_stack[XDPB_STACK_BAD_HEADER], mine.size() - shortest(20));
    EXPECT_FALSE(in_memory(host(3))) << "it learns nothing";
}

// The bridge's own routes: the same frames, and the kernel asked for no more than a neighbour.
class StaticRouteStageTest : public RouteStageTest {
  protected:
    StaticRouteStageTest() {
        bridge_.set_routing(Routing::own);
        for (const char* net : {"10.9.0.0/16", "fd09::/64"})
            ip({"route", "del", net});
    }
    std::uint16_t svi() { return bridge_.svis().list().at(0).number; }
    void add(const std::string& prefix, const std::string& gateway = {}) {
        Route route{.prefix = *IpPrefix::parse(prefix), .port = svi()};
        if (!gateway.empty())
            route.gateway = Ip::parse(gateway);
        bridge_.routes().add(route);
    }
};

TEST_P(StaticRouteStageTest, ByTheLongestPrefix) {
    EXPECT_EQ(to_stack(good4()), "no_route");
    EXPECT_EQ(to_stack(good6()), "no_route");
    for (const char* prefix : {"0.0.0.0/0", "10.0.0.0/8", "10.9.0.1/32"}) {
        add(prefix, "10.0.0.2");
        EXPECT_FALSE(route(good4()).empty()) << prefix;
    }
    for (const char* prefix : {"::/0", "fd09::/16", "fd09::1/128"}) {
        add(prefix, "fd00::2");
        EXPECT_FALSE(route(good6()).empty()) << prefix;
    }
    bridge_.routes().add({.prefix = *IpPrefix::parse("10.9.0.1/32"), .type = RouteType::blackhole});
    bridge_.routes().add({.prefix = *IpPrefix::parse("fd09::1/128"), .type = RouteType::local});
    EXPECT_EQ(send(a_, good4()), "dropped blackhole");
    EXPECT_EQ(to_stack(good6()), "local");
}

TEST_P(StaticRouteStageTest, TheNextHopIsTheDestinationWithoutAGateway) {
    add("10.0.0.0/24");
    add("fd00::/64");
    EXPECT_FALSE(route(v4({.src = "10.0.0.1", .dst = "10.0.0.2"})).empty());
    EXPECT_FALSE(route(v6({.src = "fd00::1", .dst = "fd00::2"})).empty());
    EXPECT_EQ(to_stack(v4({.src = "10.0.0.1", .dst = "10.0.0.3"})), "no_neighbour");
    EXPECT_EQ(to_stack(v6({.src = "fd00::1", .dst = "fd00::3"})), "no_neighbour");
    bridge_.neighbours().add(*Ip::parse("10.0.0.3"), mac(next_hop));
    bridge_.neighbours().add(*Ip::parse("fd00::3"), mac(next_hop));
    EXPECT_FALSE(route(v4({.src = "10.0.0.1", .dst = "10.0.0.3"})).empty());
    EXPECT_FALSE(route(v6({.src = "fd00::1", .dst = "fd00::3"})).empty());
}

TEST_P(StaticRouteStageTest, TheHeadersAreTheSame) {
    add("10.9.0.0/16", "10.0.0.2");
    add("fd09::/64", "fd00::2");
    const Frame own4 = route(good4()), own6 = route(good6());
    bridge_.set_routing(Routing::kernel);
    ip({"route", "add", "10.9.0.0/16", "via", "10.0.0.2"});
    ip({"route", "add", "fd09::/64", "via", "fd00::2"});
    ASSERT_FALSE(own4.empty());
    EXPECT_EQ(route(good4()), own4);
    ASSERT_FALSE(own6.empty());
    EXPECT_EQ(route(good6()), own6);
}

TEST_P(StaticRouteStageTest, AnIpv6GatewayOfAnIpv4Route) {
    add("10.9.0.0/16", "fd00::2"); // RFC 8950
    EXPECT_FALSE(route(good4()).empty());
}

TEST_P(StaticRouteStageTest, TheSameReasons) {
    add("10.9.0.0/16", "10.0.0.2");
    add("fd09::/64", "fd00::2");
    EXPECT_EQ(to_stack(v4({.src = "10.0.0.1", .dst = "10.9.0.1", .ttl = 1})), "ttl");
    EXPECT_EQ(to_stack(v6({.src = "fd00::1", .dst = "fd09::1", .hop_limit = 1})), "ttl");
    EXPECT_EQ(to_stack(changed4(2, 0x40)), "bad_header");
    ip({"link", "set", "svi0", "mtu", "1280"});
    EXPECT_EQ(to_stack(to_router() / IPv4{.src = "10.0.0.1", .dst = "10.9.0.1"} / Udp{} /
                       Payload{1281 - 28}),
              "too_long");
    EXPECT_EQ(to_stack(to_router() / IPv6{.src = "fd00::1", .dst = "fd09::1"} / Udp{} /
                       Payload{1281 - 48}),
              "too_long");
    sandbox::check({"sysctl", "-qw", "net.ipv4.conf.svi0.forwarding=0"});
    EXPECT_EQ(to_stack(good4()), "forwarding_off") << "the kernel tells no neighbour then";
}

XDPB_AT_EACH_HOOK(RouteStageTest);
XDPB_AT_EACH_HOOK(StaticRouteStageTest);

} // namespace
} // namespace xdpbridge::test
