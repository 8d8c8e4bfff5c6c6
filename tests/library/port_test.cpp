// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Ports and Attachment: devices come, go, return, and are refused with the reason.
#include "sandbox/tap.h"
#include "support/switch_test.h"

#include "lib/map.h"
#include "sandbox/netns_scope.h"
#include "sandbox/process.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <net/if.h>
#include <unistd.h>

namespace xdpbridge::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class PortTest : public SwitchTest {
  protected:
    Error add_error(const std::string& device, const PortOptions& options = at_xdp) {
        return error_of([&] { ports_.add(device, options); });
    }
    int add_errno(const std::string& device, const PortOptions& options = at_xdp) {
        return add_error(device, options).code().value();
    }
    static void ip(const sandbox::Argv& arguments) {
        sandbox::Argv argv{"ip"};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        sandbox::check(argv);
    }
    // Out of the way, so that the name is free for another.
    static void rename(const std::string& device, const std::string& name) {
        ip({"link", "set", "dev", device, "name", name});
    }
    // A driver without native XDP.
    static void make_vxlan(const std::string& name) {
        ip({"link", "add", name, "type", "vxlan", "id", "1", "dstport", "4789", "local",
            "192.0.2.1"});
    }
};

TEST_F(PortTest, ANewPortIsWhatWasAskedFor) {
    make_veth("eth0");
    EXPECT_EQ(ports_.add("eth0", {.hook = Hook::xdp, .learning = false, .mac_quota = 12}), 1);
    const auto info = ports_.get("eth0");
    EXPECT_EQ(info.number, 1);
    EXPECT_EQ(info.device, "eth0");
    EXPECT_EQ(info.ifindex, ::if_nametoindex("eth0"));
    EXPECT_EQ(info.mtu, 1500U);
    EXPECT_EQ(info.kind, "veth");
    EXPECT_FALSE(info.generic);
    EXPECT_FALSE(info.learning);
    EXPECT_EQ(info.mac_quota, 12U);
    EXPECT_EQ(info.learned, 0U);
    EXPECT_EQ(bridge_.info().ports, 1U);
    EXPECT_NE(xdp_program_on("eth0"), 0U);
}

TEST_F(PortTest, TellsWhetherTheDeviceIsUp) {
    make_veth("eth0");
    ports_.add("eth0", at_xdp);
    EXPECT_EQ(ports_.get("eth0").state, PortState::down);
    ip({"link", "set", "dev", "eth0", "up"});
    EXPECT_EQ(ports_.get("eth0").state, PortState::forwarding);
}

TEST_F(PortTest, NumbersAreTheLowestFree) {
    for (int i = 0; i < 3; i++)
        add_port();
    ports_.remove("port2");
    EXPECT_EQ(ports_.list().size(), 2U);
    make_veth("eth0");
    EXPECT_EQ(ports_.add("eth0", at_xdp), 2);
    const auto list = ports_.list();
    ASSERT_EQ(list.size(), 3U);
    EXPECT_EQ(list[0].device, "port1");
    EXPECT_EQ(list[1].device, "eth0");
    EXPECT_EQ(list[2].device, "port3");
}

TEST_F(PortTest, SettingsChangeOneByOne) {
    add_port({.mac_quota = 5});
    ports_.set("port1", {.learning = false});
    EXPECT_FALSE(ports_.get("port1").learning);
    EXPECT_EQ(ports_.get("port1").mac_quota, 5U);
    ports_.set("port1", {.mac_quota = 6});
    EXPECT_FALSE(ports_.get("port1").learning);
    EXPECT_EQ(ports_.get("port1").mac_quota, 6U);
    ports_.set("port1", {.learning = true, .mac_quota = 0});
    EXPECT_TRUE(ports_.get("port1").learning);
    EXPECT_EQ(ports_.get("port1").mac_quota, 0U);
}

TEST_F(PortTest, ADeviceThatIsNoPort) {
    make_veth("eth0");
    EXPECT_EQ(error_of([&] { ports_.remove("eth0"); }).code().value(), ENOENT);
    EXPECT_EQ(error_of([&] { ports_.set("eth0", {}); }).code().value(), ENOENT);
    EXPECT_EQ(error_of([&] { std::ignore = ports_.get("eth0"); }).code().value(), ENOENT);
    EXPECT_EQ(error_of([&] { std::ignore = ports_.program_fd("eth0"); }).code().value(), ENOENT);
}

