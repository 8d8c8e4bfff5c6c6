// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// bpf/forward.h: where a frame goes. Which device that is in the end is for egress_test.cpp.
#include "support/switch_test.h"

namespace xdpbridge::test {
namespace {

using namespace std::chrono_literals;

class ForwardTest : public HookTest {
  protected:
    const Mac here_ = host(1);
    const Mac there_ = host(2);
    const Port a_ = add_port();
    const Port b_ = add_port();

    // Lets `there_` be known behind b_.
    void learn_there() { EXPECT_EQ(send(b_, frame(there_, broadcast)), "flooded"); }
};

TEST_P(ForwardTest, AKnownHostGetsItsFramesAlone) {
    learn_there();
    EXPECT_EQ(send(a_, frame(here_, there_)), "forwarded");
    EXPECT_EQ(send(b_, frame(there_, here_)), "forwarded");
}

TEST_P(ForwardTest, AFrameForAnUnknownHostIsFlooded) {
    EXPECT_EQ(send(a_, frame(here_, there_)), "flooded");
    EXPECT_EQ(send(a_, frame(here_, Mac{})), "flooded");
}

TEST_P(ForwardTest, BroadcastIsFlooded) {
    EXPECT_EQ(send(a_, frame(here_, broadcast)), "flooded");
}

TEST_P(ForwardTest, MulticastIsFlooded) {
    for (const char* destination :
         {"01:00:5e:00:00:fb", "33:33:00:00:00:01", "33:33:ff:00:00:02", "01:00:0c:cc:cc:cc",
          "01:00:00:00:00:00", "03:00:00:00:00:01", "01:1b:19:00:00:00"})
        EXPECT_EQ(send(a_, frame(here_, mac(destination))), "flooded") << destination;
}

// Clocks are synchronised across the switch. PTP's peer delay messages, to 01:80:c2:00:00:0e, are
// a reserved address's, and guard_test.cpp's.
TEST_P(ForwardTest, PtpIsFlooded) {
    EXPECT_EQ(
        send(a_, Ethernet{.dst = "01:1b:19:00:00:00", .src = here_.to_string(), .type = 0x88f7} /
                     Payload{44}),
        "flooded");
    EXPECT_EQ(send(a_, Ethernet{.dst = "01:00:5e:00:01:81", .src = here_.to_string()} /
                           IPv4{.src = "10.0.0.1", .dst = "224.0.1.129", .ttl = 1} /
                           Udp{.sport = 319, .dport = 319} / Payload{44}),
              "flooded");
}

TEST_P(ForwardTest, AnyEthertypeIsForwarded) {
    learn_there();
    for (const std::uint16_t type :
         {0x0000, 0x0026, 0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8, 0x88cc, 0x88f7, 0x8892, 0xffff})
        EXPECT_EQ(
            send(a_, Ethernet{.dst = there_.to_string(), .src = here_.to_string(), .type = type} /
                         Payload{46}),
            "forwarded")
            << type;
}

TEST_P(ForwardTest, NothingGoesBackToWhereItCameFrom) {
    EXPECT_EQ(send(b_, frame(here_, broadcast)), "flooded");
    learn_there();
    EXPECT_EQ(send(b_, frame(here_, there_)), "dropped hairpin");
    EXPECT_EQ(send(b_, frame(there_, there_)), "dropped hairpin");
}

TEST_P(ForwardTest, AFrameToItsOwnSourceIsAHairpinEvenIfItIsTheFirst) {
    EXPECT_EQ(send(a_, frame(here_, here_)), "dropped hairpin");
    EXPECT_EQ(fdb_.lookup(here_)->port, a_.number);
}

TEST_P(ForwardTest, AStaticEntrySaysWhereAHostIs) {
    fdb_.add({.mac = there_, .port = b_.number, .is_static = true});
    EXPECT_EQ(send(a_, frame(here_, there_)), "forwarded");
    EXPECT_EQ(send(b_, frame(here_, there_)), "dropped hairpin");
}

TEST_P(ForwardTest, AHostThatAgedOutIsUnknown) {
    learn_there();
    set_idle(there_, 299s);
    EXPECT_EQ(send(a_, frame(here_, there_)), "forwarded");
    set_idle(there_, 301s);
    const auto before = in_memory(there_)->seen_ns;
    EXPECT_EQ(send(a_, frame(here_, there_)), "flooded");
    EXPECT_EQ(in_memory(there_)->seen_ns, before);
}

// Its neighbours on the same port may have gone elsewhere too.
TEST_P(ForwardTest, AHostThatAgedOutOnTheSamePortIsUnknown) {
    learn_there();
    age_out(there_);
    EXPECT_EQ(send(b_, frame(here_, there_)), "flooded");
}

// Another CPU may have seen the host a tick later than this one knows the time.
TEST_P(ForwardTest, AnEntryFromTheFutureIsThere) {
    learn_there();
    set_idle(there_, -10ms);
    EXPECT_EQ(send(a_, frame(here_, there_)), "forwarded");
    EXPECT_EQ(fdb_.lookup(there_)->idle, 0ns);
}

TEST_P(ForwardTest, WhenADeviceVanishesItsHostsAreSearchedEverywhere) {
    learn_there();
    fdb_.add({.mac = host(3), .port = b_.number, .is_static = true});
    delete_device(b_.device);
    EXPECT_EQ(send(a_, frame(here_, there_)), "flooded");
    EXPECT_EQ(send(a_, frame(here_, host(3))), "flooded");
    EXPECT_EQ(counters(a_).forwarded, 0U);

    const Port c = add_port();
    EXPECT_EQ(send(c, frame(there_, here_)), "forwarded");
    EXPECT_EQ(send(a_, frame(here_, there_)), "forwarded");
}

TEST_P(ForwardTest, WhenAPortIsRemovedItsHostsAreUnknown) {
    learn_there();
    EXPECT_EQ(send(a_, frame(here_, there_)), "forwarded");
    ports_.remove(b_.device);
    EXPECT_FALSE(in_memory(there_));
    EXPECT_TRUE(in_memory(here_));
    EXPECT_EQ(send(a_, frame(here_, there_)), "flooded");
}

TEST_P(ForwardTest, ADeletedEntryDeletesNoPort) {
    learn_there();
    EXPECT_TRUE(fdb_.remove(there_));
    EXPECT_EQ(send(a_, frame(here_, there_)), "flooded");
    learn_there();
    EXPECT_EQ(send(a_, frame(here_, there_)), "forwarded");
}

TEST_P(ForwardTest, EachBridgeKnowsItsOwnHosts) {
    learn_there();
    auto other = Bridge::create("other");
    make_veth("other1");
    other.ports().add("other1");
    const Port port{"other1", 1, ingress_program(other.ports(), "other1")};
    inject(port, frame(here_, there_));
    EXPECT_EQ(other.stats().port(1).flooded, 1U);
    EXPECT_FALSE(fdb_.lookup(here_));
    EXPECT_EQ(counters(a_).rx_packets, 0U);
}

XDPB_AT_EACH_HOOK(ForwardTest);

} // namespace
} // namespace xdpbridge::test
