// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What a port's guards have against a frame (README, "Guards").
#pragma once
#include "model/config.h"
#include "model/headers.h"

#include <optional>

namespace xdpbridge::model {

// Why it is to be dropped; empty: it is not. frame: from which the guards read the headers.
std::optional<xdpb_drop_reason> guarded(Bytes frame, PortNumber port, const Config& config);

} // namespace xdpbridge::model
