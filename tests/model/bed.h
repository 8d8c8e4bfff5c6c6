// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The switch under test: a real bridge whose ports are taps that we hold the other end of. Frames
// are put to it in one of two ways:
//
//   wire: written into a tap. The kernel runs the programs in that very call, and what leaves is
//         read from the other taps.
//   run:  by BPF_PROG_RUN, which tells the verdict and what the frame has become; of what leaves
//         only the copies at tc are to be seen.
#pragma once
#include "lib/fd.h"
#include "lib/map.h"
#include "model/fdb.h"
#include "model/step.h"
#include "sandbox/fd.h"
#include "sandbox/sandbox.h"

#include <xdpbridge/xdpbridge.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace xdpbridge::model {

class Bed {
  public:
    explicit Bed(const SwitchSetup& setup);

    [[nodiscard]] const SwitchSetup& setup() const { return setup_; }

    // As made, with an empty FDB.
    void reset();
    // False: it refused. The configuration is changed when the next frame needs it.
    bool apply(const Step& step);
    // Ends all that was to be changed.
    void sync();

    // Whether the kernel lets such a frame get as far as our programs.
    [[nodiscard]] bool takes(const Frame& frame, Way way) const;
    void send(const Arrival& arrival);
    struct Run {
        std::uint32_t verdict;
        Frame bytes;
    };
    Run run(const Arrival& arrival);
    // What has left by the port; empty: nothing. Not of the SVI's, whose other end is the host's.
    std::optional<Frame> receive(PortNumber port);
    // Whether anything is left to receive.
    [[nodiscard]] bool has_more();

    // Of both hooks, since reset().
    [[nodiscard]] xdpb_counters counters(PortNumber port) const;
    struct FdbRow {
        PortNumber port;
        bool is_static, is_router;
        double idle; // seconds
    };
    [[nodiscard]] std::map<Fdb::Key, FdbRow> fdb() const;
    [[nodiscard]] unsigned learned(PortNumber port) const;
    [[nodiscard]] bool is_blocked(PortNumber port) const;
    // Packets and bytes of each rule, since the list changed last.
    [[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint64_t>> rule_counters() const;

  private:
    void add_tap(PortNumber port);
    void sync_ports();
    void sync_vlans();
    void sync_bindings();
    void sync_acl();
    void sync_routes();
    bool learn_late(const LearnLate& host);
    void wait(unsigned seconds);
    [[nodiscard]] xdpb_counters raw_counters(PortNumber port) const;

    SwitchSetup setup_;
    sandbox::Sandbox sandbox_;
    Bridge bridge_;
    std::array<sandbox::Fd, last_port + 1> taps_;
    std::array<Fd, last_port + 1> programs_;
    Map<xdpb_fdb_key, xdpb_fdb_entry> fdb_map_;
    Fd reclaim_map_;
    MappedArray<xdpb_port> port_memory_;
    MappedArray<xdpb_bridge> bridge_memory_;

    Config is_, wanted_; // the configuration
    bool acl_changed_ = false;
    bool is_fresh_ = true; // since reset() nothing has come in, and nothing is in the FDB
    std::array<xdpb_counters, last_port + 1> base_{};
    std::vector<AclEntry> acl_base_;
};

} // namespace xdpbridge::model
