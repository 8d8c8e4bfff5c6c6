#pragma once

#include "sandbox/fd.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace xdpbridge::sandbox {

std::string read_file(const std::filesystem::path& path);

// A file that has no name and lives in memory, so that none can be left behind. Its position is at
// the start.
Fd memory_file(const char* label, std::string_view content = {});

} // namespace xdpbridge::sandbox
