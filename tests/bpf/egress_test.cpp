// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What leaves, and by which port: BPF_PROG_RUN with "live frames" carries the program's verdict
// out, so that frames pass the egress programs and reach the devices, or are refused by them.
#include "support/switch_test.h"

#include "sandbox/process.h"

#include <bpf/bpf.h>
#include <fstream>
#include <gmock/gmock.h>
#include <linux/bpf.h>
#include <net/if.h>

namespace xdpbridge::test {
namespace {

using ::testing::ElementsAre;

class EgressTest : public SwitchTest {
  protected:
    EgressTest() {
        // Else the kernel sends frames of its own as soon as the devices are up.
        std::ofstream("/proc/sys/net/ipv6/conf/default/disable_ipv6") << "1";
        for (int i = 0; i < 3; i++) {
            switch_ports_.push_back(add_port());
            bring_up(device(i));
        }
    }

    Port& port(int i) { return switch_ports_.at(static_cast<std::size_t>(i)); }
    std::string device(int i) { return port(i).device; }

    // A veth receives from XDP only with NAPI, which GRO brings; and its other end sees so when it
    // comes up, so it comes last.
    void bring_up(const std::string& veth) {
        sandbox::check({"ethtool", "-K", veth + "-peer", "gro", "on"});
        for (const auto& device : {veth + "-peer", veth})
            sandbox::check({"ip", "link", "set", "dev", device, "up"});
        ports_.set(veth, {}); // looks again whether it takes frames from XDP
    }
    static void down(const std::string& device) {
        sandbox::check({"ip", "link", "set", "dev", device, "down"});
    }

    // Lets frames come in at port i and go out again.
    void pass_through(int i, const Frame& frame, std::uint32_t count = 1) {
        xdp_md context{};
        context.data_end = static_cast<std::uint32_t>(frame.size());
        context.ingress_ifindex = ::if_nametoindex(device(i).c_str());
        LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                    .data_size_in = static_cast<std::uint32_t>(frame.size()), .ctx_in = &context,
                    .ctx_size_in = sizeof(context), .repeat = static_cast<int>(count),
                    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
        if (bpf_prog_test_run_opts(port(i).program.get(), &options) != 0)
            throw Error(errno, "send live frames");
    }

    // Frames sent by each port.
    std::vector<std::uint64_t> sent() {
        std::vector<std::uint64_t> packets;
        for (const auto& each : switch_ports_)
            packets.push_back(counters(each).tx_packets);
        return packets;
    }

  private:
    std::vector<Port> switch_ports_;
};

TEST_F(EgressTest, AKnownHostsPortAloneSendsTheFrame) {
    pass_through(2, frame(host(3), broadcast));
    const auto before = sent();
    const auto unicast = frame(host(1), host(3));
    pass_through(0, unicast, 5);
    EXPECT_THAT(sent(), ElementsAre(before[0], before[1], before[2] + 5));
    EXPECT_EQ(counters(port(0)).forwarded, 5U);
    EXPECT_EQ(counters(port(2)).tx_bytes, 5 * unicast.size());
    EXPECT_EQ(counters(port(2)).refused_total(), 0U);
}

TEST_F(EgressTest, FloodingReachesAllPortsButTheOneItCameFrom) {
    const auto flooded = frame(host(2), broadcast);
    pass_through(1, flooded);
    EXPECT_THAT(sent(), ElementsAre(1U, 0U, 1U));
    EXPECT_EQ(counters(port(1)).flooded, 1U) << "counted per copy";
    EXPECT_EQ(counters(port(0)).tx_bytes, flooded.size());

    pass_through(0, frame(host(1), host(99)), 3);
    EXPECT_THAT(sent(), ElementsAre(1U, 3U, 4U));
}

TEST_F(EgressTest, DroppedFramesLeaveByNoPort) {
    pass_through(0, frame(Mac{}, broadcast));
    pass_through(0, frame(host(1), host(1)));
    EXPECT_THAT(sent(), ElementsAre(0U, 0U, 0U));
    EXPECT_EQ(counters(port(0)).dropped_total(), 2U);
}

TEST_F(EgressTest, AHostThatMovedIsReachedAtItsNewPort) {
    pass_through(1, frame(host(1), broadcast));
    pass_through(2, frame(host(1), broadcast));
    const auto before = sent();
    pass_through(0, frame(host(2), host(1)));
    EXPECT_THAT(sent(), ElementsAre(before[0], before[1], before[2] + 1));
}

TEST_F(EgressTest, TheHostsOfAVanishedDeviceAreFoundElsewhere) {
    pass_through(2, frame(host(3), broadcast));
    delete_device(device(2));
    const auto before = sent();
    pass_through(0, frame(host(1), host(3)));
    EXPECT_THAT(sent(), ElementsAre(before[0], before[1] + 1, before[2]));
}

// A device that has left and come back under its own name must not stay deaf.
TEST_F(EgressTest, APortThatWasAddedAgainSends) {
    delete_device(device(2));
    make_veth(device(2));
    ports_.add(device(2));
    bring_up(device(2));
    pass_through(0, frame(host(1), broadcast));
    EXPECT_THAT(sent(), ElementsAre(0U, 1U, 1U));
}

TEST_F(EgressTest, CountsFramesThatADeviceRefusesBecauseItIsDown) {
    pass_through(1, frame(host(1), broadcast));
    const auto before = sent();
    down(device(1));
    pass_through(0, frame(host(2), host(1)), 4);
    EXPECT_EQ(counters(port(1)).refused[XDPB_REFUSAL_DOWN], 4U);
    EXPECT_EQ(counters(port(1)).refused_total(), 4U);
    EXPECT_EQ(counters(port(0)).forwarded, 4U);
    EXPECT_EQ(sent(), before);
}

TEST_F(EgressTest, CountsFramesThatNobodyReceives) {
    pass_through(1, frame(host(1), broadcast));
    sandbox::check({"ethtool", "-K", device(1) + "-peer", "gro", "off"});
    pass_through(0, frame(host(2), host(1)), 4);
    const auto refused = counters(port(1));
    EXPECT_EQ(refused.refused[XDPB_REFUSAL_NO_RECEIVER] + refused.refused[XDPB_REFUSAL_UNSUPPORTED],
              4U);
    EXPECT_EQ(refused.refused_total(), 4U);
}

TEST_F(EgressTest, CountsFramesThatAreTooLongForADevice) {
    pass_through(1, frame(host(1), broadcast));
    sandbox::check({"ip", "link", "set", "dev", device(1), "mtu", "1000"});
    const Frame longer = Ethernet{.dst = host(1).to_string(), .src = host(2).to_string()} /
                         IPv4{.src = "10.0.0.1", .dst = "10.0.0.2"} / Udp{} / Payload{1200};
    pass_through(0, longer, 2);
    EXPECT_EQ(counters(port(1)).refused[XDPB_REFUSAL_MTU], 2U);
    EXPECT_EQ(counters(port(1)).refused_total(), 2U);
}

} // namespace
} // namespace xdpbridge::test
