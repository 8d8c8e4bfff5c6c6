// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// After a life with everything in it, nothing is left: no descriptor, no pin, no kernel object.
#include "support/leaks.h"
#include "support/objects.h"
#include "support/switch_test.h"

#include <chrono>
#include <filesystem>
#include <gmock/gmock.h>
#include <sstream>
#include <thread>

namespace xdpbridge::test {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

class LeakTest : public SandboxTest {
  protected:
    LeakTest() {
        for (const char* device : {"eth0", "eth1", "eth2", "eth3"})
            make_veth(device);
    }

    // Does what there is to do with a bridge, and leaves it with two ports.
    static void live() {
        auto bridge = Bridge::create("br0", {.fdb_size = 100});
        auto ports = bridge.ports();
        auto fdb = bridge.fdb();
        ports.add("eth0", at_xdp);
        ports.add("eth1", {.hook = Hook::xdp, .mode = XdpMode::generic});
        ports.add("eth2", at_xdp);
        ports.remove("eth2");
        {
            const Attachment attachment = ports.attach("eth3", at_xdp);
            Events events = bridge.events();
            fdb.add({.mac = host(1), .port = 1, .is_static = true});
            fdb.add({.mac = host(2), .port = 2});
            take_events(events);
        }
        std::stringstream file;
        fdb.save(file);
        fdb.load(file);
        fdb.flush();
        ports.set("eth0", {.mac_quota = 3});
        bridge.set_ageing(10s);
        bridge.set_reserved(1, ReservedPolicy::drop);
        const Fd program(ports.program_fd("eth0"));

        std::ignore = error_of([&] { ports.add("eth0", at_xdp); });
        std::ignore = error_of([&] { ports.add("nowhere", at_xdp); });
        std::ignore = error_of([&] { ports.add("lo", at_xdp); });
        std::ignore = error_of([&] { Bridge::create("br0"); });
        std::ignore = error_of([&] { Bridge::open("br1"); });
        std::ignore = error_of([&] {
            std::istringstream bad("nonsense");
            fdb.load(bad);
        });
        std::ignore = Bridge::open("br0").stats().port(1);
        std::ignore = Bridge::list();
    }
};

TEST_F(LeakTest, NoDescriptorAndNoKernelObject) {
    LeakCheck leaks;
    for (int i = 0; i < 2; i++) {
        live();
        leaks.watch("/sys/fs/bpf/xdp-bridge/br0");
        Bridge::remove("br0");
    }
    leaks.expect_nothing_left();
}

TEST_F(LeakTest, NoPin) {
    ASSERT_THAT(pins(), IsEmpty());
    live();
    EXPECT_GE(pins().size(), 10U); // else they are elsewhere, and this test sees nothing
    Bridge::remove("br0");
    EXPECT_THAT(pins(), IsEmpty());
    EXPECT_TRUE(std::filesystem::is_empty("/sys/fs/bpf/xdp-bridge"));
}

// Neither the programs of the port, nor those that were tried on the way.
TEST_F(LeakTest, NoProgramOfARemovedPort) {
    auto bridge = Bridge::create("br0");
    const auto maps = pinned_maps("/sys/fs/bpf/xdp-bridge/br0");
    const auto before = programs_over(maps);
    bridge.ports().add("eth0", at_xdp);
    EXPECT_GT(programs_over(maps).size(), before.size());
    bridge.ports().remove("eth0");

    // The kernel frees them when the last reader, on any CPU, is done.
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (programs_over(maps) != before && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(20ms);
    EXPECT_EQ(programs_over(maps), before);
}

} // namespace
} // namespace xdpbridge::test
