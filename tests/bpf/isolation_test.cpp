// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// bpf/filter.h and bpdu_guard() of guard.h: isolated ports, and ports that a BPDU has shut.
#include "support/guard_frames.h"
#include "support/switch_test.h"

#include <gmock/gmock.h>

namespace xdpbridge::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class IsolationTest : public HookTest {
  protected:
    const Port a_ = add_port({.settings = {.isolated = true}});
    const Port b_ = add_port({.settings = {.isolated = true}});
    const Port open_ = add_port();

    void SetUp() override {
        EXPECT_EQ(send(b_, frame(host(2), broadcast)), "flooded");
        EXPECT_EQ(send(open_, frame(host(3), broadcast)), "flooded");
    }
};

TEST_P(IsolationTest, IsolatedPortsDoNotReachEachOther) {
    EXPECT_EQ(send(a_, frame(host(1), host(2))), "dropped isolated");
    EXPECT_EQ(send(b_, frame(host(2), host(1))), "dropped isolated");
    EXPECT_EQ(send(a_, frame(host(1), host(3))), "forwarded");
    EXPECT_EQ(send(open_, frame(host(3), host(1))), "forwarded");
    EXPECT_EQ(send(open_, frame(host(3), host(2))), "forwarded");
}

TEST_P(IsolationTest, EitherOfThemMayBeOpened) {
    for (const Port* port : {&a_, &b_}) {
        ports_.set(port->device, {.settings = {.isolated = false}});
        EXPECT_EQ(send(a_, frame(host(1), host(2))), "forwarded");
        ports_.set(port->device, {.settings = {.isolated = true}});
        EXPECT_EQ(send(a_, frame(host(1), host(2))), "dropped isolated");
    }
}

TEST_P(IsolationTest, AHostBehindTheSamePortIsAHairpin) {
    EXPECT_EQ(send(b_, frame(host(9), host(2))), "dropped hairpin");
}

XDPB_AT_EACH_HOOK(IsolationTest);

class BpduGuardTest : public HookTest {
  protected:
    const Port port_ = add_port({.settings = {.bpdu_guard = true}});
    const Port there_ = add_port();
    const Frame bpdu_ =
        Ethernet{.dst = "01:80:c2:00:00:00", .src = host(1).to_string(), .type = 38} /
        Bytes{{0x42, 0x42, 0x03, 0, 0, 0, 0, 0}} / Payload{44, 0};
    const Frame pvst_ =
        Ethernet{.dst = "01:00:0c:cc:cc:cd", .src = host(1).to_string(), .type = 50} /
        Bytes{{0xaa, 0xaa, 0x03, 0, 0, 0x0c, 1, 0x0b}} / Payload{42, 0};

    PortState state(const Port& port) const { return ports_.get(port.device).state; }
    bool blocked() const { return (ports_.get(port_.device).features & XDPB_FEATURE_BLOCKED) != 0; }
    void set(bool on) { ports_.set(port_.device, {.settings = {.bpdu_guard = on}}); }
};

TEST_P(BpduGuardTest, ABpduShutsThePort) {
    EXPECT_EQ(send(port_, frame(host(1), broadcast)), "flooded");
    EXPECT_EQ(send(port_, bpdu_), "dropped bpdu_guard");
    EXPECT_TRUE(blocked());
    EXPECT_EQ(state(port_), PortState::blocked);
    EXPECT_EQ(send(port_, frame(host(1), broadcast)), "dropped bpdu_guard");
    EXPECT_EQ(send(port_, frame(host(5), host(6))), "dropped bpdu_guard");
    EXPECT_FALSE(in_memory(host(5))) << "nothing is learned from it";
}

TEST_P(BpduGuardTest, AnyKindOfBpdu) {
    Frame provider = bpdu_;
    provider[5] = 0x08;
    for (const Frame& frame : {bpdu_, provider, pvst_, tagged(pvst_, {5})}) {
        EXPECT_EQ(send(port_, frame), "dropped bpdu_guard");
        EXPECT_TRUE(blocked());
        set(true);
        EXPECT_FALSE(blocked()) << "set again, it is open again";
    }
    for (const char* address : {"01:80:c2:00:00:01", "01:80:c2:00:00:02", "01:80:c2:00:00:0e",
                                "01:80:c2:00:00:10", "01:00:0c:cc:cc:cc", "01:00:0c:cc:cd:cd"}) {
        EXPECT_NE(send(port_, frame(host(1), mac(address))), "dropped bpdu_guard") << address;
        EXPECT_FALSE(blocked()) << address;
    }
}

TEST_P(BpduGuardTest, OffItLetsBpdusPass) {
    set(false);
    EXPECT_EQ(send(port_, bpdu_), "passed");
    EXPECT_EQ(send(port_, pvst_), "flooded");
    EXPECT_FALSE(blocked());
}

TEST_P(BpduGuardTest, TurningItOffOpensThePort) {
    send(port_, bpdu_);
    set(false);
    EXPECT_EQ(send(port_, frame(host(1), broadcast)), "flooded");
    EXPECT_EQ(state(port_), PortState::down); // the devices of these tests are
}

TEST_P(BpduGuardTest, OtherSettingsLeaveItShut) {
    send(port_, bpdu_);
    ports_.set(port_.device, {.settings = {.isolated = true}});
    ports_.set(port_.device, {.learning = false});
    EXPECT_EQ(state(port_), PortState::blocked);
}

TEST_P(BpduGuardTest, ADisabledPortGetsNothing) {
    send(port_, frame(host(1), broadcast));
    EXPECT_EQ(send(there_, frame(host(2), host(1))), "forwarded");
    send(port_, bpdu_);
    // Its host may be reached another way by now.
    EXPECT_EQ(send(there_, frame(host(2), host(1))), "flooded");
    set(true);
    EXPECT_EQ(send(there_, frame(host(2), host(1))), "forwarded");
}

TEST_P(BpduGuardTest, ItIsToldOnce) {
    Events events = bridge_.events();
    send(port_, bpdu_);
    send(port_, bpdu_);
    send(port_, frame(host(1), broadcast));
    const auto number = std::to_string(port_.number);
    EXPECT_THAT(take_events(events), ElementsAre("bpdu 02:00:00:00:00:01 port " + number));
    set(true);
    EXPECT_THAT(take_events(events), IsEmpty());
    send(port_, bpdu_);
    EXPECT_THAT(take_events(events), ElementsAre("bpdu 02:00:00:00:00:01 port " + number));
}

// The other ports' books do not look at what no port needs.
TEST_P(BpduGuardTest, TheBridgeKnowsWhetherAnyPortHasOne) {
    const Map<std::uint32_t, xdpb_bridge> bridge{
        Fd(bpf_obj_get((bridge_.info().folder / "bridge").c_str()))};
    const auto any = [&] { return bridge.lookup(0)->features & XDPB_BRIDGE_BPDU_GUARD; };
    EXPECT_TRUE(any());
    set(false);
    EXPECT_FALSE(any());
    ports_.set(there_.device, {.settings = {.bpdu_guard = true}});
    EXPECT_TRUE(any());
    ports_.remove(there_.device);
    EXPECT_FALSE(any());
}

XDPB_AT_EACH_HOOK(BpduGuardTest);

} // namespace
} // namespace xdpbridge::test
