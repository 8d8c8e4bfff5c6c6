// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A bridge whose frames come from the test: the programs are attached to real devices as ever, and
// the kernel runs them on frames that we hand it (BPF_PROG_RUN).
#pragma once
#include "lib/fd.h"
#include "lib/map.h"
#include "sandbox/frames.h"
#include "support/hooks.h"
#include "support/sandbox_test.h"

#include <gtest/gtest.h>
#include <xdpbridge/xdpbridge.h>

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xdpbridge::test {

using sandbox::Bytes;
using sandbox::Ethernet;
using sandbox::Frame;
using sandbox::IPv4;
using sandbox::Payload;
using sandbox::Udp;
using sandbox::Vlan;

// A UDP datagram.
Frame frame(const Mac& src, const Mac& dst);

// What a port's device gives its frames to, for BPF_PROG_RUN.
Fd ingress_program(const Ports& ports, const std::string& device);

inline const Mac broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

class SwitchTest : public SandboxTest {
  protected:
    struct Port {
        std::string device;
        std::uint16_t number;
        Fd program;
    };

    explicit SwitchTest(const BridgeOptions& options = {}, Hook hook = Hook::xdp);

    // Whatever a test did: each port's books balance, and each port's count of learned entries is
    // that of the table.
    void TearDown() override;

    // A new veth, port1, port2, ..., that is a port of the bridge, at the test's hook.
    Port add_port(PortOptions options = {});

    // Lets a frame come in at a port. Returns what became of it, as the port's counters tell:
    // "forwarded", "flooded", "passed", "answered" (answer_ is what it became) or "dropped REASON".
    // Fails the test unless the counters went up by exactly this one frame, the verdict fits, and
    // the frame's bytes are what they were.
    std::string send(const Port& port, const Frame& frame);
    // The same without a look at the counters, for frames by the thousand.
    void inject(const Port& port, const Frame& frame) const;

    [[nodiscard]] PortCounters counters(const Port& port) const;
    [[nodiscard]] std::uint32_t learned(const Port& port) const; // as the port counts it

    // The table as it is in memory, aged-out entries included.
    struct Row {
        Mac mac;
        std::uint16_t port;
        bool is_static;
        std::uint64_t seen_ns;
        std::uint64_t created_ns;
        auto operator<=>(const Row&) const = default;
    };
    [[nodiscard]] std::vector<Row> table() const; // sorted
    [[nodiscard]] std::optional<xdpb_fdb_entry> in_memory(const Mac& address) const;
    // Entries that count against the port's quota.
    [[nodiscard]] std::size_t learned_in_table(std::uint16_t port) const;

    // As if the last frame from this address had come that long ago.
    void set_idle(const Mac& address, std::chrono::nanoseconds idle);
    void age_out(const Mac& address);

    Bridge bridge_;
    Ports ports_;
    Fdb fdb_;
    Map<xdpb_fdb_key, xdpb_fdb_entry> fdb_map_;
    Map<std::uint32_t, xdpb_port> port_map_;
    Frame answer_;

  private:
    Hook hook_;
    unsigned devices_ = 0;
};

// A rule of the switch, which has to hold at each hook: INSTANTIATE with XDPB_AT_EACH_HOOK.
class HookTest : public SwitchTest, public ::testing::WithParamInterface<Hook> {
  protected:
    explicit HookTest(const BridgeOptions& options = {}) : SwitchTest(options, GetParam()) {}

    // To how many bytes a frame may be cut, for the kernel to run a program on it: at tc it wants
    // to see the IP header (bpf_prog_test_run_skb).
    static std::size_t shortest(const Frame& frame);
};

// The events there are now: "learn 02:00:00:00:00:01 port 1", "move ... port 2 from 1".
std::vector<std::string> take_events(Events& events);

} // namespace xdpbridge::test
