// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <chrono>

namespace xdpbridge::loader {

// Makes SIGINT and SIGTERM readable instead of deadly while this object lives, so that a command
// that runs until it is interrupted ends in order and with exit code 0.
class Interrupt {
  public:
    Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    ~Interrupt();
    // False as soon as the user has interrupted.
    [[nodiscard]] bool sleep(std::chrono::milliseconds time) const;
    // Readable once the user has interrupted.
    [[nodiscard]] int fd() const noexcept { return fd_; }

  private:
    int fd_;
};

} // namespace xdpbridge::loader
