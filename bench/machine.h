// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What a figure needs beside it to be read later: where, with what and when it was measured.
#pragma once
#include <nlohmann/json.hpp>

namespace xdpbridge::bench {

// Of strings and numbers: "date", "commit", "kernel", "cpu", "cpus", "memory_mib", "compiler", and
// the versions of "libbpf", "libxdp", "ovs" and "qemu". What is not here is null.
nlohmann::json machine();

} // namespace xdpbridge::bench
