// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/objects.h"

#include "lib/fd.h"

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <iterator>

namespace xdpbridge::test {

namespace {

namespace fs = std::filesystem;

Ids maps_of(const Fd& program) {
    std::array<std::uint32_t, 64> used{};
    bpf_prog_info info{};
    std::uint32_t size = sizeof(info);
    info.nr_map_ids = used.size();
    info.map_ids = reinterpret_cast<std::uintptr_t>(used.data());
    if (!program || bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0)
        return {};
    return {used.begin(), used.begin() + std::min<std::size_t>(info.nr_map_ids, used.size())};
}

} // namespace

std::vector<std::string> pins() {
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator("/sys/fs/bpf"))
        if (!entry.is_directory() && !entry.path().string().ends_with(".debug"))
            found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
}

Ids pinned_maps(const fs::path& bridge_folder) {
    Ids ids;
    for (const auto& entry : fs::directory_iterator(bridge_folder)) {
        if (entry.is_directory())
            continue;
        const Fd map(bpf_obj_get(entry.path().c_str()));
        bpf_map_info info{};
        std::uint32_t size = sizeof(info);
        if (map && bpf_obj_get_info_by_fd(map.get(), &info, &size) == 0)
            ids.insert(info.id);
    }
    return ids;
}

Ids programs_over(const Ids& maps) {
    Ids programs;
    for (std::uint32_t id = 0; bpf_prog_get_next_id(id, &id) == 0;) {
        const Ids used = maps_of(Fd(bpf_prog_get_fd_by_id(id)));
        if (std::any_of(used.begin(), used.end(),
                        [&](std::uint32_t map) { return maps.contains(map); }))
            programs.insert(id);
    }
    return programs;
}

std::size_t open_descriptors() {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), {}));
}

Objects count_objects(const fs::path& bridge_folder) {
    Ids maps = pinned_maps(bridge_folder);
    const Ids programs = programs_over(maps);
    for (const auto program : programs)
        maps.merge(maps_of(Fd(bpf_prog_get_fd_by_id(program))));
    return {open_descriptors(), pins().size(), programs.size(), maps.size()};
}

} // namespace xdpbridge::test
