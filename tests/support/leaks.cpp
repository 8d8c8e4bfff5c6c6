// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/leaks.h"

#include "lib/fd.h"
#include "support/objects.h"

#include <algorithm>
#include <bpf/bpf.h>
#include <chrono>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <thread>

namespace xdpbridge::test {

namespace {

namespace fs = std::filesystem;

bool exists(std::uint32_t map_id) {
    return static_cast<bool>(Fd(bpf_map_get_fd_by_id(map_id)));
}

// Whether this process has descriptors of programs behind libxdp's dispatcher, or of that.
bool has_dispatched_programs() {
    const fs::directory_iterator descriptors("/proc/self/fd");
    return std::any_of(begin(descriptors), end(descriptors), [](const auto& entry) {
        bpf_prog_info info{};
        std::uint32_t size = sizeof(info);
        const int fd = std::stoi(entry.path().filename());
        return bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
               (info.type == BPF_PROG_TYPE_EXT || std::string_view(info.name) == "xdp_dispatcher");
    });
}

} // namespace

LeakCheck::LeakCheck() : descriptors_(open_descriptors()) {}

void LeakCheck::watch(const fs::path& bridge_folder) {
    const Ids maps = pinned_maps(bridge_folder);
    maps_.insert(maps_.end(), maps.begin(), maps.end());
}

void LeakCheck::expect_nothing_left() const {
    const fs::path root = "/sys/fs/bpf/xdp-bridge";
    EXPECT_TRUE(!fs::exists(root) || fs::is_empty(root)) << "pins leaked";
    // libxdp 1.3 leaks descriptors of the programs that it attaches by its dispatcher. They hold
    // our maps until the process ends.
    if (has_dispatched_programs())
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
