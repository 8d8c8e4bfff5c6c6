// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include "sandbox/vm_kernel.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace xdpbridge::test {

// Kernels that `make vm-kernel` fetched: the folders vm-kernel* of the build.
inline std::vector<std::string> vm_kernels() {
    std::vector<std::string> folders;
    for (const auto& entry : std::filesystem::directory_iterator(XDPB_VM_KERNELS))
        if (entry.is_directory() && entry.path().filename().string().starts_with("vm-kernel"))
            folders.push_back(entry.path());
    std::sort(folders.begin(), folders.end());
    if (folders.empty()) // to be told by the test, not by its absence
        folders.push_back(std::filesystem::path(XDPB_VM_KERNELS) / "vm-kernel");
    return folders;
}

inline std::string test_name(const ::testing::TestParamInfo<std::string>& folder) {
    std::string name = std::filesystem::path(folder.param).filename();
    for (char& c : name)
        c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
    return name;
}

} // namespace xdpbridge::test
