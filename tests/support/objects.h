// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What a bridge has in the kernel, by number.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace xdpbridge::test {

using Ids = std::set<std::uint32_t>;

// All that is pinned in the sandbox's BPF file system, in alphabetical order.
std::vector<std::string> pins();
// The maps pinned in a bridge's folder.
Ids pinned_maps(const std::filesystem::path& bridge_folder);
// The programs that use any of the maps.
Ids programs_over(const Ids& maps);

std::size_t open_descriptors(); // of this process

struct Objects {
    std::size_t descriptors;
    std::size_t pins;
    std::size_t programs; // that use maps of the bridge
    std::size_t maps;     // pinned, or used by these programs
    bool operator==(const Objects&) const = default;
};
Objects count_objects(const std::filesystem::path& bridge_folder);

} // namespace xdpbridge::test