TEST_F(PortTest, ADeviceThatIsNotThere) {
    const Error error = add_error("eth0");
    EXPECT_EQ(error.code().value(), ENODEV);
    EXPECT_THAT(error.what(), HasSubstr("'eth0'"));
    EXPECT_EQ(add_errno(""), ENODEV);
    EXPECT_EQ(add_errno("a-name-that-is-too-long"), ENODEV);
    EXPECT_THAT(ports_.list(), IsEmpty());
}

TEST_F(PortTest, CountersOfANumberThatNoPortCanHave) {
    EXPECT_EQ(bridge_.stats().port(XDPB_MAX_PORTS - 1).rx_packets, 0U);
    EXPECT_EQ(error_of([&] { std::ignore = bridge_.stats().port(XDPB_MAX_PORTS); }).code().value(),
              ENOENT);
}

TEST_F(PortTest, IsAddedOnce) {
    make_veth("eth0");
    ports_.add("eth0", {.mac_quota = 3});
    EXPECT_EQ(add_errno("eth0"), EEXIST);
    EXPECT_EQ(ports_.get("eth0").mac_quota, 3U);
    EXPECT_EQ(ports_.list().size(), 1U);
    rename("eth0", "eth1");
    EXPECT_EQ(add_errno("eth1"), EEXIST);
}

TEST_F(PortTest, APortOfAnotherBridge) {
    make_veth("eth0");
    auto other = Bridge::create("other");
    other.ports().add("eth0", at_xdp);
    const Error error = add_error("eth0");
    EXPECT_EQ(error.code().value(), EBUSY);
    EXPECT_THAT(error.what(), HasSubstr("'other'"));
    EXPECT_THAT(ports_.list(), IsEmpty());
    other.ports().remove("eth0");
    EXPECT_EQ(ports_.add("eth0", at_xdp), 1);
}

TEST_F(PortTest, APortOfAKernelBridge) {
    make_veth("eth0");
    ip({"link", "add", "dev", "kernel0", "type", "bridge"});
    ip({"link", "set", "dev", "eth0", "master", "kernel0"});
    const Error error = add_error("eth0");
    EXPECT_EQ(error.code().value(), EBUSY);
    EXPECT_THAT(error.what(), HasSubstr("'kernel0'"));
    EXPECT_EQ(xdp_program_on("eth0"), 0U);
    ip({"link", "set", "dev", "eth0", "nomaster"});
    EXPECT_EQ(ports_.add("eth0", at_xdp), 1);
}

TEST_F(PortTest, ADeviceWithSomebodyElsesXdpProgram) {
    make_veth("eth0");
    bpf_insn pass[2] = {}; // r0 = XDP_PASS; exit
    pass[0].code = BPF_ALU64 | BPF_MOV | BPF_K;
    pass[0].imm = XDP_PASS;
    pass[1].code = BPF_JMP | BPF_EXIT;
    const Fd program(bpf_prog_load(BPF_PROG_TYPE_XDP, "foreign", "GPL", pass, 2, nullptr));
    ASSERT_TRUE(program);
    const auto ifindex = static_cast<int>(::if_nametoindex("eth0"));
    ASSERT_EQ(bpf_xdp_attach(ifindex, program.get(), 0, nullptr), 0);
    const auto foreign = xdp_program_on("eth0");

    const Error error = add_error("eth0");
    EXPECT_EQ(error.code().value(), EBUSY);
    EXPECT_THAT(error.what(), HasSubstr("already has an XDP program"));
    EXPECT_EQ(xdp_program_on("eth0"), foreign);
    EXPECT_THAT(ports_.list(), IsEmpty());
    EXPECT_EQ(bridge_.info().ports, 0U);

    ASSERT_EQ(bpf_xdp_detach(ifindex, 0, nullptr), 0);
    EXPECT_EQ(ports_.add("eth0", at_xdp), 1);
}

TEST_F(PortTest, TheLoopbackInterface) {
    EXPECT_EQ(add_errno("lo"), EINVAL);
    EXPECT_EQ(xdp_program_on("lo"), 0U);
}

