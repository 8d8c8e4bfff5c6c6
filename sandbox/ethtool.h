#pragma once

#include <string>

namespace xdpbridge::sandbox {

// Both act on a device of the network namespace `netns`.

// No work left to a device that is not there: every frame goes out with its checksum filled in, at
// most one MTU long, and with its VLAN tag in the frame. Without this a frame loses its partial
// checksum or its tag on an XDP redirect.
void offloads_off(const std::string& netns, const std::string& device);

void set_gro(const std::string& netns, const std::string& device, bool on);

} // namespace xdpbridge::sandbox
