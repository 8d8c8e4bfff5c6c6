// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "network_test.h"

#include "support/exits.h"

#include <thread>

namespace xdpbridge::test {

NetworkTest::NetworkTest(const BridgeOptions& options, Hook hook) : hook_(hook) {
    sandbox_.add_namespace("switch");
    bridge_ = Bridge::create("br0", options, in_switch);
}

void NetworkTest::TearDown() {
    for (const auto& port : bridge_->ports().list()) {
        const auto number = port.number;
        EXPECT_TRUE(eventually([&] { return bridge_->stats().port(number).balanced(); }))
            << port.device;
    }
    record_exits(*bridge_);
    leaks_.watch(bridge_->info().folder);
    bridge_.reset();
    Bridge::remove("br0", in_switch);
    leaks_.expect_nothing_left();
}

Host NetworkTest::add_host(const std::string& name, PortOptions options) {
    if (options.hook == Hook::automatic)
        options.hook = hook_;
    Host host = sandbox_.add_host("switch", name, ++hosts_, {.offloads = options.hook == Hook::tc});
    bridge_->ports().add(host.port, options);
    return host;
}

void NetworkTest::send(const Host& from, const Frame& frame) {
    PacketSocket(from.netns, from.device).send(frame);
}

PortCounters NetworkTest::counters(const std::string& device) const {
    return bridge_->stats().port(bridge_->ports().get(device).number);
}

bool NetworkTest::eventually(const std::function<bool()>& condition) const {
    const auto deadline = std::chrono::steady_clock::now() + soon;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::sleep_for(10ms);
    }
    return true;
}

Frame datagram(const std::string& src, const std::string& dst) {
    return Ethernet{.dst = dst, .src = src} / IPv4{.src = "192.0.2.1", .dst = "192.0.2.2"} / Udp{} /
           Payload{.size = 100};
}

} // namespace xdpbridge::test
