// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Hosts that leave checksums and segmentation to their devices, as veths come: what arrives is
// right, or was dropped by name.
#include "network_test.h"
#include "sandbox/process.h"
#include "sandbox/tap.h"

#include <fmt/format.h>

namespace xdpbridge::test {
namespace {

class OffloadTest : public NetworkTest {
  protected:
    Host add(const std::string& name, Hook hook, int mtu = 1500) {
        Host host = sandbox_.add_host("switch", name, ++hosts_, {.offloads = true, .mtu = mtu});
        bridge_->ports().add(host.port, {.hook = hook});
        return host;
    }
    void look_again() {
        for (const auto& port : bridge_->ports().list())
            bridge_->ports().set(port.device, {});
    }
    static bool tcp(const Host& server, const Host& client, const std::string& address) {
        return sandbox::tcp_transfer(server.netns, client.netns, address, 3'000'000).intact();
    }
    static int pings(const Host& from, const Host& to, int size) {
        return sandbox::ping(from.netns, to.ipv4, 3, size).received;
    }
    PortCounters at(const Host& host, xdpb_hook hook) {
        return bridge_->stats().port(bridge_->ports().get(host.port).number, hook);
    }
};

TEST_F(OffloadTest, AutoNeedsNoChangeOfTheHosts) {
    const Host h1 = add("h1", Hook::automatic), h2 = add("h2", Hook::automatic);
    for (const auto& [server, client] : {std::pair(h1, h2), std::pair(h2, h1)}) {
        EXPECT_TRUE(tcp(server, client, server.ipv4));
        EXPECT_TRUE(tcp(server, client, server.ipv6));
    }
    const auto c = at(h1, XDPB_HOOK_TC);
    EXPECT_GT(c.rx_bytes / c.rx_packets, 3000U) << "GSO frames were cut up";
}

TEST_F(OffloadTest, BothHandsPartialChecksumsToTc) {
    const Host h1 = add("h1", Hook::both), h2 = add("h2", Hook::both);
    EXPECT_TRUE(tcp(h2, h1, h2.ipv4));
    EXPECT_TRUE(tcp(h2, h1, h2.ipv6));
    EXPECT_GT(at(h1, XDPB_HOOK_XDP).handed[XDPB_HAND_PARTIAL_CHECKSUM], 100U);
    EXPECT_GT(at(h1, XDPB_HOOK_TC).forwarded, 100U);
}

TEST_F(OffloadTest, XdpAloneDropsThemByName) {
    const Host h1 = add("h1", Hook::xdp), h2 = add("h2", Hook::xdp);
    bridge_->fdb().add({.mac = mac(h2.mac), .port = bridge_->ports().get(h2.port).number});
    sandbox_.ip(h1.netns, {"neigh", "add", h2.ipv4, "lladdr", h2.mac, "dev", h1.device});
    const auto dropped = [&] { return counters(h1.port).dropped[XDPB_DROP_PARTIAL_CHECKSUM]; };
    const auto before = dropped();
    sandbox::run({"timeout", "1", "bash", "-c", "exec 3<>/dev/tcp/" + h2.ipv4 + "/9"},
                 {.netns = h1.netns});
    sandbox::run({"bash", "-c", "echo > /dev/udp/" + h2.ipv4 + "/9"}, {.netns = h1.netns});
    EXPECT_GT(dropped(), before);
}

std::uint16_t word(std::span<const std::uint8_t> data, std::size_t at) {
    return static_cast<std::uint16_t>(data[at] << 8 | data[at + 1]);
}

// Over the pseudo header and all of the segment; right if the sum is all ones (RFC 9293, 3.1).
bool checksum_is_right(std::span<const std::uint8_t> frame) {
    const std::size_t ip = 14, transport = ip + 20, end = ip + word(frame, ip + 2);
    std::uint32_t sum = frame[ip + 9] + static_cast<std::uint32_t>(end - transport);
    for (std::size_t i = ip + 12; i + 1 < end; i += 2)
        sum += word(frame, i);
    sum += end % 2 ? frame[end - 1] << 8 : 0;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum == 0xffff;
}

// The reader of a tap without vnet header gets what a wire would.
TEST_F(OffloadTest, ChecksumsAreRightOnTheWire) {
    for (const Hook hook : {Hook::automatic, Hook::both}) {
        const Host h1 = add(fmt::format("h{}", hosts_ + 1), hook);
        sandbox::Tap tap("switch", fmt::format("tap{}", hosts_));
        bridge_->ports().add(tap.name());
        sandbox_.ip(h1.netns, {"neigh", "add", "10.77.0.100", "lladdr", "02:00:00:00:00:64", "dev",
                               h1.device});
        sandbox::run({"timeout", "1", "bash", "-c", "exec 3<>/dev/tcp/10.77.0.100/9"},
                     {.netns = h1.netns});
        sandbox::run({"bash", "-c", "echo odd-size > /dev/udp/10.77.0.100/9"}, {.netns = h1.netns});
        int tcp = 0, udp = 0;
        std::vector<std::uint8_t> buffer(2000);
        while (const auto size = tap.read(buffer, quiet)) {
            const std::span<const std::uint8_t> frame(buffer.data(), size);
            if (size < 34 || word(frame, 12) != 0x0800)
                continue;
            tcp += frame[23] == 6 ? 1 : 0;
            udp += frame[23] == 17 ? 1 : 0;
            EXPECT_TRUE(checksum_is_right(frame)) << "protocol " << int{frame[23]};
        }
        EXPECT_GE(tcp, 1);
        EXPECT_GE(udp, 1);
        bridge_->ports().remove(tap.name());
    }
}

TEST_F(OffloadTest, AFrameLongerThanTheEgressMtuIsCountedByName) {
    const Host h1 = add("h1", Hook::tc), h2 = add("h2", Hook::tc);
    ASSERT_EQ(pings(h1, h2, 56), 3);
    sandbox_.ip("switch", {"link", "set", "dev", h2.port, "mtu", "1000"});
    EXPECT_EQ(pings(h1, h2, 1400), 0) << "as on the kernel's bridge";
    EXPECT_EQ(at(h2, XDPB_HOOK_TC).refused[XDPB_REFUSAL_MTU], 3U);
    EXPECT_EQ(pings(h1, h2, 958), 3) << "just fits";
}

TEST_F(OffloadTest, JumboFramesAtEachHook) {
    for (const Hook hook : {Hook::tc, Hook::both, Hook::xdp}) {
        const std::string suffix = std::to_string(hosts_);
        const Host h1 = add("a" + suffix, hook, 9000), h2 = add("b" + suffix, hook, 9000);
        for (const Host* host : {&h1, &h2})
            sandbox::check({"ethtool", "-K", host->device, "gro", "on"}, {.netns = host->netns});
        look_again();
        EXPECT_EQ(pings(h1, h2, 8900), 3) << suffix;
        const auto c = counters(h2.port);
        EXPECT_EQ(c.refused_total(), 0U) << suffix;
        for (const Host* host : {&h1, &h2})
            bridge_->ports().remove(host->port);
    }
}

// A tap takes one buffer from XDP.
TEST_F(OffloadTest, AFrameInSeveralBuffersForATap) {
    const Host h1 = add("h1", Hook::both, 9000);
    sandbox::Tap tap("switch", "tap0");
    sandbox_.ip("switch", {"link", "set", "dev", "tap0", "mtu", "9000"});
    bridge_->ports().add("tap0");
    bridge_->fdb().add({.mac = mac("02:00:00:00:00:64"),
                        .port = bridge_->ports().get("tap0").number,
                        .is_static = true});
    sandbox::check({"ethtool", "-K", h1.device, "gro", "on"}, {.netns = h1.netns});
    look_again();
    const Frame frame =
        Ethernet{.dst = "02:00:00:00:00:64", .src = h1.mac, .type = 0x88b5} / Payload{.size = 8000};
    const auto arrives = [&] {
        std::vector<std::uint8_t> buffer(10000);
        while (const auto size = tap.read(buffer, quiet))
            if (std::equal(frame.begin(), frame.end(), buffer.begin(),
                           buffer.begin() + static_cast<long>(size)))
                return true;
        return false;
    };
    send(h1, frame);
    EXPECT_TRUE(arrives());
    EXPECT_EQ(at(h1, XDPB_HOOK_XDP).handed[XDPB_HAND_FRAGS], 1U);
    bridge_->ports().set(h1.port, {.hook = Hook::xdp});
    send(h1, frame);
    EXPECT_FALSE(arrives());
    EXPECT_EQ(counters(h1.port).dropped[XDPB_DROP_FRAGS], 1U);
}

// As from a wire: complete frames of at most an MTU. The stack makes large ones of them.
TEST_F(OffloadTest, BulkByGro) {
    const Host h1 = sandbox_.add_host("switch", "h1", 1), h2 = sandbox_.add_host("switch", "h2", 2);
    sandbox::check({"ethtool", "-K", h1.port, "gro", "on"}, {.netns = "switch"});
    bridge_->ports().add(h1.port, {.hook = Hook::both, .bulk_gro = true});
    bridge_->ports().add(h2.port, {.hook = Hook::both});
    EXPECT_TRUE(tcp(h2, h1, h2.ipv4));
    EXPECT_GT(at(h1, XDPB_HOOK_XDP).handed[XDPB_HAND_BULK], 1000U);
    const auto large = at(h1, XDPB_HOOK_TC);
    EXPECT_GT(large.rx_bytes / large.rx_packets, 2000U);
    EXPECT_EQ(pings(h1, h2, 56), 3);
    EXPECT_GT(at(h1, XDPB_HOOK_XDP).forwarded, 0U) << "the rest goes by XDP";
}

// The kernel's broadcast leaves out who takes nothing from XDP, without a word.
TEST_F(OffloadTest, XdpAloneCountsWhomAFloodDoesNotReach) {
    const Host h1 = add("h1", Hook::xdp), h2 = add("h2", Hook::xdp);
    ASSERT_FALSE(bridge_->ports().get(h2.port).takes_xdp);
    const auto unreached = [&] { return counters(h1.port).refused[XDPB_REFUSAL_UNSUPPORTED]; };
    const auto before = unreached();
    const Capture capture(h2.netns, h2.device);
    const Frame frame =
        Ethernet{.dst = "ff:ff:ff:ff:ff:ff", .src = h1.mac, .type = 0x88b5} / Payload{.size = 46};
    send(h1, frame);
    EXPECT_TRUE(eventually([&] { return unreached() > before; }));
    EXPECT_FALSE(capture.wait_for([&](const Frame& got) { return got == frame; }, quiet));
}

TEST_F(OffloadTest, APortThatTakesNothingFromXdpIsReachedByTc) {
    const Host h1 = add("h1", Hook::both), h2 = add("h2", Hook::tc); // peers without GRO
    for (const Host* host : {&h1, &h2})
        sandbox::check({"ethtool", "-K", host->device, "gro", "off"}, {.netns = host->netns});
    look_again();
    EXPECT_FALSE(bridge_->ports().get(h2.port).takes_xdp);
    EXPECT_EQ(pings(h1, h2, 56), 3);
    EXPECT_GT(at(h1, XDPB_HOOK_XDP).handed[XDPB_HAND_NO_XDP_XMIT], 0U);
}

} // namespace
} // namespace xdpbridge::test
