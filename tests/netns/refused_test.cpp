// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Frames that the kernel refuses after the redirect are counted by name on the port they were for.
#include "network_test.h"

#include "sandbox/ethtool.h"
#include "sandbox/tap.h"

namespace xdpbridge::test {
namespace {

class RefusedTest : public NetworkTest {
  protected:
    const Host h1_ = add_host("h1");
    const Host h2_ = add_host("h2");
    static constexpr unsigned frames = 10;

    void SetUp() override { ASSERT_TRUE(bridge_->info().counts_refusals); }

    void make_known(const std::string& address, const std::string& port) {
        bridge_->fdb().add(
            {.mac = mac(address), .port = bridge_->ports().get(port).number, .is_static = true});
    }
    void send_frames(const std::string& dst) {
        for (unsigned i = 0; i < frames; i++)
            send(h1_, datagram(h1_.mac, dst));
    }
    void expect_refused(const std::string& port, xdpb_refusal_reason reason) {
        EXPECT_TRUE(eventually([&] { return counters(port).refused[reason] == frames; }))
            << name_of(reason) << "=" << counters(port).refused[reason];
        EXPECT_EQ(counters(port).refused_total(), frames) << "counted once, by one name";
        EXPECT_EQ(counters(h1_.port).refused_total(), 0U);
        EXPECT_EQ(counters(h1_.port).forwarded, frames);
    }
};

TEST_F(RefusedTest, AVethPeerWithoutNapi) {
    sandbox::set_gro(h2_.netns, h2_.device, false);
    make_known(h2_.mac, h2_.port);
    send_frames(h2_.mac);
    // Since Linux 6.3 a veth says beforehand that it takes no frames now; before, it failed to
    // send.
    expect_refused(h2_.port, XDPB_REFUSAL_UNSUPPORTED);
}

TEST_F(RefusedTest, ATapThatNobodyReads) {
    sandbox_.add_tap("switch", "tap0");
    bridge_->ports().add("tap0", at_xdp);
    const std::string vm = "02:00:00:00:00:50";
    make_known(vm, "tap0");
    send_frames(vm);
    EXPECT_TRUE(
        eventually([&] { return counters("tap0").refused[XDPB_REFUSAL_NO_RECEIVER] >= frames; }));
    EXPECT_EQ(counters("tap0").refused_total(), counters("tap0").refused[XDPB_REFUSAL_NO_RECEIVER]);
}

TEST_F(RefusedTest, ADeviceThatIsDown) {
    make_known(h2_.mac, h2_.port);
    sandbox_.ip("switch", {"link", "set", h2_.port, "down"});
    EXPECT_EQ(bridge_->ports().get(h2_.port).state, PortState::down);
    send_frames(h2_.mac);
    expect_refused(h2_.port, XDPB_REFUSAL_DOWN);
}

TEST_F(RefusedTest, AFrameLongerThanTheMtu) {
    make_known(h2_.mac, h2_.port);
    sandbox_.ip("switch", {"link", "set", h2_.port, "mtu", "100"});
    send_frames(h2_.mac);
    expect_refused(h2_.port, XDPB_REFUSAL_MTU);
}

TEST_F(RefusedTest, ATapWhoseReaderIsTooSlow) {
    constexpr std::uint64_t ring = 1000; // tx_queue_len of a tap
    sandbox::Tap tap("switch", "tap0");
    bridge_->ports().add("tap0", at_xdp);
    const std::string vm = "02:00:00:00:00:50";
    make_known(vm, "tap0");
    PacketSocket socket(h1_.netns, h1_.device);
    for (std::uint64_t i = 0; i < ring + 100; i++)
        socket.send(datagram(h1_.mac, vm));
    EXPECT_TRUE(eventually([&] { return counters("tap0").tx_packets >= ring + 100; }));
    EXPECT_GE(counters("tap0").refused[XDPB_REFUSAL_QUEUE_FULL], 90U);
    EXPECT_EQ(counters("tap0").refused_total(), counters("tap0").refused[XDPB_REFUSAL_QUEUE_FULL]);

    // What was not refused is there to be read.
    std::array<std::uint8_t, 2048> buffer{};
    std::uint64_t read = 0;
    const Frame sent = datagram(h1_.mac, vm);
    while (const auto size = tap.read(buffer, quiet))
        read += std::equal(sent.begin(), sent.end(), buffer.begin(), buffer.begin() + size) ? 1 : 0;
    EXPECT_LE(read, ring);
    EXPECT_GE(read + counters("tap0").refused_total(),
              ring + 100); // some other frames were refused
}

// The tracepoints see all devices of the host; only ours count.
TEST_F(RefusedTest, AnotherBridgesRefusalsAreNotOurs) {
    sandbox_.add_namespace("other");
    const Where in_other{.netns = "other"};
    auto other = Bridge::create("br1", {}, in_other);
    const Host a = sandbox_.add_host("other", "a", 101);
    const Host b = sandbox_.add_host("other", "b", 102);
    other.ports().add(a.port, at_xdp);
    other.ports().add(b.port, at_xdp);
    sandbox::set_gro(b.netns, b.device, false);
    other.fdb().add(
        {.mac = mac(b.mac), .port = other.ports().get(b.port).number, .is_static = true});
    for (unsigned i = 0; i < frames; i++)
        send(a, datagram(a.mac, b.mac));
    EXPECT_TRUE(eventually([&] {
        return other.stats()
                   .port(other.ports().get(b.port).number)
                   .refused[XDPB_REFUSAL_UNSUPPORTED] >= frames;
    }));
    EXPECT_EQ(counters(h1_.port).refused_total() + counters(h2_.port).refused_total(), 0U);
    Bridge::remove("br1", in_other);
}

} // namespace
} // namespace xdpbridge::test
