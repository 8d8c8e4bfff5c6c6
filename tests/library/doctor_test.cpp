// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Each finding that can be provoked here, and what mends it.
#include "sandbox/process.h"
#include "support/switch_test.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gmock/gmock.h>
#include <net/if.h>
#include <sys/mount.h>

namespace xdpbridge::test {
namespace {

using ::testing::HasSubstr;

class DoctorTest : public SwitchTest {
  protected:
    DoctorTest() { make_veth("eth0"); }

    static void run(const sandbox::Argv& argv) { sandbox::check(argv); }

    // The one of that name; a test fails that has none.
    static Finding finding(const std::string& check,
                           const std::vector<std::string>& devices = {"eth0"}) {
        for (auto& each : diagnose(devices))
            if (each.check == check && (each.device.empty() || each.device == devices.front()))
                return each;
        ADD_FAILURE() << "nothing about " << check;
        return {};
    }
    static Severity severity(const std::string& check) { return finding(check).severity; }

    // Mended by what it says itself, and by that alone.
    static void expect_mended(const std::string& check) {
        const Finding before = finding(check);
        EXPECT_NE(before.severity, Severity::ok) << check;
        EXPECT_FALSE(before.fix.empty() || before.undo.empty()) << check;
        ASSERT_TRUE(before.repair) << check;
        before.repair();
        EXPECT_EQ(severity(check), Severity::ok) << check;
        run({"sh", "-c", before.undo});
        EXPECT_EQ(severity(check), before.severity) << check;
        run({"sh", "-c", before.fix});
        EXPECT_EQ(severity(check), Severity::ok) << check;
    }
};

TEST_F(DoctorTest, ThisHostIsFit) {
    for (const auto& each : diagnose({}))
        EXPECT_NE(each.severity, Severity::problem) << each.check << ": " << each.found;
    for (const char* check : {"bpffs", "capabilities", "btf", "kernel", "clsact"})
        EXPECT_EQ(severity(check), Severity::ok) << check;
}

TEST_F(DoctorTest, ADeviceThatIsNotThere) {
    EXPECT_EQ(error_of([] { std::ignore = diagnose({"nix"}); }).code().value(), ENODEV);
}

TEST_F(DoctorTest, NoBpffs) {
    const Where elsewhere{.netns = {}, .bpffs = "/tmp"};
    for (const auto& each : diagnose({}, elsewhere))
        if (each.check == "bpffs") {
            EXPECT_EQ(each.severity, Severity::problem);
            EXPECT_EQ(each.fix, "mount -t bpf bpf /tmp");
        }
}

TEST_F(DoctorTest, ADeviceThatIsDown) {
    EXPECT_EQ(severity("state"), Severity::warning);
    run({"sh", "-c", finding("state").fix});
    EXPECT_EQ(severity("state"), Severity::ok);
}

TEST_F(DoctorTest, TheDriverIsNamed) {
    EXPECT_EQ(finding("driver").found, "veth");
}

TEST_F(DoctorTest, NativeXdp) {
    EXPECT_EQ(severity("native-xdp"), Severity::ok);
    run({"ip", "link", "add", "vx0", "type", "vxlan", "id", "1", "dstport", "4789", "local",
         "192.0.2.1"});
    EXPECT_EQ(finding("native-xdp", {"vx0"}).severity, Severity::warning);
    EXPECT_EQ(finding("xdp-transmit", {"vx0"}).severity, Severity::warning);
}

TEST_F(DoctorTest, AVethPeerWithoutNapi) {
    EXPECT_EQ(severity("veth-peer-napi"), Severity::warning);
    run({"ethtool", "-K", "eth0-peer", "gro", "on"});
    for (const char* device : {"eth0-peer", "eth0"})
        run({"ip", "link", "set", "dev", device, "up"});
    EXPECT_EQ(severity("xdp-transmit"), Severity::ok);
}

TEST_F(DoctorTest, ATapTakesOneBuffer) {
    run({"ip", "tuntap", "add", "tap0", "mode", "tap"});
    EXPECT_EQ(finding("xdp-transmit", {"tap0"}).severity, Severity::ok);
    EXPECT_EQ(finding("xdp-frags", {"tap0"}).severity, Severity::note);
    EXPECT_EQ(finding("mtu", {"tap0"}).severity, Severity::ok);
    run({"ip", "link", "set", "dev", "tap0", "mtu", "9000"});
    EXPECT_EQ(finding("mtu", {"tap0"}).severity, Severity::note);
}

TEST_F(DoctorTest, QueuesForEachCpu) {
    run({"ip", "tuntap", "add", "tap0", "mode", "tap"});
    EXPECT_EQ(finding("queues", {"tap0"}).severity, Severity::note);
    EXPECT_THAT(finding("queues", {"tap0"}).fix, HasSubstr("multi_queue"));
}

TEST_F(DoctorTest, Offloads) {
    EXPECT_EQ(severity("offloads"), Severity::note);
}

TEST_F(DoctorTest, VlanTagsThatTheDeviceTakesOut) {
    expect_mended("rx-vlan");
}

TEST_F(DoctorTest, Promiscuity) {
    expect_mended("promiscuity");
}

TEST_F(DoctorTest, PromiscuityThatAPortHasLost) {
    ports_.add("eth0");
    EXPECT_EQ(severity("promiscuity"), Severity::ok);
    run({"ip", "link", "set", "dev", "eth0", "promisc", "off"});
    EXPECT_EQ(severity("promiscuity"), Severity::warning);
}

TEST_F(DoctorTest, MtusThatDoNotFit) {
    make_veth("eth1");
    run({"ip", "link", "set", "dev", "eth1", "mtu", "1400"});
    const auto together = diagnose({"eth0", "eth1"});
    EXPECT_EQ(together.back().check, "mtu");
    EXPECT_EQ(together.back().severity, Severity::warning);
    run({"sh", "-c", together.back().fix});
    EXPECT_NE(diagnose({"eth0", "eth1"}).back().severity, Severity::warning);
}

TEST_F(DoctorTest, AnAddressOfTheHost) {
    run({"ip", "address", "add", "192.0.2.1/24", "dev", "eth0"});
    EXPECT_EQ(severity("addresses"), Severity::warning);
}

TEST_F(DoctorTest, OurOwnProgramsAreNotForeign) {
    ports_.add("eth0", {.hook = Hook::both});
    EXPECT_EQ(severity("port"), Severity::ok);
    for (const auto& each : diagnose({"eth0"}))
        EXPECT_THAT(each.check, ::testing::Not(::testing::StartsWith("foreign")));
}

TEST_F(DoctorTest, AForeignXdpProgram) {
    const std::vector<bpf_insn> pass = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 2},
        {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}};
    const Fd program(
        bpf_prog_load(BPF_PROG_TYPE_XDP, "stranger", "GPL", pass.data(), pass.size(), nullptr));
    const auto ifindex = static_cast<int>(::if_nametoindex("eth0"));
    ASSERT_EQ(bpf_xdp_attach(ifindex, program.get(), 0, nullptr), 0);
    EXPECT_EQ(severity("foreign-xdp"), Severity::warning);
    EXPECT_THAT(finding("foreign-xdp").found, HasSubstr("stranger"));
    run({"sh", "-c", finding("foreign-xdp").fix});
    EXPECT_EQ(xdp_program_on("eth0"), 0U);
}

TEST_F(DoctorTest, AForeignTcFilter) {
    ports_.add("eth0", {.hook = Hook::tc});
    run({"tc", "filter", "add", "dev", "eth0", "ingress", "bpf", "bytecode", "1,6 0 0 0"});
    EXPECT_EQ(severity("foreign-tc"), Severity::warning);
    EXPECT_THAT(finding("foreign-tc").found, HasSubstr("1 other tc filter"));
}

TEST_F(DoctorTest, WhatHasAMasterCanBeNoPort) {
    run({"ip", "link", "add", "kbr", "type", "bridge"});
    run({"ip", "link", "set", "eth0", "master", "kbr"});
    EXPECT_EQ(severity("master"), Severity::problem);
    EXPECT_EQ(error_of([&] { ports_.add("eth0"); }).code().value(), EBUSY);
    run({"sh", "-c", finding("master").fix});
    ports_.add("eth0");
}

} // namespace
} // namespace xdpbridge::test
