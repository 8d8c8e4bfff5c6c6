// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fuzz.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace xdpbridge::test {

void require(bool holds, const char* promise) {
    if (holds)
        return;
    std::fprintf(stderr, "broken: %s\n", promise);
    std::abort();
}

void require_one_line(std::string_view complaint) {
    require(!complaint.empty(), "a complaint says something");
    require(std::none_of(complaint.begin(), complaint.end(),
                         [](unsigned char c) { return c < 0x20 || c == 0x7f; }),
            "a complaint is one line, without control characters");
}

void require_invalid(const Error& error) {
    require(error.code().value() == EINVAL, "a text that is wrong is EINVAL");
    require_one_line(error.what());
}

} // namespace xdpbridge::test
