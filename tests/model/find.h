// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// From a sequence that was seen to fail to the least of it that still does.
#pragma once
#include "model/match.h"

#include <optional>
#include <string>

namespace xdpbridge::model {

struct Failure {
    Sequence sequence; // up to the step that fails, which is the last
    std::string what;
};

// Empty: it does not fail when it is played with more care.
std::optional<Failure> find_failure(Bed& bed, const Sequence& sequence);

// As a file of tests/model/regressions.
std::string to_text(const Failure& failure);

} // namespace xdpbridge::model
