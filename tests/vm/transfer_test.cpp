// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A real VM on a tap that is a port: ping, and 50 MB by TCP both ways.
#include "kernels.h"
#include "sandbox/vm_transfer.h"
#include "support/sandbox_test.h"

#include <xdpbridge/xdpbridge.h>

namespace xdpbridge::test {
namespace {

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

} // namespace
} // namespace xdpbridge::test
