// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Rates on the command line and in tables.
#pragma once
#include "output.h"

#include <xdpbridge/rate.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

namespace xdpbridge::loader {

CLI::Option* add_rate_option(CLI::App& verb, const std::string& name, std::optional<Rate>& value,
                             const std::string& help);

// JSON: an object of packets, packet_burst, bits and byte_burst, null when off.
Cell rate_cell(const Rate& rate);

} // namespace xdpbridge::loader
