// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/find.h"

#include "model/shrink.h"

#include <fmt/format.h>
#include <sstream>

namespace xdpbridge::model {

namespace {

std::optional<Difference> play_exactly(Bed& bed, Way way, std::span<const Step> steps) {
    std::uint64_t frames = 0;
    return play(bed, way, steps, Care::exact, frames);
}

// As short as it may be.
void cut_frame(Bed& bed, Way way, std::vector<Step>& steps, std::size_t at) {
    const auto* arrival = std::get_if<Arrival>(&steps[at]);
    if (!arrival)
        return;
    auto fewer = steps;
    Frame& frame = std::get<Arrival>(fewer[at]).frame;
    for (std::size_t cut = frame.size() / 2; cut > 0; cut /= 2) {
        if (frame.size() < cut + 14)
            continue;
        frame.resize(frame.size() - cut);
        if (play_exactly(bed, way, fewer))
            steps = fewer;
        else
            frame = std::get<Arrival>(steps[at]).frame;
    }
}

} // namespace

std::optional<Failure> find_failure(Bed& bed, const Sequence& sequence) {
    const auto first = play_exactly(bed, sequence.way, sequence.steps);
    if (!first)
        return std::nullopt;
    Failure failure{sequence, first->what};
    auto& steps = failure.sequence.steps;
    steps.resize(first->step + 1);
    steps = shrink(steps, [&](const std::vector<Step>& fewer) {
        return play_exactly(bed, sequence.way, fewer).has_value();
    });
    for (std::size_t i = 0; i < steps.size(); i++)
        cut_frame(bed, sequence.way, steps, i);
    if (const auto last = play_exactly(bed, sequence.way, steps))
        failure.what = last->what;
    return failure;
}

std::string to_text(const Failure& failure) {
    std::string text;
    std::istringstream lines(failure.what);
    for (std::string line; std::getline(lines, line);)
        text += fmt::format("# {}\n", line);
    return text + to_text(failure.sequence);
}

} // namespace xdpbridge::model
