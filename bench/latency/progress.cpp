// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "progress.h"

#include <fmt/format.h>

#include <cstdio>
#include <unistd.h>

namespace xdpbridge::bench {

ProgressLine::ProgressLine(int rounds, std::size_t steps)
    : rounds_(rounds), steps_(steps), terminal_(::isatty(STDERR_FILENO) != 0) {}

ProgressLine::~ProgressLine() {
    if (terminal_ && done_ > 0)
        std::fputs("\n", stderr);
}

double ProgressLine::seconds_left() const {
    if (done_ == 0)
        return 0;
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start_;
    return spent.count() / static_cast<double>(done_) * static_cast<double>(steps_ - done_);
}

void ProgressLine::show(const Step& step) {
    if (terminal_)
        fmt::print(stderr, "\r\x1b[Kround {}/{}, {} {}, {:.0f} s left", step.round, rounds_,
                   step.path, name(step.cell), seconds_left());
    else if (step.path != path_)
        fmt::print(stderr, "round {}/{}, {}, {:.0f} s left\n", step.round, rounds_, step.path,
                   seconds_left());
    path_ = step.path;
    done_++;
}

} // namespace xdpbridge::bench
