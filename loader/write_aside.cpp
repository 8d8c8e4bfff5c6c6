// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "write_aside.h"

#include <xdpbridge/error.h>

#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>

namespace xdpbridge::loader {

void write_aside(const std::string& path, const std::function<void(std::ostream&)>& write) {
    const std::string aside = path + ".new";
    std::ofstream file(aside);
    if (file)
        write(file);
    file.close();
    if (!file || std::rename(aside.c_str(), path.c_str()) != 0) {
        const int err = errno;
        std::remove(aside.c_str());
        throw Error(err, fmt::format("save '{}'", path));
    }
}

} // namespace xdpbridge::loader
