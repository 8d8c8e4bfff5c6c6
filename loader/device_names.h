// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/bridge.h>
#include <xdpbridge/port.h>

#include <array>
#include <string>

namespace xdpbridge::loader {

// Names of a bridge's ports by number, as they were when this was made.
class DeviceNames {
  public:
    explicit DeviceNames(const Bridge& bridge) {
        for (const auto& port : bridge.ports().list())
            names_[port.number] = port.device;
    }
    // "?" for a port that was not there.
    const std::string& operator[](std::uint16_t port) const {
        return port < names_.size() ? names_[port] : names_[0];
    }

  private:
    std::array<std::string, XDPB_MAX_PORTS> names_ = filled();
    static std::array<std::string, XDPB_MAX_PORTS> filled() {
        std::array<std::string, XDPB_MAX_PORTS> names;
        names.fill("?");
        return names;
    }
};

} // namespace xdpbridge::loader
