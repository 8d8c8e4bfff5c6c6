// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Bridge::upgrade: other programs over the same maps, on all ports or on none.
#include "sandbox/process.h"
#include "support/switch_test.h"

#include <bpf/bpf.h>
#include <filesystem>
#include <gmock/gmock.h>
#include <thread>

namespace xdpbridge::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class UpgradeTest : public SwitchTest {
  protected:
    // Of the programs of a port: at its hook, and on its way out.
    struct Programs {
        std::uint32_t ingress, egress, egress_frags, flood;
    };
    static std::uint32_t id_of(int program) {
        bpf_prog_info info{};
        __u32 size = sizeof(info);
        return bpf_obj_get_info_by_fd(program, &info, &size) == 0 ? info.id : 0;
    }
    [[nodiscard]] Fd pinned(const char* map) const {
        return Fd(bpf_obj_get((bridge_.info().folder / map).c_str()));
    }
    static std::uint32_t egress_in(const Fd& devices, std::uint32_t port) {
        bpf_devmap_val output{};
        return bpf_map_lookup_elem(devices.get(), &port, &output) == 0 ? output.bpf_prog.id : 0;
    }
    [[nodiscard]] Programs programs(const Port& port) const {
        const std::uint32_t vlan = 0;
        std::uint32_t flood = 0;
        bpf_map_lookup_elem(pinned("flood_by_vlan").get(), &vlan, &flood);
        return {.ingress = id_of(Fd(ports_.program_fd(port.device)).get()),
                .egress = egress_in(pinned("devices"), port.number),
                .egress_frags = egress_in(pinned("devices_frags"), port.number),
                .flood = egress_in(Fd(bpf_map_get_fd_by_id(flood)), port.number)};
    }
    static Error upgrade_error() {
        return error_of([] { Bridge::upgrade("switch"); });
    }
    void expect_all_other(const Programs& now, const Programs& before) {
        EXPECT_NE(now.ingress, before.ingress);
        EXPECT_NE(now.egress, before.egress);
        EXPECT_NE(now.egress_frags, before.egress_frags);
        EXPECT_NE(now.flood, before.flood);
        EXPECT_EQ(now.flood, now.egress_frags);
        for (const auto id : {now.ingress, now.egress, now.egress_frags})
            EXPECT_NE(id, 0U);
        // But for the ingress program, which the test's Port holds.
        EXPECT_TRUE(eventually([&] {
            return !Fd(bpf_prog_get_fd_by_id(before.egress)) &&
                   !Fd(bpf_prog_get_fd_by_id(before.egress_frags));
        })) << "the old programs are still there";
    }
    static bool eventually(const std::function<bool()>& condition) {
        for (int i = 0; i < 300 && !condition(); i++)
            std::this_thread::sleep_for(10ms);
        return condition();
    }
    static void expect_same(const Programs& now, const Programs& before) {
        EXPECT_EQ(now.ingress, before.ingress);
        EXPECT_EQ(now.egress, before.egress);
        EXPECT_EQ(now.egress_frags, before.egress_frags);
        EXPECT_EQ(now.flood, before.flood);
    }
    // Puts another map in the place of one of the bridge's.
    void put_map(const char* name, std::uint32_t value_size) {
        const auto pin = bridge_.info().folder / name;
        std::filesystem::remove(pin);
        const Fd map(bpf_map_create(BPF_MAP_TYPE_HASH, "other", sizeof(xdpb_fdb_key), value_size,
                                    16384, nullptr));
        ASSERT_EQ(bpf_obj_pin(map.get(), pin.c_str()), 0);
    }
};

TEST_F(UpgradeTest, EverythingButTheProgramsStays) {
    for (const Hook hook : {Hook::xdp, Hook::tc}) {
        const Port port = add_port({.hook = hook, .mac_quota = 5});
        const Port other = add_port({.hook = hook});
        inject(port, frame(host(1), broadcast));
        fdb_.add({.mac = host(9), .port = other.number, .is_static = true});
        const auto rows = table();
        const auto counted = counters(port).rx_packets;
        const auto before = programs(port);

        const Upgrade done = Bridge::upgrade("switch");
        EXPECT_EQ(done.ports, bridge_.info().ports);
        EXPECT_THAT(done.new_maps, IsEmpty());
        expect_all_other(programs(port), before);
        EXPECT_EQ(table(), rows);
        EXPECT_EQ(counters(port).rx_packets, counted);
        EXPECT_EQ(ports_.get(port.device).mac_quota, 5U);
        EXPECT_FALSE(bridge_.info().features & XDPB_BRIDGE_UPGRADING);
        const Port again{port.device, port.number, Fd(ports_.program_fd(port.device))};
        if (hook == Hook::xdp) { // send() knows the verdicts of the test's hook
            EXPECT_EQ(send(again, frame(host(1), host(9))), "forwarded");
        }
        ports_.remove(port.device);
        ports_.remove(other.device);
    }
}

TEST_F(UpgradeTest, BothHooksOfAPort) {
    const Port port = add_port({.hook = Hook::both});
    const auto filters = [&] {
        return sandbox::check({"tc", "filter", "show", "dev", port.device, "ingress"}).out;
    };
    const auto before = programs(port);
    const std::string filter = filters();
    Bridge::upgrade("switch");
    expect_all_other(programs(port), before);
    EXPECT_NE(filters(), filter);
    ports_.remove(port.device);
    EXPECT_THAT(filters(), IsEmpty());
}

