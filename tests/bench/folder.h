// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>

namespace xdpbridge {

// A folder for a benchmark's results, which goes with the object.
class Folder {
  public:
    Folder() {
        std::string name = std::filesystem::temp_directory_path() / "bench-XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

} // namespace xdpbridge