TEST_F(PortTest, AJumboMtuIsNoMatterForNativeXdp) {
    make_veth("eth0");
    ip({"link", "set", "eth0", "mtu", "9000"});
    ip({"link", "set", "eth0-peer", "mtu", "9000"});
    EXPECT_EQ(ports_.add("eth0", at_xdp), 1);
    EXPECT_FALSE(ports_.get("eth0").generic);
    EXPECT_EQ(ports_.get("eth0").mtu, 9000U);
}

TEST_F(PortTest, ADriverWithoutNativeXdp) {
    make_vxlan("eth0");
    const Error error = add_error("eth0");
    EXPECT_EQ(error.code().value(), EOPNOTSUPP);
    EXPECT_THAT(error.what(), HasSubstr("no native XDP"));
    EXPECT_EQ(xdp_program_on("eth0"), 0U);
    EXPECT_THAT(ports_.list(), IsEmpty());
}

TEST_F(PortTest, WhatNativeXdpRefusesGenericTakes) {
    make_vxlan("eth0");
    EXPECT_EQ(ports_.add("eth0", {.hook = Hook::xdp, .mode = XdpMode::automatic}), 1);
    EXPECT_TRUE(ports_.get("eth0").generic);
}

TEST_F(PortTest, WhatNativeXdpRefusesIsAtTcIfTheLibraryMayChoose) {
    make_vxlan("eth0");
    EXPECT_EQ(ports_.add("eth0"), 1);
    EXPECT_FALSE(ports_.get("eth0").xdp);
    EXPECT_TRUE(ports_.get("eth0").tc);
    EXPECT_EQ(xdp_program_on("eth0"), 0U);
}

TEST_F(PortTest, ATapIsAtXdpOnlyIfItsReaderHasNoVnetHeader) {
    sandbox_.add_namespace("blue");
    const sandbox::Tap read("blue", "tap0");
    sandbox_.ip("blue", {"link", "set", "dev", "tap0", "netns", std::to_string(::getpid())});
    ip({"link", "set", "dev", "tap0", "up"});
    ip({"tuntap", "add", "tap1", "mode", "tap", "vnet_hdr"});
    ip({"tuntap", "add", "tap2", "mode", "tap"});
    const auto added = [&](const char* device) {
        ports_.add(device);
        const auto port = ports_.get(device);
        return fmt::format("{}{}: {}", port.xdp ? "xdp " : "", port.tc ? "tc" : "",
                           port.hook_reason);
    };
    EXPECT_THAT(added("tap0"), StartsWith("xdp tc: frames come in complete"));
    EXPECT_THAT(added("tap1"), StartsWith("tc: tap with vnet header"));
    EXPECT_THAT(added("tap2"), StartsWith("tc: tap that nobody reads"));
}

TEST_F(PortTest, ChangesItsHook) {
    make_veth("eth0");
    const auto number = ports_.add("eth0", {.mac_quota = 5});
    const FdbEntry entry{.mac = host(1), .port = number};
    fdb_.add(entry);
    EXPECT_EQ(xdp_program_on("eth0"), 0U);
    ports_.set("eth0", {.hook = Hook::both});
    EXPECT_NE(xdp_program_on("eth0"), 0U);
    EXPECT_EQ(ports_.get("eth0").mac_quota, 5U);
    EXPECT_TRUE(fdb_.lookup(host(1)));
    ports_.set("eth0", {.hook = Hook::automatic});
    EXPECT_EQ(xdp_program_on("eth0"), 0U);
    EXPECT_EQ(ports_.get("eth0").number, number);
}

TEST_F(PortTest, AHookThatTheDeviceRefusesLeavesThePortAsItWas) {
    make_vxlan("eth0");
    ports_.add("eth0", {.hook = Hook::tc});
    EXPECT_EQ(error_of([&] { ports_.set("eth0", {.hook = Hook::xdp}); }).code().value(),
              EOPNOTSUPP);
    EXPECT_TRUE(ports_.get("eth0").tc);
    EXPECT_NE(ports_.get("eth0").state, PortState::gone);
}

std::string shown(const sandbox::Argv& argv) {
    return sandbox::check(argv).out;
}