TEST_F(UpgradeTest, APortThatIsGoneGetsThemWhenItComesBack) {
    const Port port = add_port();
    const Port other = add_port();
    delete_device(port.device);
    EXPECT_EQ(Bridge::upgrade("switch").ports, 1U);
    EXPECT_EQ(ports_.get(port.device).state, PortState::gone);
    make_veth(port.device);
    EXPECT_EQ(ports_.add(port.device, at_xdp), port.number);
    EXPECT_EQ(Bridge::upgrade("switch").ports, 2U);
}

TEST_F(UpgradeTest, AnAttachmentIsStillItsOwners) {
    make_veth("eth0");
    {
        const Attachment attachment = ports_.attach("eth0", at_xdp);
        Bridge::upgrade("switch");
        EXPECT_NE(xdp_program_on("eth0"), 0U);
    }
    EXPECT_EQ(xdp_program_on("eth0"), 0U);
    EXPECT_THAT(ports_.list(), IsEmpty());
}

TEST_F(UpgradeTest, RefusalsAreStillCounted) {
    add_port();
    ASSERT_TRUE(bridge_.info().counts_refusals);
    Bridge::upgrade("switch");
    EXPECT_TRUE(bridge_.info().counts_refusals);
    std::vector<std::string> pins;
    for (const auto& pin : std::filesystem::directory_iterator(bridge_.info().folder / "links"))
        pins.push_back(pin.path().filename());
    EXPECT_THAT(pins, ::testing::UnorderedElementsAre("devmap_xmit", "redirect_err", "port-1"));
}

TEST_F(UpgradeTest, RefusesAnotherAbi) {
    const Port port = add_port();
    const auto before = programs(port);
    const Map<std::uint32_t, xdpb_bridge> map(pinned("bridge"));
    auto bridge = map.lookup(0).value();
    for (const std::uint32_t version : {XDPB_ABI_VERSION - 1, XDPB_ABI_VERSION + 1}) {
        bridge.abi_version = version;
        map.update(0, bridge);
        const Error error = upgrade_error();
        EXPECT_EQ(error.code().value(), EPROTO);
        EXPECT_THAT(error.what(), HasSubstr(fmt::format("ABI version {}", version)));
    }
    bridge.abi_version = XDPB_ABI_VERSION;
    map.update(0, bridge);
    expect_same(programs(port), before);
}

TEST_F(UpgradeTest, RefusesMapsThatAreNotItsOwn) {
    const Port port = add_port();
    const auto before = programs(port);
    put_map("sources", 4);
    const Error error = upgrade_error();
    EXPECT_EQ(error.code().value(), EPROTO);
    EXPECT_THAT(error.what(), HasSubstr("'sources' has "));
    expect_same(programs(port), before);
}

TEST_F(UpgradeTest, MakesMapsThatAnOlderVersionHasNot) {
    const Port port = add_port();
    for (const char* map : {"class_rules", "class_counters"})
        std::filesystem::remove(bridge_.info().folder / map);
    const Error error = error_of([] { Bridge::open("switch"); });
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_THAT(error.what(), HasSubstr("`xdp-bridge upgrade`"));
    EXPECT_THAT(Bridge::upgrade("switch").new_maps, ElementsAre("class_counters", "class_rules"));
    EXPECT_EQ(Bridge::open("switch").classes().list().size(), 3U) << "those of PTP";
    EXPECT_EQ(Bridge::upgrade("switch").new_maps.size(), 0U);
}

TEST_F(UpgradeTest, WhatFailsOnOnePortChangesNone) {
    const Port first = add_port({.hook = Hook::both});
    const Port second = add_port({.hook = Hook::both});
    sandbox::check({"tc", "filter", "del", "dev", second.device, "ingress"});
    std::filesystem::remove(bridge_.info().folder / "latency_entry");
    const auto before = programs(first);
    const Error error = upgrade_error();
    EXPECT_THAT(error.what(), HasSubstr("'" + second.device + "'"));
    EXPECT_THAT(error.what(), HasSubstr("port set"));
    expect_same(programs(first), before);
    EXPECT_FALSE(std::filesystem::exists(bridge_.info().folder / "latency_entry"));
    EXPECT_FALSE(bridge_.info().features & XDPB_BRIDGE_UPGRADING);
}

// It would send with the old programs, and receive with none.
TEST_F(UpgradeTest, APortWithoutItsFilterIsNotLeftOut) {
    add_port({.hook = Hook::tc});
    const Port other = add_port({.hook = Hook::tc});
    sandbox::check({"tc", "filter", "del", "dev", other.device, "ingress"});
    EXPECT_THAT(upgrade_error().what(), HasSubstr("'" + other.device + "': its tc filter is gone"));
}

TEST_F(UpgradeTest, TheNextCallFinishesAnInterruptedOne) {
    const Port port = add_port();
    const auto before = programs(port);
    const Map<std::uint32_t, xdpb_bridge> map(pinned("bridge"));
    auto bridge = map.lookup(0).value();
    bridge.features |= XDPB_BRIDGE_UPGRADING;
    map.update(0, bridge);
    bridge_.set_ageing(100s);
    EXPECT_FALSE(bridge_.info().features & XDPB_BRIDGE_UPGRADING);
    expect_all_other(programs(port), before);
}

TEST_F(UpgradeTest, NeedsTheNamespaceOfThePorts) {
    sandbox_.add_namespace("blue");
    add_port();
    EXPECT_EQ(error_of([] { Bridge::upgrade("switch", {.netns = "blue"}); }).code().value(), EXDEV);
    EXPECT_EQ(error_of([] { Bridge::upgrade("no-such"); }).code().value(), ENOENT);
    EXPECT_EQ(error_of([] { Bridge::upgrade("a/b"); }).code().value(), EINVAL);
}

} // namespace
} // namespace xdpbridge::test
