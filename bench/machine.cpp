// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "machine.h"

#include <sandbox/process.h>

#include <bpf/libbpf.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <fstream>
#include <regex>
#include <string>
#include <sys/utsname.h>
#include <unistd.h>

namespace xdpbridge::bench {

namespace {

using nlohmann::json;

// What the program prints of itself on its first line, as far as it matches.
json printed(const sandbox::Argv& argv, const std::string& wanted,
             const sandbox::RunOptions& options = {}) try {
    const std::string out = sandbox::check(argv, options).out;
    std::smatch match;
    return std::regex_search(out, match, std::regex(wanted)) ? json(match.str(0)) : json();
} catch (const std::exception&) {
    return nullptr; // there is no such program
}

json cpu_model() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("model name"))
            return line.substr(line.find(": ") + 2);
    return nullptr;
}

std::string kernel() {
    utsname name{};
    ::uname(&name);
    return fmt::format("{} {} {} {}", name.sysname, name.release, name.version, name.machine);
}

json ovs() {
    const std::string unpacked = XDPB_OVS;
    const std::string version = R"(\d+\.\d+\.\d+\S*)";
    json here = printed({unpacked + "/usr/sbin/ovs-vswitchd", "--version"}, version,
                        {.env = {{"LD_LIBRARY_PATH", unpacked + "/usr/lib/x86_64-linux-gnu"}}});
    return here.is_null() ? printed({"ovs-vswitchd", "--version"}, version) : here;
}

} // namespace

json machine() {
    // The checkout may belong to another user than root, which git would mind.
    json commit = printed({"git", "-c", "safe.directory=*", "-C", XDPB_SOURCE, "describe",
                           "--always", "--dirty", "--abbrev=12"},
                          R"(\S+)");
    const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return {
        {"date",
         fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::now()))},
        {"commit", commit},
        {"kernel", kernel()},
        {"cpu", cpu_model()},
        {"cpus", ::sysconf(_SC_NPROCESSORS_ONLN)},
        {"memory_mib", pages * page >> 20},
        {"compiler", XDPB_COMPILER},
        {"libbpf", libbpf_version_string()},
        {"libxdp", XDPB_LIBXDP},
        {"ovs", ovs()},
        {"qemu", printed({"qemu-system-x86_64", "--version"}, R"(\d+\.\d+\.\d+)")},
    };
}

std::string machine_as_markdown() {
    std::string text;
    const auto about = machine();
    for (const auto& [key, value] : about.items())
        text += fmt::format("- {}: {}\n", key,
                            value.is_string() ? value.get<std::string>() : value.dump());
    return text;
}

std::string load_average() {
    std::ifstream file("/proc/loadavg");
    std::string text;
    std::getline(file, text);
    return text;
}

} // namespace xdpbridge::bench