TEST_F(PortTest, WhatItSetOnTheDeviceIsSetBack) {
    const auto settings = [] {
        return shown({"ip", "-d", "link", "show", "eth0"}) + shown({"ethtool", "-k", "eth0"}) +
               shown({"tc", "qdisc", "show", "dev", "eth0"});
    };
    make_veth("eth0");
    const auto before = settings();
    ports_.add("eth0", {.hook = Hook::both});
    EXPECT_THAT(shown({"ip", "link", "show", "eth0"}), HasSubstr("PROMISC"));
    EXPECT_THAT(shown({"ethtool", "-k", "eth0"}), HasSubstr("rx-vlan-offload: off"));
    EXPECT_THAT(shown({"tc", "qdisc", "show", "dev", "eth0"}), HasSubstr("clsact"));
    ports_.remove("eth0");
    EXPECT_EQ(settings(), before);
}

TEST_F(PortTest, WhatAUserSetOnTheDeviceStays) {
    make_veth("eth0");
    ip({"link", "set", "eth0", "promisc", "on"});
    shown({"ethtool", "-K", "eth0", "rxvlan", "off"});
    shown({"tc", "qdisc", "add", "dev", "eth0", "clsact"});
    ports_.add("eth0", {.hook = Hook::both});
    ports_.remove("eth0");
    EXPECT_THAT(shown({"ip", "link", "show", "eth0"}), HasSubstr("PROMISC"));
    EXPECT_THAT(shown({"ethtool", "-k", "eth0"}), HasSubstr("rx-vlan-offload: off"));
    EXPECT_THAT(shown({"tc", "qdisc", "show", "dev", "eth0"}), HasSubstr("clsact"));
}

TEST_F(PortTest, AClsactThatSomebodyElseCameToUseStays) {
    make_veth("eth0");
    ports_.add("eth0", {.hook = Hook::tc});
    shown({"tc", "filter", "add", "dev", "eth0", "egress", "bpf", "bytecode", "1,6 0 0 0"});
    ports_.remove("eth0");
    EXPECT_THAT(shown({"tc", "filter", "show", "dev", "eth0", "egress"}), HasSubstr("bytecode"));
}

TEST_F(PortTest, AFilterOfSomebodyElseInOurPlaceIsNotTouched) {
    make_veth("eth0");
    shown({"tc", "qdisc", "add", "dev", "eth0", "clsact"});
    shown({"tc", "filter", "add", "dev", "eth0", "ingress", "prio", "40000", "handle", "1",
           "protocol", "all", "bpf", "bytecode", "1,6 0 0 0"});
    EXPECT_NE(add_errno("eth0", {.hook = Hook::tc}), 0);
    EXPECT_THAT(shown({"tc", "filter", "show", "dev", "eth0", "ingress"}), HasSubstr("bytecode"));
    EXPECT_THAT(ports_.list(), IsEmpty());
}

TEST_F(PortTest, AutomaticPrefersNative) {
    make_veth("eth0");
    ports_.add("eth0", {.hook = Hook::xdp, .mode = XdpMode::automatic});
    EXPECT_FALSE(ports_.get("eth0").generic);
}

TEST_F(PortTest, GenericIfAskedFor) {
    make_veth("eth0");
    ports_.add("eth0", {.hook = Hook::xdp, .mode = XdpMode::generic});
    EXPECT_TRUE(ports_.get("eth0").generic);
    ports_.remove("eth0");
    EXPECT_EQ(xdp_program_on("eth0"), 0U);
}

TEST_F(PortTest, A255thPortIsTheLast) {
    xdpb_port taken{};
    taken.flags = XDPB_PORT_USED | XDPB_PORT_ACTIVE;
    for (std::uint32_t number = 1; number < XDPB_MAX_PORTS - 1; number++)
        ASSERT_EQ(port_map_.update(number, taken), 0);
    make_veth("eth0");
    make_veth("eth1");
    EXPECT_EQ(ports_.add("eth0", at_xdp), 255);
    EXPECT_EQ(add_errno("eth1"), ENOSPC);
    EXPECT_EQ(xdp_program_on("eth1"), 0U);
    EXPECT_EQ(bridge_.info().ports, 255U);
}

