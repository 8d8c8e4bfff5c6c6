// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A host that lies, one that it lies to, and one that tells the truth: what a guarded port lets
// through reaches the victim's wire, what it does not is counted by name and reaches nobody.
#include "network_test.h"
#include "sandbox/process.h"
#include "support/guard_frames.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <thread>

namespace xdpbridge::test {
namespace {

class GuardsTest : public HookNetworkTest {
  protected:
    explicit GuardsTest(const BridgeOptions& options = {}) : HookNetworkTest(options) {}
    const Host liar_ = add_host("liar");
    const Host victim_ = add_host("victim");
    const Host friend_ = add_host("friend");
    const Sender router_ = {liar_.mac, link_local(liar_.mac)};

    void guard(const PortSettings& settings) {
        bridge_->ports().set(liar_.port, {.settings = settings});
    }
    void bind(const std::string& ip) {
        bridge_->guards().add(liar_.port, mac(liar_.mac), Ip::parse(ip).value());
    }
    void bind_all() {
        bind(liar_.ipv4);
        bind(liar_.ipv6);
    }
    bool arrives(const Frame& frame, std::chrono::milliseconds patience) {
        const Capture capture(victim_.netns, victim_.device);
        send(liar_, frame);
        return capture.wait_for([&](const Frame& got) { return got == frame; }, patience);
    }
    void expect_arrives(const Frame& frame, const std::string& what) {
        EXPECT_TRUE(arrives(frame, soon)) << what;
    }
    void expect_dropped(const Frame& frame, xdpb_drop_reason reason, const std::string& what) {
        const auto before = counters(liar_.port).dropped[reason];
        EXPECT_FALSE(arrives(frame, quiet)) << what;
        // A port that a BPDU has shut drops what its host says by itself, too.
        if (reason == XDPB_DROP_BPDU_GUARD)
            EXPECT_GE(counters(liar_.port).dropped[reason], before + 1) << what;
        else
            EXPECT_EQ(counters(liar_.port).dropped[reason], before + 1) << what;
    }
    std::uint64_t dropped_by_guards() const {
        const auto c = counters(liar_.port);
        return c.dropped[XDPB_DROP_MAC_GUARD] + c.dropped[XDPB_DROP_IP_GUARD] +
               c.dropped[XDPB_DROP_ARP_GUARD] + c.dropped[XDPB_DROP_DHCP_GUARD] +
               c.dropped[XDPB_DROP_RA_GUARD] + c.dropped[XDPB_DROP_BPDU_GUARD];
    }
    static bool reaches(const Host& from, const std::string& address, int count = 2) {
        return sandbox::ping(from.netns, address, count).received > 0;
    }
    std::string on_victim(const sandbox::Argv& arguments) {
        return sandbox_.ip(victim_.netns, arguments).out;
    }
    // The MAC that the victim has for an address.
    std::string neighbour(const std::string& address) {
        return on_victim({"neigh", "show", address});
    }
    Frame frame_to_victim(const Sender& from) const {
        return udp4(from, victim_.mac, victim_.ipv4);
    }
};

TEST_P(GuardsTest, AHostThatTellsTheTruthDoesNotNoticeThem) {
    bind_all();
    guard({.source_guard = SourceGuard::ip,
           .arp_guard = true,
           .dhcp_guard = true,
           .ra_guard = true,
           .bpdu_guard = true});
    for (const char* family : {"-4", "-6"})
        sandbox_.ip(liar_.netns, {family, "neigh", "flush", "all"});
    EXPECT_TRUE(reaches(liar_, victim_.ipv4));
    EXPECT_TRUE(reaches(liar_, victim_.ipv6));
    EXPECT_TRUE(reaches(liar_, link_local(victim_.mac) + "%" + liar_.device)) << "link-local";
    EXPECT_TRUE(reaches(victim_, liar_.ipv4));
    EXPECT_TRUE(reaches(victim_, liar_.ipv6));
    for (const auto& address : {victim_.ipv4, victim_.ipv6})
        EXPECT_TRUE(sandbox::tcp_transfer(victim_.netns, liar_.netns, address, 1'000'000).intact());
    for (const auto& address : {liar_.ipv4, liar_.ipv6})
        EXPECT_TRUE(sandbox::tcp_transfer(liar_.netns, victim_.netns, address, 1'000'000).intact());
    EXPECT_EQ(dropped_by_guards(), 0U);
}

// Duplicate address detection, multicast reports and solicitations, as the kernel does them.
TEST_P(GuardsTest, AHostFindsItsAddressWithThem) {
    bind("fd00:77::50");
    const Capture capture(victim_.netns, victim_.device, {.filter = "icmp6"});
    sandbox::check(
        {"sysctl", "-qw", "net.ipv6.conf.all.accept_dad=1", "net.ipv6.conf.eth0.accept_dad=1"},
        {.netns = liar_.netns});
    sandbox_.ip(liar_.netns, {"address", "flush", "dev", liar_.device, "scope", "global"});
    // From now on: what the host still says with its old addresses is not meant.
    guard({.source_guard = SourceGuard::ip, .arp_guard = true});
    const auto before = dropped_by_guards();
    sandbox_.ip(liar_.netns, {"address", "add", "fd00:77::50/64", "dev", liar_.device});
    const auto is_dad = [](const Frame& frame) {
        return frame.size() > 78 && frame[54] == 135 && frame[77] == 0x50 &&
               std::all_of(frame.begin() + 22, frame.begin() + 38,
                           [](std::uint8_t octet) { return octet == 0; });
    };
    EXPECT_TRUE(capture.wait_for(is_dad, 5000ms));
    // The address can be used when nobody has objected for a second, after a delay of up to
    // another. Before that, what the host sends comes from ::1, and is dropped rightly.
    const auto usable = [&] {
        return sandbox_.ip(liar_.netns, {"-6", "address", "show", "dev", liar_.device, "tentative"})
            .out.empty();
    };
    for (int attempt = 0; attempt < 5 && !usable(); attempt++)
        (void)eventually(usable);
    EXPECT_TRUE(reaches(liar_, victim_.ipv6));
    EXPECT_EQ(dropped_by_guards(), before);
}

TEST_P(GuardsTest, ASpoofedMac) {
    const Frame spoofed = frame_to_victim({"02:00:00:00:00:99", liar_.ipv4});
    const Frame stolen = frame_to_victim({friend_.mac, liar_.ipv4});
    expect_arrives(spoofed, "without a guard");
    bind_all();
    guard({.source_guard = SourceGuard::mac});
    expect_dropped(spoofed, XDPB_DROP_MAC_GUARD, "nobody's");
    ASSERT_TRUE(reaches(victim_, friend_.ipv4));
    expect_dropped(stolen, XDPB_DROP_MAC_GUARD, "another host's");
    EXPECT_TRUE(reaches(victim_, friend_.ipv4));
    EXPECT_EQ(bridge_->fdb().lookup(mac(friend_.mac))->port,
              bridge_->ports().get(friend_.port).number)
        << "its place was stolen";
    expect_arrives(frame_to_victim({liar_.mac, "192.0.2.1"}), "its own");
}

TEST_P(GuardsTest, ASpoofedAddress) {
    const Frame spoofed = frame_to_victim({liar_.mac, friend_.ipv4});
    const Frame spoofed6 = udp6({liar_.mac, friend_.ipv6}, victim_.mac, victim_.ipv6);
    expect_arrives(spoofed, "without a guard");
    expect_arrives(spoofed6, "without a guard");
    bind_all();
    guard({.source_guard = SourceGuard::ip});
    expect_dropped(spoofed, XDPB_DROP_IP_GUARD, "IPv4");
    expect_dropped(spoofed6, XDPB_DROP_IP_GUARD, "IPv6");
    expect_dropped(tagged(spoofed, {5}), XDPB_DROP_IP_GUARD, "tagged");
    expect_dropped(udp6({liar_.mac, link_local(victim_.mac)}, victim_.mac, victim_.ipv6),
                   XDPB_DROP_IP_GUARD, "link-local");
    expect_arrives(frame_to_victim({liar_.mac, liar_.ipv4}), "its own IPv4");
    expect_arrives(udp6({liar_.mac, liar_.ipv6}, victim_.mac, victim_.ipv6), "its own IPv6");
    expect_arrives(udp6(router_, victim_.mac, victim_.ipv6), "its own link-local");
}

TEST_P(GuardsTest, AnAddressMayBeAskedForByDhcp) {
    bridge_->guards().add(liar_.port, mac(liar_.mac));
    guard({.source_guard = SourceGuard::ip, .arp_guard = true, .dhcp_guard = true});
    expect_arrives(udp4({liar_.mac, "0.0.0.0"}, everybody, "255.255.255.255", 68, 67, 300), "DHCP");
    expect_arrives(udp6(router_, "33:33:00:01:00:02", "ff02::1:2", 546, 547), "DHCPv6");
    expect_arrives(arp(liar_.mac, everybody, 1, {liar_.mac, "0.0.0.0"}, "10.77.0.50"), "ARP probe");
}

// The classic: I am the gateway.
TEST_P(GuardsTest, ASpoofedArpReply) {
    const Frame lie = arp(liar_.mac, victim_.mac, 2, {liar_.mac, friend_.ipv4}, victim_.ipv4);
    ASSERT_TRUE(reaches(victim_, friend_.ipv4));
    sandbox::check({"sysctl", "-qw", "net.ipv4.neigh.eth0.locktime=0"}, {.netns = victim_.netns});
    expect_arrives(lie, "without a guard");
    EXPECT_TRUE(eventually([&] {
        return neighbour(friend_.ipv4).find(liar_.mac) != std::string::npos;
    })) << "the attack works: "
        << neighbour(friend_.ipv4);
    sandbox_.ip(victim_.netns, {"neigh", "flush", "all"});
    ASSERT_TRUE(reaches(victim_, friend_.ipv4));

    bind_all();
    guard({.arp_guard = true});
    expect_dropped(lie, XDPB_DROP_ARP_GUARD, "another's address");
    expect_dropped(arp(liar_.mac, everybody, 1, {liar_.mac, friend_.ipv4}, friend_.ipv4),
                   XDPB_DROP_ARP_GUARD, "gratuitous");
    expect_dropped(arp(liar_.mac, victim_.mac, 2, {friend_.mac, liar_.ipv4}, victim_.ipv4),
                   XDPB_DROP_ARP_GUARD, "another's MAC");
    expect_dropped(tagged(lie, {0}), XDPB_DROP_ARP_GUARD, "priority-tagged");
    EXPECT_NE(neighbour(friend_.ipv4).find(friend_.mac), std::string::npos)
        << neighbour(friend_.ipv4);
    sandbox_.ip(liar_.netns, {"neigh", "flush", "all"});
    EXPECT_TRUE(reaches(liar_, victim_.ipv4));
}

TEST_P(GuardsTest, ASpoofedNeighbourAdvertisement) {
    const Frame lie = neighbour_advertisement({liar_.mac, friend_.ipv6}, victim_.mac, victim_.ipv6,
                                              friend_.ipv6, nd_option(2, liar_.mac));
    ASSERT_TRUE(reaches(victim_, friend_.ipv6));
    expect_arrives(lie, "without a guard");
    EXPECT_TRUE(eventually([&] {
        return neighbour(friend_.ipv6).find(liar_.mac) != std::string::npos;
    })) << "the attack works: "
        << neighbour(friend_.ipv6);
    sandbox_.ip(victim_.netns, {"-6", "neigh", "flush", "all"});
    ASSERT_TRUE(reaches(victim_, friend_.ipv6));

    bind_all();
    guard({.arp_guard = true});
    expect_dropped(lie, XDPB_DROP_ARP_GUARD, "another's address");
    expect_dropped(
        neighbour_solicitation({liar_.mac, friend_.ipv6}, victim_.ipv6, nd_option(1, liar_.mac)),
        XDPB_DROP_ARP_GUARD, "a solicitation from another's address");
    expect_dropped(neighbour_solicitation({liar_.mac, "::"}, victim_.ipv6), XDPB_DROP_ARP_GUARD,
                   "a claim of another's address");
    EXPECT_NE(neighbour(friend_.ipv6).find(friend_.mac), std::string::npos)
        << neighbour(friend_.ipv6);
    sandbox_.ip(liar_.netns, {"-6", "neigh", "flush", "all"});
    EXPECT_TRUE(reaches(liar_, victim_.ipv6));
}

TEST_P(GuardsTest, ARogueDhcpServer) {
    const std::string all = "255.255.255.255";
    const Sender server = {liar_.mac, liar_.ipv4};
    const Frame offer = udp4(server, everybody, all, 67, 68, 300);
    const Frame offer6 = udp6(router_, victim_.mac, link_local(victim_.mac), 547, 546, 100);
    expect_arrives(offer, "without a guard");
    expect_arrives(offer6, "without a guard");
    guard({.dhcp_guard = true});
    expect_dropped(offer, XDPB_DROP_DHCP_GUARD, "DHCP");
    expect_dropped(udp4(server, victim_.mac, victim_.ipv4, 67, 68, 300), XDPB_DROP_DHCP_GUARD,
                   "to the client alone");
    expect_dropped(offer6, XDPB_DROP_DHCP_GUARD, "DHCPv6");
    expect_dropped(tagged(offer, {0}), XDPB_DROP_DHCP_GUARD, "priority-tagged");
    expect_dropped(in_snap(offer), XDPB_DROP_DHCP_GUARD, "in LLC/SNAP");
    expect_dropped(extended(offer6, {destination_options}), XDPB_DROP_DHCP_GUARD, "behind options");
    expect_dropped(ipv4_fragments(offer, 64)[0], XDPB_DROP_DHCP_GUARD, "a fragment");
    expect_arrives(frame_to_victim(server), "other traffic");
    EXPECT_TRUE(reaches(liar_, victim_.ipv4));
}

TEST_P(GuardsTest, ARogueRouter) {
    const Frame lie = router_advertisement(router_, nd_option(1, liar_.mac), true);
    const auto fooled = [&] {
        return on_victim({"-6", "address", "show"}).find("fd00:bad:") != std::string::npos;
    };
    guard({.ra_guard = true});
    expect_dropped(lie, XDPB_DROP_RA_GUARD, "RA");
    expect_dropped(extended(lie, {destination_options, hop_by_hop}), XDPB_DROP_RA_GUARD,
                   "behind options");
    for (const auto& first :
         {ipv6_fragments(lie, 24)[0], ipv6_fragments(lie, 8, {destination_options})[0]})
        expect_dropped(first, XDPB_DROP_RA_GUARD, "in fragments");
    expect_dropped(redirect(router_, victim_.mac, victim_.ipv6), XDPB_DROP_RA_GUARD, "redirect");
    expect_dropped(tagged(lie, {0}), XDPB_DROP_RA_GUARD, "priority-tagged");
    EXPECT_FALSE(fooled());
    EXPECT_TRUE(reaches(liar_, victim_.ipv6)) << "other ND passes";
    guard({.ra_guard = false});
    expect_arrives(lie, "without a guard");
    EXPECT_TRUE(eventually(fooled)) << "the attack works";
}

TEST_P(GuardsTest, ABpduShutsThePort) {
    bridge_->set_reserved(0, ReservedPolicy::forward);
    const Frame bpdu = Ethernet{.dst = "01:80:c2:00:00:00", .src = liar_.mac, .type = 38} /
                       sandbox::Bytes{{0x42, 0x42, 0x03}} / Payload{43, 0};
    expect_arrives(bpdu, "without a guard");
    ASSERT_TRUE(reaches(victim_, liar_.ipv4));
    guard({.bpdu_guard = true});
    EXPECT_TRUE(reaches(victim_, liar_.ipv4)) << "nothing has happened yet";
    const auto refused = counters(liar_.port).refused_total();
    expect_dropped(bpdu, XDPB_DROP_BPDU_GUARD, "BPDU");
    EXPECT_EQ(bridge_->ports().get(liar_.port).state, PortState::blocked);
    {
        const Capture heard(liar_.netns, liar_.device);
        EXPECT_FALSE(reaches(liar_, victim_.ipv4));
        EXPECT_FALSE(reaches(victim_, liar_.ipv4));
        send(victim_, datagram(victim_.mac, everybody));
        EXPECT_TRUE(
            eventually([&] { return counters(liar_.port).filtered[XDPB_FILTER_BLOCKED] > 0; }));
        const auto victims = [&](const Frame& frame) {
            const auto source = sandbox::Mac(victim_.mac).bytes;
            return std::equal(source.begin(), source.end(), frame.begin() + 6);
        };
        EXPECT_FALSE(heard.wait_for(victims, quiet)) << "a shut port sends nothing";
    }
    EXPECT_EQ(counters(liar_.port).refused_total(), refused) << "filtered is not refused";
    EXPECT_TRUE(reaches(victim_, friend_.ipv4)) << "the others";
    guard({.bpdu_guard = true});
    EXPECT_EQ(bridge_->ports().get(liar_.port).state, PortState::forwarding);
    EXPECT_TRUE(eventually([&] { return reaches(victim_, liar_.ipv4, 1); }));
}

TEST_P(GuardsTest, AStormOfBroadcast) {
    constexpr double rate = 200, burst = 100;
    guard({.storm_broadcast = Rate{.packets = 200, .packet_burst = 100}});
    const Frame frame = datagram(liar_.mac, everybody);
    const auto received = [&](const Host& host) {
        const auto out = sandbox_.ip(host.netns, {"-s", "-j", "link", "show", host.device}).out;
        return nlohmann::json::parse(out)[0]["stats64"]["rx"]["packets"].get<std::uint64_t>();
    };
    const auto received_before = received(victim_);
    PacketSocket socket(liar_.netns, liar_.device);
    const auto before = counters(liar_.port);
    const auto begin = std::chrono::steady_clock::now();
    std::uint64_t sent = 0;
    const auto seconds = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    for (; seconds() < 0.5; sent++) {
        socket.send(frame);
        if (sent % 64 == 0)
            std::this_thread::sleep_for(1ms); // not more than the veth's queue takes
    }
    const double offered = seconds();
    EXPECT_TRUE(
        eventually([&] { return counters(liar_.port).rx_packets - before.rx_packets >= sent; }));
    std::this_thread::sleep_for(100ms); // the host sends a frame of its own now and then
    const double all = seconds();
    const auto dropped =
        counters(liar_.port).dropped[XDPB_DROP_STORM] - before.dropped[XDPB_DROP_STORM];
    const auto passed = static_cast<double>(sent - dropped);
    EXPECT_LE(passed, burst + rate * all + 1);
    EXPECT_GE(passed, burst + rate * (offered - 0.15)) << "of " << sent << " sent";
    EXPECT_TRUE(eventually([&] { return received(victim_) - received_before >= sent - dropped; }))
        << received(victim_) - received_before;
    EXPECT_LE(received(victim_) - received_before, sent - dropped + 50) << "and little else";
    EXPECT_TRUE(reaches(victim_, friend_.ipv4)) << "the others";
    EXPECT_TRUE(sandbox::tcp_transfer(victim_.netns, liar_.netns, victim_.ipv4, 500'000).intact())
        << "known unicast is no storm";
}

TEST_P(GuardsTest, AnIngressPolicer) {
    ASSERT_TRUE(reaches(liar_, victim_.ipv4));
    // At tc the transfer's frames are of up to 64 KiB.
    guard({.police = Rate{.bits = 40'000'000}});
    const auto transfer =
        sandbox::tcp_transfer(victim_.netns, liar_.netns, victim_.ipv4, 4'000'000);
    EXPECT_TRUE(transfer.intact()) << transfer.error;
    const double burst = 40e6 / 8 / 10;
    EXPECT_GE(transfer.seconds, (4e6 - burst) / 5e6) << "faster than 40 Mbit/s";
    EXPECT_GT(counters(liar_.port).dropped[XDPB_DROP_POLICER], 0U);
    const auto back = sandbox::tcp_transfer(liar_.netns, victim_.netns, liar_.ipv4, 4'000'000);
    EXPECT_TRUE(back.intact()) << "the other way: its acknowledgments fit in";
    EXPECT_EQ(counters(victim_.port).dropped[XDPB_DROP_POLICER], 0U);
}

// A device that goes and comes back, as a VM's tap does.
TEST_P(GuardsTest, SettingsSurviveTheDevice) {
    bind_all();
    guard({.source_guard = SourceGuard::ip,
           .arp_guard = true,
           .storm_broadcast = Rate{.packets = 100},
           .police = Rate{.bits = 1'000'000}});
    const auto before = bridge_->ports().get(liar_.port);
    sandbox_.ip("switch", {"link", "delete", liar_.port});
    EXPECT_EQ(bridge_->ports().get(liar_.port).state, PortState::gone);
    EXPECT_EQ(bridge_->guards().list(liar_.port).size(), 2U);
    sandbox_.ip("switch", {"link", "add", liar_.port, "type", "veth", "peer", "name", "eth0",
                           "netns", liar_.netns, "address", liar_.mac});
    bridge_->ports().add(liar_.port, {.hook = GetParam()});
    const auto after = bridge_->ports().get(liar_.port);
    EXPECT_EQ(after.number, before.number);
    EXPECT_EQ(after.features, before.features);
    EXPECT_EQ(after.source_guard, SourceGuard::ip);
    EXPECT_EQ(after.storm_broadcast, before.storm_broadcast);
    EXPECT_EQ(after.police, before.police);
    EXPECT_EQ(bridge_->guards().list(liar_.port).size(), 2U);
    bridge_->ports().remove(liar_.port);
    EXPECT_TRUE(bridge_->guards().list().empty());
}

XDPB_AT_EACH_HOOK(GuardsTest);

class VlanGuardsTest : public GuardsTest {
  protected:
    VlanGuardsTest() : GuardsTest({.vlan_aware = true}) {
        for (const Host* host : {&liar_, &victim_, &friend_})
            bridge_->vlans().add(host->port, {5, 5});
    }
};

TEST_P(VlanGuardsTest, InEachVlanOfThePort) {
    bind_all();
    guard(
        {.source_guard = SourceGuard::ip, .arp_guard = true, .dhcp_guard = true, .ra_guard = true});
    const std::string all = "255.255.255.255";
    const Frame good = frame_to_victim({liar_.mac, liar_.ipv4});
    const Frame spoofed = frame_to_victim({liar_.mac, friend_.ipv4});
    const Frame offer = udp4({liar_.mac, liar_.ipv4}, everybody, all, 67, 68, 300);
    const Frame poison = arp(liar_.mac, victim_.mac, 2, {liar_.mac, friend_.ipv4}, victim_.ipv4);
    const Frame ra = router_advertisement(router_, nd_option(1, liar_.mac));
    for (const std::vector<std::uint16_t>& tags : {std::vector<std::uint16_t>{}, {5}}) {
        expect_arrives(tagged(good, tags), "good");
        expect_dropped(tagged(spoofed, tags), XDPB_DROP_IP_GUARD, "spoofed");
        expect_dropped(tagged(offer, tags), XDPB_DROP_DHCP_GUARD, "DHCP");
        expect_dropped(tagged(poison, tags), XDPB_DROP_ARP_GUARD, "ARP");
        expect_dropped(tagged(ra, tags), XDPB_DROP_RA_GUARD, "RA");
    }
    EXPECT_TRUE(reaches(liar_, victim_.ipv4));
    EXPECT_TRUE(reaches(liar_, victim_.ipv6));
}

XDPB_AT_EACH_HOOK(VlanGuardsTest);

// Two isolated ports and one that is not; the first and the second at hooks of their own.
class IsolatedPortsTest : public NetworkTest,
                          public ::testing::WithParamInterface<std::tuple<Hook, Hook>> {
  protected:
    const Host a_ = add("a", std::get<0>(GetParam()), true);
    const Host b_ = add("b", std::get<1>(GetParam()), true);
    const Host open_ = add("open", Hook::xdp, false);

    // As for XDP, whatever the hook, so that XDP can send to it.
    Host add(const std::string& name, Hook hook, bool isolated) {
        Host host = sandbox_.add_host("switch", name, ++hosts_);
        bridge_->ports().add(host.port, {.hook = hook, .settings = {.isolated = isolated}});
        return host;
    }
    static bool reaches(const Host& from, const std::string& address) {
        return sandbox::ping(from.netns, address, 2).received > 0;
    }
};

TEST_P(IsolatedPortsTest, ReachTheOthersAndNotEachOther) {
    for (const auto& [from, to] : {std::pair(a_, open_), {open_, a_}, {b_, open_}, {open_, b_}}) {
        EXPECT_TRUE(reaches(from, to.ipv4)) << from.name << " to " << to.name;
        EXPECT_TRUE(reaches(from, to.ipv6)) << from.name << " to " << to.name;
    }
    EXPECT_FALSE(reaches(a_, b_.ipv4));
    EXPECT_FALSE(reaches(b_, a_.ipv6));
}

TEST_P(IsolatedPortsTest, UnicastIsCountedWhereItComesIn) {
    ASSERT_TRUE(reaches(b_, open_.ipv4)); // b is known
    const Frame frame = datagram(a_.mac, b_.mac);
    const Capture capture(b_.netns, b_.device);
    const auto before = counters(a_.port).dropped[XDPB_DROP_ISOLATED];
    send(a_, frame);
    EXPECT_TRUE(
        eventually([&] { return counters(a_.port).dropped[XDPB_DROP_ISOLATED] == before + 1; }));
    EXPECT_FALSE(capture.wait_for([&](const Frame& got) { return got == frame; }, quiet));
}

TEST_P(IsolatedPortsTest, ACopyOfAFloodIsCountedWhereItWouldLeave) {
    constexpr unsigned frames = 20;
    for (const auto& destination : {everybody, std::string("02:00:00:00:00:77")}) {
        const Frame frame = datagram(a_.mac, destination);
        const Capture at_b(b_.netns, b_.device), at_open(open_.netns, open_.device);
        const auto before = counters(b_.port);
        for (unsigned i = 0; i < frames; i++)
            send(a_, frame);
        const auto same = [&](const Frame& got) { return got == frame; };
        EXPECT_TRUE(at_open.wait_for(same, soon, frames));
        EXPECT_FALSE(at_b.wait_for(same, quiet));
        EXPECT_TRUE(eventually([&] {
            return counters(b_.port).filtered[XDPB_FILTER_ISOLATED] >=
                   before.filtered[XDPB_FILTER_ISOLATED] + frames;
        }));
        EXPECT_EQ(counters(b_.port).refused_total(), before.refused_total())
            << "filtered is not refused";
        EXPECT_EQ(counters(a_.port).refused_total(), 0U);
    }
}

INSTANTIATE_TEST_SUITE_P(Hooks, IsolatedPortsTest,
                         ::testing::Combine(::testing::Values(Hook::xdp, Hook::tc),
                                            ::testing::Values(Hook::xdp, Hook::tc)),
                         [](const auto& hooks) {
                             return ::testing::PrintToString(std::get<0>(hooks.param)) + "_" +
                                    ::testing::PrintToString(std::get<1>(hooks.param));
                         });

// The kernel's tracepoint tells filtered copies and refused frames alike, at XDP alone.
class FilteredAndRefusedTest : public NetworkTest {};

TEST_F(FilteredAndRefusedTest, AreToldApart) {
    ASSERT_TRUE(bridge_->info().counts_refusals);
    const Host a = add_host("a", {.settings = {.isolated = true}});
    const Host b = add_host("b", {.settings = {.isolated = true}});
    const Host open = add_host("open");
    bridge_->fdb().add({.mac = mac("02:00:00:00:00:88"),
                        .port = bridge_->ports().get(b.port).number,
                        .is_static = true});
    for (std::uint64_t round = 1; round <= 3; round++) {
        const auto filtered = counters(b.port).filtered[XDPB_FILTER_ISOLATED];
        for (int i = 0; i < 10; i++)
            send(a, datagram(a.mac, everybody));
        EXPECT_TRUE(eventually(
            [&] { return counters(b.port).filtered[XDPB_FILTER_ISOLATED] >= filtered + 10; }));
        EXPECT_EQ(counters(b.port).refused_total(), 5 * (round - 1));
        sandbox_.ip("switch", {"link", "set", b.port, "down"});
        for (int i = 0; i < 5; i++)
            send(open, datagram(open.mac, "02:00:00:00:00:88"));
        EXPECT_TRUE(eventually([&] { return counters(b.port).refused_total() == 5 * round; }))
            << counters(b.port).refused_total();
        sandbox_.ip("switch", {"link", "set", b.port, "up"});
        EXPECT_TRUE(eventually([&] { return sandbox::ping(open.netns, b.ipv4, 1).received > 0; }));
    }
}

} // namespace
} // namespace xdpbridge::test
