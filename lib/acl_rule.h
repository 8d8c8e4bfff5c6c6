// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/acl.h>

#include <string>
#include <string_view>

namespace xdpbridge {

inline constexpr std::string_view rule_form = "[--prio N] [--CRITERION VALUE]... ACTION";

// From the words of the command line. Returns what is wrong with them, "" if nothing.
std::string read_rule(std::string_view text, AclRule& rule);

} // namespace xdpbridge
