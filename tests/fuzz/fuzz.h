// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A function for each parser of what users write: it feeds the parser a text, and aborts if the
// parser breaks a promise. libFuzzer invents texts (`make fuzz`); replay_test.cpp takes those of
// corpus/NAME.
#pragma once
#include <xdpbridge/error.h>

#include <string_view>

// X(NAME): of fuzz_NAME and corpus/NAME.
#define XDPB_FUZZERS(X)                                                                            \
    X(mac)                                                                                         \
    X(ip)                                                                                          \
    X(rate)                                                                                        \
    X(range)                                                                                       \
    X(class_rule)                                                                                  \
    X(acl_rule)                                                                                    \
    X(acl_file)                                                                                    \
    X(fdb_file)                                                                                    \
    X(route_file)                                                                                  \
    X(command_line)

namespace xdpbridge::test {

#define X(name) void fuzz_##name(std::string_view text);
XDPB_FUZZERS(X)
#undef X

// Aborts with the promise unless it holds.
void require(bool holds, const char* promise);
// Of a complaint: one line that a terminal can show.
void require_one_line(std::string_view complaint);
// Likewise, of a text that is wrong.
void require_invalid(const Error& error);

} // namespace xdpbridge::test
