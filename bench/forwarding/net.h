// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A namespace with veths to be the ports of a switch, and what takes the frames at their far ends.
#pragma once
#include "../contenders.h"

#include <sandbox/netns_scope.h>
#include <sandbox/sandbox.h>

#include <string>
#include <vector>

namespace xdpbridge::bench {

// The process lives in the namespace as long as the object does.
class ForwardingNet {
  public:
    explicit ForwardingNet(std::size_t ports);
    [[nodiscard]] const std::vector<Device>& ports() const { return ports_; }
    sandbox::Result ip(const sandbox::Argv& arguments);
    // How many frames have left by the port so far: asks until no more come.
    [[nodiscard]] std::uint64_t left_by(std::size_t port) const;

  private:
    sandbox::Sandbox sandbox_;
    sandbox::NetnsScope scope_;
    std::vector<Device> ports_;
    std::vector<std::unique_ptr<Sink>> sinks_;
};

} // namespace xdpbridge::bench
