// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// How long frames stay in the switch, as the switch itself measures it.
#include "network_test.h"

#include "sandbox/tap.h"

#include <thread>

namespace xdpbridge::test {
namespace {

const std::string reader_mac = "02:00:00:00:00:66";

class LatencyTest : public HookNetworkTest {
  protected:
    const Host h1_ = add_host("h1");
    std::unique_ptr<sandbox::Tap> tap_;
    std::uint16_t port_ = 0;

    void SetUp() override {
        sandbox::disable_ipv6("switch");
        sandbox::disable_ipv6(h1_.netns);
        tap_ = std::make_unique<sandbox::Tap>("switch", "tap0");
        port_ = bridge_->ports().add("tap0", {.hook = GetParam()});
        bridge_->fdb().add({.mac = mac(reader_mac), .port = port_, .is_static = true});
    }
    void TearDown() override {
        tap_.reset();
        NetworkTest::TearDown();
    }
    void send_frames(unsigned count, const Frame& frame) {
        const auto before = counters("tap0").tx_packets;
        PacketSocket socket(h1_.netns, h1_.device);
        for (unsigned i = 0; i < count; i++)
            socket.send(frame);
        EXPECT_TRUE(eventually([&] { return counters("tap0").tx_packets >= before + count; }));
    }
    unsigned read_all() {
        std::array<std::uint8_t, 2048> buffer{};
        unsigned count = 0;
        while (tap_->read(buffer, 20ms) != 0)
            count++;
        return count;
    }
    static LatencyHistogram times(const std::vector<PortLatency>& all, std::uint16_t port,
                                  xdpb_latency_part part,
                                  LatencyClass latency_class = LatencyClass::normal) {
        for (const auto& one : all)
            if (one.port == port && one.part == part && one.latency_class == latency_class)
                return one.times;
        return {};
    }
};

TEST_P(LatencyTest, TheWaitInATapIsThatForItsReader) {
    auto latency = bridge_->latency();
    send_frames(10, datagram(h1_.mac, reader_mac));
    std::this_thread::sleep_for(50ms);
    EXPECT_EQ(times(latency.take(), port_, XDPB_LATENCY_QUEUE).count, 0U) << "they still wait";
    EXPECT_EQ(read_all(), 10U);
    const auto all = latency.take();
    const auto queue = times(all, port_, XDPB_LATENCY_QUEUE);
    EXPECT_EQ(queue.count, 10U);
    EXPECT_GE(queue.min_ns, 50'000'000U);
    EXPECT_LT(queue.max_ns, 2'000'000'000U);
    EXPECT_EQ(times(latency.take(), port_, XDPB_LATENCY_QUEUE).count, 0U) << "each once";
}

TEST_P(LatencyTest, TheWayToTheDeviceIsMeasuredForEachFrame) {
    auto latency = bridge_->latency();
    send_frames(20, datagram(h1_.mac, reader_mac));
    const auto all = latency.take();
    const auto in_switch_ = times(all, port_, XDPB_LATENCY_SWITCH);
    const auto transmit = times(all, port_, XDPB_LATENCY_TRANSMIT);
    EXPECT_EQ(in_switch_.count, 20U);
    EXPECT_EQ(transmit.count, 20U);
    EXPECT_GT(in_switch_.min_ns, 0U);
    EXPECT_LT(in_switch_.max_ns, 100'000'000U);
    read_all();
}

TEST_P(LatencyTest, EachClassHasItsOwn) {
    auto latency = bridge_->latency();
    send_frames(3, datagram(h1_.mac, reader_mac));
    send_frames(2, Ethernet{.dst = reader_mac, .src = h1_.mac, .type = 0x88f7} / Payload{46});
    EXPECT_EQ(read_all(), 5U);
    const auto all = latency.take();
    for (const auto part : {XDPB_LATENCY_SWITCH, XDPB_LATENCY_TRANSMIT, XDPB_LATENCY_QUEUE}) {
        EXPECT_EQ(times(all, port_, part).count, 3U) << name_of(part);
        EXPECT_EQ(times(all, port_, part, LatencyClass::urgent).count, 2U) << name_of(part);
    }
}

TEST_P(LatencyTest, AReaderThatKeepsUpIsSeenForEachFrame) {
    auto latency = bridge_->latency();
    std::jthread reader([&](const std::stop_token& stop) {
        std::array<std::uint8_t, 2048> buffer{};
        while (!stop.stop_requested())
            tap_->read(buffer, 10ms);
    });
    send_frames(50, datagram(h1_.mac, reader_mac));
    std::uint64_t seen = 0;
    EXPECT_TRUE(eventually([&] {
        seen += times(latency.take(), port_, XDPB_LATENCY_QUEUE).count;
        return seen >= 50;
    })) << seen;
}

TEST_P(LatencyTest, ADeviceThatIsNoTapHasNoQueue) {
    const Host h2 = add_host("h2");
    const auto port = bridge_->ports().get(h2.port).number;
    bridge_->fdb().add({.mac = mac(h2.mac), .port = port, .is_static = true});
    auto latency = bridge_->latency();
    EXPECT_TRUE(latency.has_queue(port_));
    EXPECT_FALSE(latency.has_queue(port));
    Capture capture(h2.netns, h2.device);
    const Frame frame = datagram(h1_.mac, h2.mac);
    send(h1_, frame);
    EXPECT_TRUE(capture.wait_for([&](const Frame& got) { return got == frame; }, soon));
    const auto all = latency.take();
    EXPECT_EQ(times(all, port, XDPB_LATENCY_SWITCH).count, 1U);
    EXPECT_EQ(times(all, port, XDPB_LATENCY_QUEUE).count, 0U);
}

TEST_P(LatencyTest, ItIsOnAsLongAsSomebodyMeasures) {
    const auto measuring = [&] { return (bridge_->info().features & XDPB_BRIDGE_LATENCY) != 0; };
    EXPECT_FALSE(measuring());
    {
        const auto latency = bridge_->latency();
        EXPECT_TRUE(measuring());
        try {
            const auto second = bridge_->latency();
            FAIL() << "two at once";
        } catch (const Error& error) {
            EXPECT_EQ(error.code().value(), EBUSY);
        }
    }
    EXPECT_FALSE(measuring());
    send_frames(5, datagram(h1_.mac, reader_mac));
    EXPECT_EQ(read_all(), 5U);
    EXPECT_TRUE(bridge_->latency().take().empty()) << "nothing was noted meanwhile";
}

TEST_P(LatencyTest, APortThatIsAddedIsMeasuredToo) {
    auto latency = bridge_->latency();
    bridge_->ports().remove("tap0");
    latency.take();
    port_ = bridge_->ports().add("tap0", {.hook = GetParam()});
    bridge_->fdb().add({.mac = mac(reader_mac), .port = port_, .is_static = true});
    latency.take();
    send_frames(4, datagram(h1_.mac, reader_mac));
    EXPECT_EQ(read_all(), 4U);
    EXPECT_EQ(times(latency.take(), port_, XDPB_LATENCY_QUEUE).count, 4U);
}

XDPB_AT_EACH_HOOK(LatencyTest);

} // namespace
} // namespace xdpbridge::test
