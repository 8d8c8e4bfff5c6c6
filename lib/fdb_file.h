// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/fdb.h>

#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace xdpbridge {

// A bridge as far as text can be wrong about it.
struct FdbFileBridge {
    std::string name;
    bool vlan_aware = false;
    std::unordered_map<std::string, std::uint16_t> ports = {}; // numbers by device
};

// The entries of a text, in its order. Throws Error (EINVAL) that names the first line that is
// none.
std::vector<FdbEntry> read_fdb(std::istream& text, const FdbFileBridge& bridge);

// Adds the line of an entry, as read_fdb takes it.
void add_fdb_line(std::string& text, const FdbEntry& entry, std::string_view device);

} // namespace xdpbridge
