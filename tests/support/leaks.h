// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace xdpbridge::test {

// Looks for what a bridge may leave behind: open descriptors of this process, pins, and objects in
// the kernel. Every program and link of a bridge holds some of its maps, so if all maps are gone,
// all is.
class LeakCheck {
  public:
    LeakCheck(); // remembers what is open now
    // The maps pinned in a bridge's folder are to be gone in the end.
    void watch(const std::filesystem::path& bridge_folder);
    // Fails the test if anything stays. Waits, for the kernel frees maps when it can.
    void expect_nothing_left() const;

  private:
    std::size_t descriptors_;
    std::vector<std::uint32_t> maps_;
};

} // namespace xdpbridge::test