TEST_F(PortTest, APortLivesInTheBridgesNamespace) {
    sandbox_.add_namespace("blue");
    make_veth("eth0");
    ports_.add("eth0", at_xdp);
    auto from_there = Bridge::open("switch", {.netns = "blue"});
    EXPECT_FALSE(from_there.info().here);
    const std::function<void()> calls[] = {
        [&] { from_there.ports().add("lo", at_xdp); },
        [&] { from_there.ports().remove("eth0"); },
        [&] { from_there.ports().set("eth0", {.mac_quota = 1}); },
        [&] { std::ignore = from_there.ports().get("eth0"); },
        [&] { std::ignore = from_there.ports().list(); },
    };
    for (const auto& call : calls)
        EXPECT_EQ(error_of(call).code().value(), EXDEV);
    EXPECT_EQ(ports_.get("eth0").mac_quota, 0U);
}

// Only the thread's namespace is entered, and only for the call.
TEST_F(PortTest, OfABridgeInAnotherNamespace) {
    sandbox_.add_namespace("blue");
    sandbox_.ip("blue", {"link", "add", "dev", "eth0", "type", "veth", "peer", "name", "eth1"});
    make_veth("eth0"); // of the same name, and not meant
    auto blue = Bridge::create("blue", {}, {.netns = "blue"});
    EXPECT_EQ(blue.ports().add("eth0", at_xdp), 1);
    EXPECT_EQ(blue.ports().get("eth0").state, PortState::down);
    EXPECT_EQ(xdp_program_on("eth0"), 0U);
    {
        const sandbox::NetnsScope there("blue");
        EXPECT_NE(xdp_program_on("eth0"), 0U);
    }
    EXPECT_EQ(ports_.add("eth0", at_xdp), 1)
        << "devices of the same name in two namespaces are two";
    blue.ports().remove("eth0");
    const sandbox::NetnsScope there("blue");
    EXPECT_EQ(xdp_program_on("eth0"), 0U);
}

TEST_F(PortTest, RemovedItLeavesNothing) {
    const Port port = add_port({.learning = true, .mac_quota = 8});
    inject(port, frame(host(1), broadcast));
    fdb_.add({.mac = host(2), .port = port.number, .is_static = true});
    ports_.remove(port.device);
    EXPECT_EQ(xdp_program_on(port.device), 0U);
    EXPECT_THAT(ports_.list(), IsEmpty());
    EXPECT_THAT(table(), IsEmpty());
    EXPECT_EQ(error_of([&] { ports_.remove(port.device); }).code().value(), ENOENT);

    EXPECT_EQ(ports_.add(port.device, at_xdp), 1);
    EXPECT_EQ(ports_.get(port.device).mac_quota, 0U);
    EXPECT_EQ(counters(port).rx_packets, 0U) << "counters of its former life";
}

TEST_F(PortTest, RemovalLeavesTheOthersEntries) {
    const Port a = add_port();
    const Port b = add_port();
    inject(a, frame(host(1), broadcast));
    inject(b, frame(host(2), broadcast));
    ports_.remove(a.device);
    EXPECT_FALSE(fdb_.lookup(host(1)));
    EXPECT_TRUE(fdb_.lookup(host(2)));
}

TEST_F(PortTest, ADeviceThatVanishedLeavesAPortThatIsGone) {
    const Port port = add_port({.mac_quota = 8});
    fdb_.add({.mac = host(1), .port = port.number, .is_static = true});
    delete_device(port.device);
    const auto info = ports_.get(port.device);
    EXPECT_EQ(info.state, PortState::gone);
    EXPECT_EQ(info.number, 1);
    EXPECT_EQ(info.mtu, 0U);
    EXPECT_EQ(info.mac_quota, 8U);
    EXPECT_EQ(bridge_.info().ports, 1U);
    EXPECT_TRUE(fdb_.lookup(host(1)));
    EXPECT_NE(error_of([&] { std::ignore = ports_.program_fd(port.device); }).code().value(), 0);
}

TEST_F(PortTest, APortThatIsGoneCanBeChangedAndRemoved) {
    const Port port = add_port();
    fdb_.add({.mac = host(1), .port = port.number, .is_static = true});
    delete_device(port.device);
    ports_.set(port.device, {.mac_quota = 3});
    EXPECT_EQ(ports_.get(port.device).mac_quota, 3U);
    ports_.remove(port.device);
    EXPECT_THAT(ports_.list(), IsEmpty());
    EXPECT_THAT(table(), IsEmpty());
}

