// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A namespace with veths to be the ports of a switch, and what takes the frames at their far ends.
#pragma once
#include "../contenders.h"

#include <sandbox/fd.h>
#include <sandbox/netns_scope.h>
#include <sandbox/sandbox.h>

#include <string>
#include <vector>

namespace xdpbridge::bench {

struct ForwardingNetOptions {
    std::size_t ports = 3;
    int mtu = 1504;     // of all but the second port
    int second_mtu = 0; // 0: the same
    // Whether the kernel's bridge asks the host's firewall for each frame, which it does by default
    // where br_netfilter is in the kernel. Without it is as fast as it can be.
    bool netfilter = false;
    bool tap = false; // and one more port, a tap whose reader is this program
};

// The process lives in the namespace as long as the object does.
class ForwardingNet {
  public:
    explicit ForwardingNet(const ForwardingNetOptions& options);
    [[nodiscard]] const std::vector<Device>& ports() const { return ports_; }
    [[nodiscard]] int mtu() const { return mtu_; }
    [[nodiscard]] static std::string far_end(std::size_t port);
    sandbox::Result ip(const sandbox::Argv& arguments);
    // How many frames have left by the port so far: asks until no more come.
    [[nodiscard]] std::uint64_t left_by(std::size_t port) const;
    [[nodiscard]] int tap() const { return tap_.get(); } // reads do not block
    [[nodiscard]] static std::string mac_of(const std::string& device);
    // From now on what comes in at the port is taken by a thread on the CPU, before others there.
    void receive_on(std::size_t port, int cpu) const;

  private:
    sandbox::Sandbox sandbox_;
    sandbox::NetnsScope scope_;
    std::vector<Device> ports_;
    std::vector<std::unique_ptr<Sink>> sinks_;
    sandbox::Fd tap_;
    int mtu_;
};

} // namespace xdpbridge::bench
