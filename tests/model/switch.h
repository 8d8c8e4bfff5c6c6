// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The model: a switch as 802.1Q and the README have it, one frame after another, slow and plain.
// It shares no code with the data plane; of abi.h it uses the names of the reasons and counters.
//
// Not in it, and never generated: rates (storm control, policers), mirrors, snooping, answers to
// ARP and ND, latency classes, the kernel's routes, GSO, frames of several buffers, --bulk gro, and
// ports with both hooks.
#pragma once
#include "model/fdb.h"
#include "model/headers.h"
#include "model/router.h"
#include "model/step.h"

#include <array>
#include <optional>
#include <vector>

namespace xdpbridge::model {

enum class Fate : std::uint8_t { forwarded, flooded, passed, dropped };

struct Copy {
    PortNumber port;
    Frame frame;
};

struct Outcome {
    Fate fate = Fate::dropped;
    std::optional<xdpb_drop_reason> reason; // of dropped
    std::vector<Copy> copies;               // what leaves, by port number
    // What the frame is when it has been decided on, without the bridge's tag and with it.
    Frame untagged, tagged;
};

class Switch {
  public:
    // beside: the stack has taken an outer VLAN tag out before the program at tc sees the frame.
    Switch(const SwitchSetup& setup, bool beside);

    // False: the switch has to refuse it.
    bool apply(const Step& step); // but for Arrival
    Outcome receive(const Arrival& arrival);

    [[nodiscard]] const Config& config() const { return config_; }
    [[nodiscard]] const Fdb& fdb() const { return fdb_; }
    [[nodiscard]] const xdpb_counters& counters(PortNumber port) const {
        return counters_.at(port);
    }
    struct RuleCounters {
        std::uint64_t packets = 0, bytes = 0;
    };
    [[nodiscard]] const std::vector<RuleCounters>& rule_counters() const { return rules_; }
    [[nodiscard]] bool is_blocked(PortNumber port) const { return blocked_.at(port); }

  private:
    struct Packet; // a frame on its way

    Outcome drop(const Packet& p, xdpb_drop_reason reason);
    Outcome pass(const Packet& p);
    std::optional<Outcome> admit(Packet& p);
    std::optional<Outcome> enter(Packet& p);
    std::optional<Outcome> enter_vlan(Packet& p);
    std::optional<Outcome> enter_router(Packet& p);
    std::optional<Outcome> check_offloads(Packet& p);
    std::optional<Outcome> filter(Packet& p);
    void learn(const Packet& p);
    Outcome forward(Packet& p);
    std::optional<Outcome> find_output(Packet& p);
    bool take_way(Packet& p, const Hop& hop);
    Outcome send(Packet& p);
    void send_copy(const Packet& p, PortNumber port, Outcome& outcome);
    [[nodiscard]] bool is_in_vlan(PortNumber port, const Packet& p) const;
    [[nodiscard]] bool keeps_apart(const Packet& p, PortNumber port) const;

    SwitchSetup setup_;
    bool beside_;
    Config config_;
    Fdb fdb_;
    std::array<xdpb_counters, last_port + 1> counters_{};
    std::array<bool, last_port + 1> blocked_{}; // by the BPDU guard
    std::vector<RuleCounters> rules_;
};

} // namespace xdpbridge::model
