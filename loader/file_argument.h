// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A FILE of the command line, of which "-" is standard input or output. Throw Error with the name.
#pragma once
#include <cstddef>
#include <functional>
#include <istream>
#include <ostream>
#include <string>

namespace xdpbridge::loader {

std::size_t read_file(const std::string& file,
                      const std::function<std::size_t(std::istream&)>& read);
// Aside first: a full disk must not cost the file that is there.
std::size_t write_file(const std::string& file,
                       const std::function<std::size_t(std::ostream&)>& write);

} // namespace xdpbridge::loader
