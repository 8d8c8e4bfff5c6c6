// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include "fd.h"

#include <cstdint>
#include <string>

namespace xdpbridge {

// Puts the calling thread into a network namespace for the life of this object. Empty: stays.
// An ifindex means a device only together with a namespace, so whatever resolves one holds one of
// these.
class NetnsScope {
  public:
    explicit NetnsScope(const std::string& netns); // ENOENT, EPERM
    NetnsScope(const NetnsScope&) = delete;
    NetnsScope& operator=(const NetnsScope&) = delete;
    ~NetnsScope();

  private:
    Fd home_;
};

// SO_NETNS_COOKIE of the calling thread's namespace: unique while the machine is up, never reused.
std::uint64_t netns_cookie();

} // namespace xdpbridge
