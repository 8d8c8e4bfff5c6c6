// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The ways from uplink to a VM that are measured side by side.
#pragma once
#include "net.h"

#include <sandbox/fd.h>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace xdpbridge::bench {

// Set up by its constructor, which throws why it cannot run here, and undone by its destructor.
class Path {
  public:
    explicit Path(Net& net, const Target& target) : net_(net), target_(target) {}
    virtual ~Path() = default;
    Path(const Path&) = delete;
    Path& operator=(const Path&) = delete;

    // What a reader has to read, one for each queue. They do not block.
    [[nodiscard]] virtual std::vector<sandbox::Fd> open();
    // What turned out only when it ran; "": nothing.
    [[nodiscard]] virtual std::string note() const { return {}; }

  protected:
    sandbox::Sandbox& box() { return net_.box(); }
    [[nodiscard]] const Target& target() const { return target_; }

  private:
    Net& net_;
    Target target_;
};

struct PathKind {
    std::string_view name, about;
    std::unique_ptr<Path> (*make)(Net& net, const Target& target);
    bool guest; // can lead to the tap of a guest
};
std::span<const PathKind> all_paths();

// Defined in tried.cpp: other ways to keep urgent frames from waiting. Measured when asked for.
enum class Tried { short_ring, police, htb, queues };
std::unique_ptr<Path> make_tried(Net& net, const Target& target, Tried tried);

// Defined in ovs.cpp: Open vSwitch in userspace, its ports packet sockets or AF_XDP.
enum class OvsPorts { system, afxdp };
std::unique_ptr<Path> make_ovs(Net& net, const Target& target, OvsPorts ports);

} // namespace xdpbridge::bench
