// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <string>

namespace xdpbridge {

// A program that is to take the place of another, in one step as far as the frames are concerned.
// Made, it is loaded, and nothing has changed; destroyed, both are as they are by then.
class Replacement {
  public:
    Replacement() = default;
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;
    virtual ~Replacement() = default;

    // Throws when it cannot; undo() then mends what was half-done.
    virtual void apply(const std::string& doing) = 0;
    virtual void undo() noexcept = 0;
};

} // namespace xdpbridge
