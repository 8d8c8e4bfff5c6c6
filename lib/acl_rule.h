// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/acl.h>

#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace xdpbridge {

inline constexpr std::string_view rule_form = "[--prio N] [--CRITERION VALUE]... ACTION";

// From the words of the command line. Returns what is wrong with them, "" if nothing.
std::string read_rule(std::string_view text, AclRule& rule);

// The rules of a text, one a line, in its order. Throws Error (EINVAL) that names the first line
// that is none.
std::vector<AclRule> read_rules(std::istream& text, const std::string& bridge);

} // namespace xdpbridge
