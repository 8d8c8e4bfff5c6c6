// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Which ways through the data plane a test has taken, for `make coverage`.
#pragma once
#include <xdpbridge/bridge.h>

namespace xdpbridge::test {

// Appends what the counters of a bridge's ports tell to the file that the environment names in
// XDPB_EXITS, a line "HOOK KIND NAME TEST" for each that is not 0. Does nothing if it names none.
void record_exits(const Bridge& bridge);

} // namespace xdpbridge::test
