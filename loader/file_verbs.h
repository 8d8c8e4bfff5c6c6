// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The verbs "load" and "save" of a noun, whose FILE "-" is standard input or output. Both print how
// many there were, but for what is saved to standard output.
#pragma once
#include "command.h"
#include "output.h"

#include <cstddef>
#include <functional>
#include <istream>
#include <ostream>
#include <string>

namespace xdpbridge::loader {

struct FileVerbs {
    Things things;
    std::string lines;     // help of FILE: what each is made of
    std::string example;   // of a FILE
    std::string load_help; // what load does
    std::function<std::size_t(const Bridge&, std::istream&)> load;
    std::function<std::size_t(const Bridge&, std::ostream&)> save;
};

void add_file_verbs(CLI::App& noun, const Context& context, const FileVerbs& verbs);

} // namespace xdpbridge::loader
