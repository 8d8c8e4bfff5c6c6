// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Hosts in namespaces around a bridge in the namespace "switch", and real frames between them.
#pragma once
#include "sandbox/capture.h"
#include "sandbox/frames.h"
#include "sandbox/packet_socket.h"
#include "sandbox/traffic.h"
#include "support/hooks.h"
#include "support/leaks.h"
#include "support/sandbox_test.h"

#include <xdpbridge/xdpbridge.h>

#include <gmock/gmock.h>
#include <vector>

namespace xdpbridge::test {

using namespace std::chrono_literals;
using sandbox::Capture;
using sandbox::Ethernet;
using sandbox::Frame;
using sandbox::Host;
using sandbox::IPv4;
using sandbox::PacketSocket;
using sandbox::Payload;
using sandbox::Udp;

constexpr auto soon = 2000ms; // a frame that comes has come by then
constexpr auto quiet = 200ms; // one that has not come by then does not come

inline const Where in_switch = {.netns = "switch"};

class NetworkTest : public SandboxTest {
  protected:
    explicit NetworkTest(const BridgeOptions& options = {}, Hook hook = Hook::xdp);
    // Removes the bridge, and fails if anything of it stays.
    void TearDown() override;

    // A host whose end of the veth is a port of the bridge, at the test's hook. At tc it leaves
    // checksums and segmentation to devices, as a veth does that nobody has touched.
    Host add_host(const std::string& name, PortOptions options = {});
    // Sends from a host's own interface.
    static void send(const Host& from, const Frame& frame);
    [[nodiscard]] PortCounters counters(const std::string& device) const;
    // Counters of a frame on its way may lag behind the frame.
    [[nodiscard]] bool eventually(const std::function<bool()>& condition) const;

    std::optional<Bridge> bridge_;
    int hosts_ = 0;

  private:
    Hook hook_;
    LeakCheck leaks_;
};

// What has to hold at each hook.
class HookNetworkTest : public NetworkTest, public ::testing::WithParamInterface<Hook> {
  protected:
    explicit HookNetworkTest(const BridgeOptions& options = {})
        : NetworkTest(options, GetParam()) {}
};

// A UDP datagram between addresses nobody answers for.
Frame datagram(const std::string& src, const std::string& dst);

} // namespace xdpbridge::test
