// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/leaks.h"

#include "lib/fd.h"
#include "support/objects.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <chrono>
#include <gtest/gtest.h>
#include <thread>

namespace xdpbridge::test {

namespace {

namespace fs = std::filesystem;

bool exists(std::uint32_t map_id) {
    return static_cast<bool>(Fd(bpf_map_get_fd_by_id(map_id)));
}

// Whether a device has programs by libxdp's dispatcher.
bool dispatcher_in_use() {
    std::error_code none;
    const fs::directory_iterator folders("/sys/fs/bpf/xdp", none);
    return std::any_of(begin(folders), end(folders), [](const auto& folder) {
        return folder.path().filename().string().starts_with("dispatch-");
    });
}

} // namespace

LeakCheck::LeakCheck() : descriptors_(open_descriptors()) {}

void LeakCheck::watch(const fs::path& bridge_folder) {
    dispatcher_ = dispatcher_ || dispatcher_in_use();
    const Ids maps = pinned_maps(bridge_folder);
    maps_.insert(maps_.end(), maps.begin(), maps.end());
}

void LeakCheck::expect_nothing_left() const {
    const fs::path root = "/sys/fs/bpf/xdp-bridge";
    EXPECT_TRUE(!fs::exists(root) || fs::is_empty(root)) << "pins leaked";
    // libxdp 1.3 leaks descriptors of the programs that it attaches by its dispatcher. They hold
    // our maps until the process ends.
    if (dispatcher_ && open_descriptors() > descriptors_)
        return;
    EXPECT_EQ(open_descriptors(), descriptors_) << "file descriptors leaked";
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (const auto id : maps_) {
        while (exists(id) && std::chrono::steady_clock::now() < deadline)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        EXPECT_FALSE(exists(id)) << "map " << id << " leaked, or a program or link that holds it";
    }
}

} // namespace xdpbridge::test
