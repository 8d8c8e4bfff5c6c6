// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "file_argument.h"

#include <xdpbridge/error.h>

#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <iostream>

namespace xdpbridge::loader {

std::size_t read_file(const std::string& file,
                      const std::function<std::size_t(std::istream&)>& read) {
    if (file == "-")
        return read(std::cin);
    std::ifstream in(file);
    if (!in)
        throw Error(errno, fmt::format("load '{}'", file));
    return read(in);
}

std::size_t write_file(const std::string& file,
                       const std::function<std::size_t(std::ostream&)>& write) {
    if (file == "-")
        return write(std::cout);
    const std::string aside = file + ".new";
    std::ofstream out(aside);
    const std::size_t count = out ? write(out) : 0;
    out.close();
    if (!out || std::rename(aside.c_str(), file.c_str()) != 0) {
        const int err = errno;
        std::remove(aside.c_str());
        throw Error(err, fmt::format("save '{}'", file));
    }
    return count;
}

} // namespace xdpbridge::loader