TEST_F(PortTest, ADeviceThatReturnsIsTheSamePort) {
    add_port();
    const Port port = add_port({.learning = false, .mac_quota = 8});
    add_port();
    inject(port, frame(host(9), broadcast));
    fdb_.add({.mac = host(1), .port = port.number, .is_static = true});
    delete_device(port.device);
    make_veth(port.device);
    EXPECT_EQ(ports_.add(port.device, at_xdp), 2);
    const auto info = ports_.get(port.device);
    EXPECT_EQ(info.state, PortState::down);
    EXPECT_EQ(info.ifindex, ::if_nametoindex(port.device.c_str()));
    EXPECT_FALSE(info.learning);
    EXPECT_EQ(info.mac_quota, 8U);
    EXPECT_EQ(fdb_.lookup(host(1))->port, 2);
    EXPECT_EQ(counters(port).rx_packets, 1U) << "counters never go back";

    const Port again{port.device, 2, ingress_program(ports_, port.device)};
    EXPECT_EQ(send(again, frame(host(9), broadcast)), "flooded");
}

TEST_F(PortTest, AFailedReturnLeavesThePortGone) {
    const Port port = add_port({.mac_quota = 8});
    fdb_.add({.mac = host(1), .port = port.number, .is_static = true});
    delete_device(port.device);
    make_vxlan(port.device);
    EXPECT_EQ(add_errno(port.device), EOPNOTSUPP);
    EXPECT_EQ(ports_.get(port.device).state, PortState::gone);
    bridge_.set_ageing(std::chrono::seconds(100)); // repairs what looks half-done
    EXPECT_EQ(ports_.get(port.device).mac_quota, 8U);
    EXPECT_TRUE(fdb_.lookup(host(1)));
    EXPECT_EQ(ports_.add(port.device, {.hook = Hook::xdp, .mode = XdpMode::automatic}), 1);
    EXPECT_TRUE(ports_.get(port.device).generic);
}

TEST_F(PortTest, ARenamedDeviceIsStillThePort) {
    const Port port = add_port();
    rename(port.device, "renamed");
    rename(port.device + "-peer", "renamed-peer");
    EXPECT_EQ(ports_.get("renamed").number, 1);
    EXPECT_EQ(error_of([&] { std::ignore = ports_.get(port.device); }).code().value(), ENOENT);
    make_veth(port.device); // a new device of the old name is a new port
    EXPECT_EQ(ports_.add(port.device, at_xdp), 2);
    ports_.remove("renamed");
    EXPECT_EQ(xdp_program_on("renamed"), 0U);
    EXPECT_NE(xdp_program_on(port.device), 0U);
}

TEST_F(PortTest, ADeviceThatLeftTheNamespaceIsGone) {
    const Port port = add_port();
    sandbox_.add_namespace("blue");
    ip({"link", "set", "dev", port.device, "netns", "blue"});
    EXPECT_EQ(ports_.get(port.device).state, PortState::gone);
    rename(port.device + "-peer", "renamed-peer");
    make_veth(port.device);
    EXPECT_EQ(ports_.add(port.device, at_xdp), 1);
    const sandbox::NetnsScope there("blue");
    EXPECT_EQ(xdp_program_on(port.device), 0U) << "the program went along with the old device";
}

// The kernel has taken it out of the map of output devices, while the program stayed on it.
TEST_F(PortTest, ADeviceThatLeftTheNamespaceAndCameBack) {
    const Port port = add_port();
    sandbox_.add_namespace("blue");
    ip({"link", "set", "dev", port.device, "netns", "blue"});
    sandbox_.ip("blue", {"link", "set", "dev", port.device, "netns", std::to_string(::getpid())});
    EXPECT_EQ(ports_.get(port.device).state, PortState::gone) << "nothing is sent to it";
    EXPECT_EQ(add_errno(port.device), 0);

    const Fd devices(bpf_obj_get((bridge_.info().folder / "devices").c_str()));
    const std::uint32_t number = 1;
    bpf_devmap_val output{};
    ASSERT_EQ(bpf_map_lookup_elem(devices.get(), &number, &output), 0);
    EXPECT_EQ(output.ifindex, ::if_nametoindex(port.device.c_str()));
}

