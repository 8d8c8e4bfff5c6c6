// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The maps that a bridge consists of: those of bpf/maps.h, pinned in its folder.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace xdpbridge {

// Makes those that are not there yet: all of them in a new folder, and for an older bridge those
// that this version has added. Their names; on an error they are gone again. fdb_size: entries, of
// an FDB that is not there yet.
std::vector<std::string> create_maps(const std::filesystem::path& folder, std::uint32_t fdb_size,
                                     const std::string& doing);

// EPROTO: the folder's maps are not what the programs of this library work on. A map that is not
// there is no obstacle.
void require_layout(const std::filesystem::path& folder, const std::string& doing);

} // namespace xdpbridge
