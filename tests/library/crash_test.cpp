// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A process may be killed at any point. What it left half-done is undone by the next call that
// changes the bridge, or that makes or removes one.
#include "lib/netlink.h"
#include "sandbox/process.h"
#include "support/switch_test.h"

#include <bpf/bpf.h>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <thread>

namespace xdpbridge::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CrashTest : public SwitchTest {
  protected:
    // As a process killed while it made the port, or took it away, leaves it.
    void make_half_done(std::uint32_t number) {
        auto slot = port_map_.lookup(number).value();
        slot.flags &= ~std::uint32_t{XDPB_PORT_ACTIVE};
        ASSERT_EQ(port_map_.update(number, slot), 0);
    }
    // What is pinned or made in the folder of all bridges.
    static std::vector<std::string> folders() {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator("/sys/fs/bpf/xdp-bridge"))
            names.push_back(entry.path().filename());
        return names;
    }
};

TEST_F(CrashTest, AHalfDonePortIsTakenApart) {
    const Port half = add_port({.mac_quota = 5});
    const Port whole = add_port();
    inject(half, frame(host(1), broadcast));
    inject(whole, frame(host(2), broadcast));
    fdb_.add({.mac = host(3), .port = half.number, .is_static = true});
    make_half_done(half.number);

    bridge_.set_ageing(100s); // any change will do
    EXPECT_EQ(xdp_program_on(half.device), 0U);
    EXPECT_NE(xdp_program_on(whole.device), 0U);
    ASSERT_EQ(ports_.list().size(), 1U);
    EXPECT_EQ(ports_.list()[0].device, whole.device);
    EXPECT_FALSE(in_memory(host(1)));
    EXPECT_FALSE(in_memory(host(3)));
    EXPECT_TRUE(fdb_.lookup(host(2)));
    EXPECT_FALSE(std::filesystem::exists(bridge_.info().folder / "links" / "port-1"));
    const Fd devices(bpf_obj_get((bridge_.info().folder / "devices").c_str()));
    bpf_devmap_val output{};
    const std::uint32_t number = half.number;
    EXPECT_NE(bpf_map_lookup_elem(devices.get(), &number, &output), 0);

    EXPECT_EQ(ports_.add(half.device, at_xdp), 1);
    EXPECT_EQ(ports_.get(half.device).mac_quota, 0U);
}

TEST_F(CrashTest, APortOfWhichThereIsOnlyTheSlot) {
    xdpb_port slot{};
    slot.flags = XDPB_PORT_USED;
    ASSERT_EQ(port_map_.update(1, slot), 0);
    make_veth("eth0");
    EXPECT_EQ(ports_.add("eth0", at_xdp), 1);
    EXPECT_EQ(ports_.list().size(), 1U);
}

TEST_F(CrashTest, AHalfDoneSviGoesWithItsVeth) {
    bridge_.svis().add("svi0");
    const auto number = bridge_.svis().list().at(0).number;
    make_half_done(number);
    bridge_.set_ageing(100s);
    EXPECT_TRUE(bridge_.svis().list().empty());
    EXPECT_FALSE(link_by_name("svi0"));
    EXPECT_TRUE(table().empty());

    // Killed before the slot had the ifindexes: only the name tells.
    for (const bool half : {true, false}) {
        make_veth("other"); // its other end is other-peer, and it is nobody's of ours
        sandbox::check({"ip", "link", "add", "svi1", "type", "veth", "peer", "name", "svi1-br"});
        auto slot = port_map_.lookup(5).value();
        slot.flags = XDPB_PORT_USED;
        slot.features = XDPB_FEATURE_SVI;
        const std::string name = half ? "svi1-br" : "other-peer";
        name.copy(slot.name, sizeof(slot.name) - 1);
        ASSERT_EQ(port_map_.update(5, slot), 0);
        bridge_.set_ageing(100s);
        EXPECT_TRUE(ports_.list().empty());
        EXPECT_EQ(link_by_name("svi1").has_value(), !half);
        EXPECT_TRUE(link_by_name("other")) << "a veth with other names";
        for (const char* device : {"svi1", "other"})
            if (link_by_name(device))
                delete_device(device);
    }
}

TEST_F(CrashTest, AddingTheDeviceOfAHalfDonePort) {
    const Port port = add_port();
    make_half_done(port.number);
    EXPECT_EQ(ports_.add(port.device, at_xdp), 1);
    EXPECT_NE(xdp_program_on(port.device), 0U);
    EXPECT_EQ(ports_.list().size(), 1U);
}