TEST_F(PortTest, SomebodyElseTookTheProgramOff) {
    const Port port = add_port();
    const Fd link(bpf_obj_get((bridge_.info().folder / "links" / "port-1").c_str()));
    ASSERT_TRUE(link);
    ASSERT_EQ(bpf_link_detach(link.get()), 0);
    EXPECT_EQ(ports_.get(port.device).state, PortState::gone);
    EXPECT_EQ(ports_.add(port.device, at_xdp), 1);
    EXPECT_NE(xdp_program_on(port.device), 0U);
}

TEST_F(PortTest, AnAttachmentTakesItsPortAway) {
    make_veth("eth0");
    {
        const Attachment attachment = ports_.attach("eth0", {.hook = Hook::xdp, .mac_quota = 4});
        EXPECT_EQ(attachment.port(), 1);
        EXPECT_EQ(ports_.get("eth0").mac_quota, 4U);
        EXPECT_NE(xdp_program_on("eth0"), 0U);
    }
    EXPECT_EQ(xdp_program_on("eth0"), 0U);
    EXPECT_THAT(ports_.list(), IsEmpty());
}

TEST_F(PortTest, AReleasedAttachmentLeavesItsPort) {
    make_veth("eth0");
    {
        Attachment attachment = ports_.attach("eth0", at_xdp);
        attachment.release();
    }
    EXPECT_NE(xdp_program_on("eth0"), 0U);
    EXPECT_EQ(ports_.list().size(), 1U);
}

TEST_F(PortTest, AMovedAttachmentTakesItsPortAwayOnce) {
    make_veth("eth0");
    make_veth("eth1");
    Attachment first = ports_.attach("eth0", at_xdp);
    {
        Attachment second = std::move(first);
        EXPECT_EQ(second.port(), 1);
        EXPECT_EQ(ports_.list().size(), 1U);
        second = ports_.attach("eth1", at_xdp); // takes eth0 away
        EXPECT_EQ(xdp_program_on("eth0"), 0U);
        EXPECT_NE(xdp_program_on("eth1"), 0U);
    }
    EXPECT_THAT(ports_.list(), IsEmpty());
    EXPECT_EQ(xdp_program_on("eth1"), 0U);
}

TEST_F(PortTest, AnAttachmentOutlivesItsBridge) {
    make_veth("eth0");
    {
        const Attachment attachment = Bridge::open("switch").ports().attach("eth0", at_xdp);
        EXPECT_EQ(ports_.list().size(), 1U);
    }
    EXPECT_THAT(ports_.list(), IsEmpty());
}

TEST_F(PortTest, AnAttachmentToABridgeThatIsGoneDoesNothing) {
    make_veth("eth0");
    auto other = Bridge::create("other");
    {
        const Attachment attachment = other.ports().attach("eth0", at_xdp);
        Bridge::remove("other");
        other = Bridge::create("other"); // another one, of the same name
        ASSERT_EQ(other.ports().add("eth0", at_xdp), attachment.port());
    }
    EXPECT_NE(xdp_program_on("eth0"), 0U);
    EXPECT_EQ(other.ports().get("eth0").state, PortState::down);
}

// Its number may belong to another device by the time it goes.
TEST_F(PortTest, AnAttachmentLeavesOtherPortsAlone) {
    make_veth("eth0");
    make_veth("eth1");
    {
        const Attachment attachment = ports_.attach("eth0", at_xdp);
        ports_.remove("eth0"); // as somebody else may do
        ASSERT_EQ(ports_.add("eth1", at_xdp), attachment.port());
    }
    EXPECT_NE(xdp_program_on("eth1"), 0U);
    EXPECT_EQ(ports_.list().size(), 1U);
}

TEST_F(PortTest, AFailedAttachmentLeavesNothing) {
    EXPECT_EQ(error_of([&] { std::ignore = ports_.attach("nowhere", at_xdp); }).code().value(),
              ENODEV);
    make_vxlan("eth0");
    EXPECT_EQ(error_of([&] { std::ignore = ports_.attach("eth0", at_xdp); }).code().value(),
              EOPNOTSUPP);
    EXPECT_EQ(bridge_.info().ports, 0U);
}

} // namespace
} // namespace xdpbridge::test
