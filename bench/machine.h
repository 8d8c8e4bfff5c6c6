// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What a figure needs beside it to be read later: where, with what and when it was measured.
#pragma once
#include <nlohmann/json.hpp>

#include <string>

namespace xdpbridge::bench {

// Of strings and numbers: "date", "commit", "kernel", "cpu", "cpus", "memory_mib", "compiler", and
// the versions of "libbpf", "libxdp", "ovs" and "qemu". What is not here is null.
nlohmann::json machine();
// The same as a list in Markdown, a line for each.
std::string machine_as_markdown();
// As /proc/loadavg has it.
std::string load_average();

} // namespace xdpbridge::bench