TEST_F(CrashTest, EveryCallThatChangesTheBridgeRepairsIt) {
    const std::function<void()> calls[] = {
        [&] { bridge_.set_reserved(0, ReservedPolicy::drop); },
        [&] { fdb_.flush(); },
        [&] { fdb_.remove(host(1)); },
        [&] { fdb_.load(std::vector<FdbEntry>{}); },
        [&] { std::ignore = error_of([&] { ports_.remove("nowhere"); }); },
        [&] { std::ignore = error_of([&] { ports_.set("nowhere", {}); }); },
        [&] { std::ignore = error_of([&] { fdb_.add({}); }); },
    };
    make_veth("eth0");
    for (const auto& call : calls) {
        ASSERT_EQ(ports_.add("eth0", at_xdp), 1);
        make_half_done(1);
        call();
        EXPECT_EQ(xdp_program_on("eth0"), 0U);
        EXPECT_THAT(ports_.list(), IsEmpty());
    }
}

TEST_F(CrashTest, AHalfMadeBridgeIsNoneAndInNobodysWay) {
    const std::filesystem::path half = "/sys/fs/bpf/xdp-bridge/other+creating";
    std::filesystem::create_directories(half / "links");
    ASSERT_EQ(bpf_obj_pin(fdb_map_.fd(), (half / "fdb").c_str()), 0);
    EXPECT_THAT(Bridge::list(), ElementsAre("switch"));

    EXPECT_EQ(Bridge::create("other").info().ports, 0U);
    EXPECT_THAT(folders(), ::testing::UnorderedElementsAre("switch", "other"));
}

TEST_F(CrashTest, AHalfRemovedBridgeIsRemovedWithTheNextOneMade) {
    const Port port = add_port();
    std::filesystem::rename("/sys/fs/bpf/xdp-bridge/switch",
                            "/sys/fs/bpf/xdp-bridge/switch+deleting");
    EXPECT_THAT(Bridge::list(), IsEmpty());

    bridge_ = Bridge::create("other");
    ports_ = bridge_.ports();
    EXPECT_EQ(xdp_program_on(port.device), 0U);
    EXPECT_THAT(folders(), ElementsAre("other"));
    EXPECT_EQ(ports_.add(port.device, at_xdp), 1);
    ports_.remove(port.device); // TearDown compares with the table of the first bridge
}

// Who sees the removal killed will try it again.
TEST_F(CrashTest, AHalfRemovedBridgeIsRemovedByRemovingItAgain) {
    const Port port = add_port();
    std::filesystem::rename("/sys/fs/bpf/xdp-bridge/switch",
                            "/sys/fs/bpf/xdp-bridge/switch+deleting");
    std::ignore = error_of([] { Bridge::remove("switch"); });
    EXPECT_EQ(xdp_program_on(port.device), 0U);
    EXPECT_THAT(folders(), IsEmpty());

    bridge_ = Bridge::create("switch");
    ports_ = bridge_.ports();
}

// Killed after 0, 3, 6, ... ms, wherever that is.
TEST_F(CrashTest, KilledAtAnyMoment) {
    for (const char* device : {"eth0", "eth1"})
        make_veth(device);
    for (int round = 0; round < 25; round++) {
        Child victim([] {
            for (;;) {
                auto bridge = Bridge::open("switch");
                bridge.ports().add("eth0", at_xdp);
                bridge.ports().add("eth1", at_xdp);
                bridge.fdb().add({.mac = host(1), .port = 1, .is_static = true});
                bridge.ports().remove("eth0");
                bridge.ports().remove("eth1");
            }
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(3 * round));
        victim.kill();

        for (const char* device : {"eth0", "eth1"}) {
            const auto code = error_of([&] { ports_.add(device, at_xdp); }).code().value();
            ASSERT_TRUE(code == 0 || code == EEXIST) << "round " << round << ": " << code;
        }
        ASSERT_EQ(ports_.list().size(), 2U) << "round " << round;
        for (const auto& port : ports_.list()) {
            EXPECT_EQ(port.state, PortState::down) << "round " << round << ", " << port.device;
            ports_.remove(port.device);
        }
        EXPECT_EQ(xdp_program_on("eth0"), 0U) << "round " << round;
        EXPECT_EQ(xdp_program_on("eth1"), 0U) << "round " << round;
        EXPECT_THAT(table(), IsEmpty()) << "round " << round;
    }
}

TEST_F(CrashTest, KilledWhileBridgesComeAndGo) {
    make_veth("eth0");
    for (int round = 0; round < 15; round++) {
        Child victim([] {
            for (;;) {
                Bridge::create("other", {.fdb_size = 16}).ports().add("eth0", at_xdp);
                Bridge::remove("other");
            }
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(4 * round));
        victim.kill();

        const auto code = error_of([] { Bridge::remove("other"); }).code().value();
        ASSERT_TRUE(code == 0 || code == ENOENT) << "round " << round << ": " << code;
        EXPECT_EQ(Bridge::create("other").ports().add("eth0", at_xdp), 1) << "round " << round;
        Bridge::remove("other");
        EXPECT_EQ(xdp_program_on("eth0"), 0U) << "round " << round;
        EXPECT_THAT(folders(), ElementsAre("switch")) << "round " << round;
    }
}

} // namespace
} // namespace xdpbridge::test
