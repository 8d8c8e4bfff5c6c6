// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "file_verbs.h"

#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <iostream>

namespace xdpbridge::loader {

namespace {

struct FileArguments {
    std::string bridge;
    std::string file;
};

// Errors with the file's name.
std::size_t read_file(const std::string& file,
                      const std::function<std::size_t(std::istream&)>& read) {
    if (file == "-")
        return read(std::cin);
    std::ifstream in(file);
    if (!in)
        throw Error(errno, fmt::format("load '{}'", file));
    return read(in);
}

// Likewise. Aside first: a full disk must not cost the file that is there.
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

} // namespace

void add_file_verbs(CLI::App& noun, const Context& context, const FileVerbs& verbs) {
    const auto bridge_and_file = [&verbs](CLI::App& verb, FileArguments& arguments) {
        add_bridge_argument(verb, arguments.bridge);
        verb.add_option("file", arguments.file,
                        fmt::format("lines of: {}; - for standard input or output", verbs.lines))
            ->required()
            ->type_name("FILE");
    };
    const auto example = [&](const char* verb) {
        return fmt::format("xdp-bridge {} {} br0 {}", noun.get_name(), verb, verbs.example);
    };

    add_verb<FileArguments>(noun, "load", verbs.load_help, example("load"), bridge_and_file,
                            [&context, verbs](const FileArguments& arguments) {
                                const Bridge bridge = Bridge::open(arguments.bridge, context.where);
                                const auto count = read_file(arguments.file, [&](std::istream& in) {
                                    return verbs.load(bridge, in);
                                });
                                print_count(context.json, "loaded", count, verbs.things);
                            });
    add_verb<FileArguments>(
        noun, "save", fmt::format("Write all {} to a file", verbs.things.many), example("save"),
        bridge_and_file, [&context, verbs](const FileArguments& arguments) {
            const Bridge bridge = Bridge::open(arguments.bridge, context.where);
            const auto count = write_file(
                arguments.file, [&](std::ostream& out) { return verbs.save(bridge, out); });
            if (arguments.file != "-")
                print_count(context.json, "saved", count, verbs.things);
        });
}

} // namespace xdpbridge::loader
