// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Tests that run once at each hook: TEST_P of a fixture with a Hook as its parameter.
#pragma once
#include <xdpbridge/port.h>

#include <gtest/gtest.h>
#include <ostream>
#include <string>

namespace xdpbridge {

inline void PrintTo(Hook hook, std::ostream* out) {
    *out << (hook == Hook::tc ? "tc" : hook == Hook::xdp ? "xdp" : "both");
}

} // namespace xdpbridge

#define XDPB_AT_EACH_HOOK(suite)                                                                   \
    INSTANTIATE_TEST_SUITE_P(Hook, suite,                                                          \
                             ::testing::Values(::xdpbridge::Hook::xdp, ::xdpbridge::Hook::tc),     \
                             ::testing::PrintToStringParamName())
