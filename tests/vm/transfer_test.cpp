// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A real VM on a tap that is a port: ping, and 50 MB by TCP both ways.
#include "kernels.h"
#include "sandbox/initramfs.h"
#include "sandbox/vm.h"
#include "sandbox/vm_transfer.h"
#include "support/sandbox_test.h"

#include <xdpbridge/xdpbridge.h>

#include <fmt/format.h>
#include <regex>

namespace xdpbridge::test {
namespace {

using namespace std::chrono_literals;

TEST_F(SandboxTest, AVmTalksToAHostAcrossTheSwitch) {
    const Where where{.netns = "switch"};
    sandbox_.add_namespace("switch");
    const auto host = sandbox_.add_host("switch", "h1", 1);
    const auto third = sandbox_.add_host("switch", "h2", 2);
    sandbox_.add_tap("switch", "tap0");
    auto bridge = Bridge::create("br0", {}, where);
    for (const auto* port : {host.port.c_str(), third.port.c_str(), "tap0"})
        bridge.ports().add(port);

    const auto vm = sandbox::vm_transfer({.kernel = sandbox::find_vm_kernel(vm_kernels().front()),
                                          .netns = "switch",
                                          .tap = "tap0",
                                          .server_netns = host.netns,
                                          .server_ipv4 = host.ipv4});
    EXPECT_EQ(vm.ping.received, vm.ping.sent) << vm.console;
    EXPECT_EQ(vm.download.sent, 50'000'000U);
    EXPECT_TRUE(vm.download.intact()) << vm.download.error << "\n" << vm.console;
    EXPECT_TRUE(vm.upload.intact()) << vm.upload.error << "\n" << vm.console;

    const auto tap = bridge.stats().port(bridge.ports().get("tap0").number);
    EXPECT_GE(tap.rx_bytes, 50'000'000U);
    EXPECT_GE(tap.tx_bytes, 50'000'000U);
    EXPECT_TRUE(tap.balanced());
    // What the two said to each other was nobody else's to hear.
    EXPECT_LT(bridge.stats().port(bridge.ports().get(third.port).number).tx_bytes, 100'000U);
    Bridge::remove("br0", where);
}

// Guests of the test below; all their offloads are on, as QEMU and Linux have it.
constexpr const char* receiving_guest = R"sh(
nc -l -p 5000 | cksum >/tmp/got
echo "got 4: $(cat /tmp/got)"
nc -l -p 5001 | cksum >/tmp/got
echo "got 6: $(cat /tmp/got)"
echo ALL RECEIVED
)sh";
constexpr const char* sending_guest = R"sh(
head -c 10000000 /dev/urandom >/tmp/data
echo "sent: $(cksum </tmp/data)"
until nc -w 9 10.77.0.201 5000 </tmp/data; do sleep 1; done
until nc -w 9 fd00:77::201 5001 </tmp/data; do sleep 1; done
ping -6 -c 3 fd00:77::1 && echo HOST ANSWERS
)sh";

sandbox::VmOptions guest(int number, const std::string& script) {
    const auto kernel = sandbox::find_vm_kernel(vm_kernels().front());
    sandbox::Initramfs initramfs;
    for (const char* module : {"virtio_pci", "virtio_net"})
        initramfs.add_module(kernel, module);
    initramfs.add_program("/usr/bin/cksum");
    initramfs.set_script(fmt::format("echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad\n"
                                     "ip address add 10.77.0.{0}/24 dev eth0\n"
                                     "ip link set eth0 up\n"
                                     "ip -6 address add fd00:77::{0}/64 dev eth0\n"
                                     "echo up\n{1}",
                                     number, script));
    return {.kernel = kernel,
            .initramfs = initramfs.finish(),
            .netns = "switch",
            .nics = {{fmt::format("tap{}", number), fmt::format("02:00:00:00:02:{:02x}", number),
                      true}}};
}

TEST_F(SandboxTest, VmsTalkToEachOtherWithAllOffloadsOn) {
    const Where where{.netns = "switch"};
    sandbox_.add_namespace("switch");
    const auto host = sandbox_.add_host("switch", "h1", 1, {.offloads = true});
    auto bridge = Bridge::create("br0", {}, where);
    bridge.ports().add(host.port);
    for (const char* tap : {"tap200", "tap201"}) {
        sandbox_.add_tap("switch", tap);
        bridge.ports().add(tap);
    }
    sandbox::Vm receiver(guest(201, receiving_guest));
    ASSERT_TRUE(receiver.wait_for("up", 60s)) << receiver.console();
    sandbox::Vm sender(guest(200, sending_guest));
    EXPECT_TRUE(receiver.wait_for("ALL RECEIVED", 90s)) << sender.console() << receiver.console();
    EXPECT_TRUE(sender.wait_for("HOST ANSWERS", 20s)) << sender.console();

    std::smatch sent;
    const std::string said = sender.console();
    ASSERT_TRUE(std::regex_search(said, sent, std::regex("sent: (\\d+ 10000000)"))) << said;
    for (const char* version : {"4", "6"})
        EXPECT_NE(receiver.console().find(fmt::format("got {}: {}", version, sent[1].str())),
                  std::string::npos)
            << said << receiver.console();
    const auto tap = bridge.stats().port(bridge.ports().get("tap200").number, XDPB_HOOK_TC);
    EXPECT_GT(tap.rx_bytes / tap.rx_packets, 1600U) << "segments were not left to the host";
    Bridge::remove("br0", where);
}

} // namespace
} // namespace xdpbridge::test
