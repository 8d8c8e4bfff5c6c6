// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <functional>
#include <ostream>
#include <string>

namespace xdpbridge::loader {

// Writes a file aside and then puts it into its place: a full disk must not cost the file that is
// there.
void write_aside(const std::string& path, const std::function<void(std::ostream&)>& write);

} // namespace xdpbridge::loader
