#pragma once

#include "sandbox/fd.h"

#include <string>

namespace xdpbridge::sandbox {

// The frames of a macvtap that exists, whole ones without a header, as a program gets them that is
// the VM. Reading does not block.
Fd open_macvtap(const std::string& netns, const std::string& device);

} // namespace xdpbridge::sandbox
