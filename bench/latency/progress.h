// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// How far it is, on standard error: one line written over on a terminal, else one for each path.
#pragma once
#include "run.h"

#include <chrono>
#include <cstddef>
#include <string>

namespace xdpbridge::bench {

class ProgressLine {
  public:
    ProgressLine(int rounds, std::size_t steps); // steps: of all rounds
    ~ProgressLine();
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;

    void show(const Step& step);

  private:
    [[nodiscard]] double seconds_left() const;

    int rounds_;
    std::size_t steps_, done_ = 0;
    bool terminal_;
    std::string path_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

} // namespace xdpbridge::bench
