// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Plays a sequence on the model and on the switch under test, and compares.
#pragma once
#include "model/bed.h"
#include "model/switch.h"

#include <optional>
#include <span>
#include <string>

namespace xdpbridge::model {

struct Difference {
    std::size_t step; // at which it was seen
    std::string what;
};

// How often all is compared that is not compared for each frame: counters, FDB, stray frames.
enum class Care : std::uint8_t {
    quick, // every few hundred frames, and at each change of the configuration
    exact, // after each step
};

// From a fresh start. frames: is increased by those that were played.
std::optional<Difference> play(Bed& bed, Way way, std::span<const Step> steps, Care care,
                               std::uint64_t& frames);

} // namespace xdpbridge::model
