// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include "path.h"

#include <xdpbridge/xdpbridge.h>

namespace xdpbridge::bench {

// This project's bridge between uplink and the tap.
class OurPath : public Path {
  public:
    OurPath(Net& net, const Target& target, Hook hook, bool classes);
    ~OurPath() override;
    [[nodiscard]] std::string note() const override;

  protected:
    Bridge& bridge() { return bridge_; }

  private:
    Bridge bridge_;
};

} // namespace xdpbridge::bench
