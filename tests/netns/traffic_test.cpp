// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Hosts that talk to each other as hosts do.
#include "network_test.h"

#include "sandbox/process.h"
#include "sandbox/tap.h"

#include <nlohmann/json.hpp>

namespace xdpbridge::test {
namespace {

class TrafficTest : public HookNetworkTest {
  protected:
    const Host h1_ = add_host("h1");
    const Host h2_ = add_host("h2");
    const Host h3_ = add_host("h3");

    static void expect_ping(const Host& from, const std::string& address, int size = 56) {
        const auto ping = sandbox::ping(from.netns, address, 5, size);
        EXPECT_EQ(ping.received, 5)
            << from.name << " to " << address << " with " << size << " bytes";
    }
};

TEST_P(TrafficTest, EveryHostReachesEveryOther) {
    const std::vector<Host> hosts = {h1_, h2_, h3_};
    for (const auto& from : hosts)
        for (const auto& to : hosts)
            if (from.name != to.name) {
                expect_ping(from, to.ipv4);
                expect_ping(from, to.ipv6);
            }
}

TEST_P(TrafficTest, FramesOfAnySizeUpToTheMtu) {
    for (const int size : {0, 1, 17, 18, 100, 1471, 1472})
        expect_ping(h1_, h2_.ipv4, size);
}

TEST_P(TrafficTest, KnownHostsAreForwardedNotFlooded) {
    expect_ping(h1_, h2_.ipv4);
    const auto before = counters(h1_.port);
    const auto third = counters(h3_.port).tx_packets;
    const auto ping = sandbox::ping(h1_.netns, h2_.ipv4, 40);
    EXPECT_EQ(ping.received, 40);
    EXPECT_GE(counters(h1_.port).forwarded, before.forwarded + 40);
    // The hosts speak IPv6 by themselves, now and then, and that is multicast.
    EXPECT_LT(counters(h1_.port).flooded, before.flooded + 20);
    EXPECT_LT(counters(h3_.port).tx_packets, third + 20);
}

TEST_P(TrafficTest, UdpIsEchoed) {
    const auto udp = sandbox::udp_echo(h1_.netns, h2_.netns, h1_.ipv4, 200, 1000);
    EXPECT_EQ(udp.received, udp.sent);
}

TEST_P(TrafficTest, TcpArrivesIntact) {
    const auto tcp = sandbox::tcp_transfer(h1_.netns, h2_.netns, h1_.ipv4, 5'000'000);
    EXPECT_TRUE(tcp.intact()) << tcp.error << ", " << tcp.received << " bytes";
}

TEST_P(TrafficTest, Iperf3RunsBothWays) {
    sandbox::Process server({"iperf3", "--server"}, {.netns = h1_.netns});
    for (const bool reverse : {false, true}) {
        sandbox::Argv client = {"iperf3", "--client", h1_.ipv4, "--time", "1", "--json"};
        if (reverse)
            client.emplace_back("--reverse");
        const nlohmann::json::json_pointer received("/end/sum_received/bytes");
        nlohmann::json report;
        EXPECT_TRUE(eventually([&] { // until the server listens; a report of an error exits with 0
            report = nlohmann::json::parse(sandbox::run(client, {.netns = h2_.netns}).out);
            return report.contains(received);
        })) << report;
        EXPECT_GE(report.value(received, 0.0), 1e5) << "reverse " << reverse;
    }
}

TEST_P(TrafficTest, ATapIsAPortLikeAnyOther) {
    const sandbox::TapHost tap("switch", "tap0", "02:00:00:00:00:64", "10.77.0.100");
    bridge_->ports().add("tap0");
    expect_ping(h1_, "10.77.0.100");
    EXPECT_GE(tap.frames_read(), 5U);
    EXPECT_EQ(bridge_->ports().get("tap0").kind, "tun");
    const auto entry = bridge_->fdb().lookup(mac("02:00:00:00:00:64"));
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->port, bridge_->ports().get("tap0").number);
}

// What the library opened is closed, and who made the bridge is dead: the kernel goes on alone.
TEST_P(TrafficTest, ForwardsWithoutAnyProcess) {
    bridge_.reset();
    expect_ping(h1_, h2_.ipv4);
    ASSERT_TRUE(in_child([&] {
        auto bridge = Bridge::open("br0", in_switch);
        bridge.ports().remove(h3_.port);
    }));
    expect_ping(h1_, h2_.ipv4);
    bridge_ = Bridge::open("br0", in_switch);
    EXPECT_EQ(bridge_->ports().list().size(), 2U);
}

TEST_P(TrafficTest, ABridgeMadeByAProcessThatEndedForwards) {
    bridge_.reset();
    Bridge::remove("br0", in_switch);
    ASSERT_TRUE(in_child([&] {
        auto bridge = Bridge::create("br0", {}, in_switch);
        bridge.ports().add(h1_.port);
        bridge.ports().add(h2_.port);
    }));
    expect_ping(h1_, h2_.ipv4);
    bridge_ = Bridge::open("br0", in_switch);
    EXPECT_EQ(bridge_->fdb().entries().size(), 2U);
}

XDPB_AT_EACH_HOOK(TrafficTest);

} // namespace
} // namespace xdpbridge::test
