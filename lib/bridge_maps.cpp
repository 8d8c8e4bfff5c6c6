// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "bridge_maps.h"

#include "fd.h"
#include "libbpf_log.h"

#include <xdpbridge/abi.h>
#include <xdpbridge/error.h>

#include <algorithm>
#include <bpf/bpf.h>
#include <bridge_xdp.skel.h>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <optional>

namespace xdpbridge {

namespace {

using MapsSkeleton = std::unique_ptr<bridge_xdp, void (*)(bridge_xdp*)>;

MapsSkeleton open_skeleton(const std::string& doing) {
    MapsSkeleton skeleton(bridge_xdp__open(), bridge_xdp__destroy);
    if (!skeleton)
        throw Error(errno, doing);
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, skeleton->obj) bpf_program__set_autoload(program, false);
    return skeleton;
}

// Visits the maps that are pinned: .rodata and its like belong to one instance of a program.
void for_each_map(const bridge_xdp& skeleton, const std::function<void(bpf_map*)>& visit) {
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, skeleton.obj) {
        if (!bpf_map__is_internal(map))
            visit(map);
    }
}

// A queue holds one element for each learned entry, and for a while those of entries deleted by
// hand.
std::uint32_t reclaim_size(std::uint32_t fdb_size) {
    return fdb_size + fdb_size / 4 + 64;
}

// Like "devices", for the other kind of programs: bpf/maps.h.
void create_devices_frags(const std::filesystem::path& folder, const std::string& doing) {
    const Fd map(bpf_map_create(BPF_MAP_TYPE_DEVMAP, "devices_frags", sizeof(__u32),
                                sizeof(bpf_devmap_val), XDPB_MAX_PORTS, nullptr));
    if (!map || bpf_obj_pin(map.get(), (folder / "devices_frags").c_str()) != 0)
        throw Error(errno, doing,
                    fmt::format("map 'devices_frags': {}", std::generic_category().message(errno)));
}

// nullopt: there is none.
std::optional<bpf_map_info> pinned_map(const std::filesystem::path& pin) {
    const Fd fd(bpf_obj_get(pin.c_str()));
    bpf_map_info info{};
    __u32 size = sizeof(info);
    if (!fd || bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0)
        return std::nullopt;
    return info;
}

// abi_version is the first member of xdpb_bridge in every version, whatever follows.
std::uint32_t abi_version_of(const std::filesystem::path& folder, const std::string& doing) {
    const Fd fd(bpf_obj_get((folder / "bridge").c_str()));
    const auto info = pinned_map(folder / "bridge");
    if (!info)
        throw Error(EPROTO, doing, "it has no map 'bridge'", "`xdp-bridge del` removes it");
    std::vector<std::uint32_t> value(info->value_size / sizeof(std::uint32_t) + 1);
    const std::uint32_t key = 0;
    return bpf_map_lookup_elem(fd.get(), &key, value.data()) == 0 ? value[0] : 0;
}

void require_same(const bpf_map_info& there, const bpf_map* ours, const std::string& doing) {
    struct Property {
        const char* name;
        std::uint32_t there, ours;
    };
    const Property properties[] = {
        {"type", there.type, bpf_map__type(ours)},
        {"bytes of a key", there.key_size, bpf_map__key_size(ours)},
        {"bytes of a value", there.value_size, bpf_map__value_size(ours)},
        {"entries", there.max_entries, bpf_map__max_entries(ours)},
        // The kernel adds that one to a devmap (dev_map_init_map).
        {"flags", there.map_flags & ~std::uint32_t{BPF_F_RDONLY_PROG}, bpf_map__map_flags(ours)},
    };
    for (const auto& property : properties)
        if (property.there != property.ours)
            throw Error(EPROTO, doing,
                        fmt::format("its map '{}' has {} {}, this version's has {}",
                                    bpf_map__name(ours), property.name, property.there,
                                    property.ours),
                        "keep the version of xdp-bridge that made it, or delete the bridge and "
                        "make it anew");
}

// Those have the size that the bridge was created with.
void keep_sizes(const std::filesystem::path& folder, const bridge_xdp& skeleton) {
    for (bpf_map* map : {skeleton.maps.fdb, skeleton.maps.reclaim})
        if (const auto there = pinned_map(folder / bpf_map__name(map)))
            bpf_map__set_max_entries(map, there->max_entries);
}

// Those that are not there; the others are what loading is to take. Their names.
std::vector<std::string> reuse_pinned(const std::filesystem::path& folder,
                                      const bridge_xdp& skeleton) {
    std::vector<std::string> missing;
    for_each_map(skeleton, [&](bpf_map* map) {
        if (const Fd there(bpf_obj_get((folder / bpf_map__name(map)).c_str())); there)
            bpf_map__reuse_fd(map, there.get());
        else
            missing.emplace_back(bpf_map__name(map));
    });
    return missing;
}

} // namespace

void require_layout(const std::filesystem::path& folder, const std::string& doing) {
    const auto version = abi_version_of(folder, doing);
    if (version != XDPB_ABI_VERSION)
        throw Error(EPROTO, doing,
                    fmt::format("it was made with ABI version {}, this program speaks version {}",
                                version, XDPB_ABI_VERSION),
                    "keep the version of xdp-bridge that made it, or delete the bridge and make it "
                    "anew");
    const auto skeleton = open_skeleton(doing);
    keep_sizes(folder, *skeleton);
    for_each_map(*skeleton, [&](bpf_map* map) {
        if (const auto there = pinned_map(folder / bpf_map__name(map)))
            require_same(*there, map, doing);
    });
}

std::vector<std::string> create_maps(const std::filesystem::path& folder, std::uint32_t fdb_size,
                                     const std::string& doing) {
    const LibbpfLog log;
    const auto skeleton = open_skeleton(doing);
    bpf_map__set_max_entries(skeleton->maps.fdb, fdb_size);
    bpf_map__set_max_entries(skeleton->maps.reclaim, reclaim_size(fdb_size));
    auto missing = reuse_pinned(folder, *skeleton);
    std::vector<std::filesystem::path> pinned;
    try {
        if (const int err = missing.empty() ? 0 : bridge_xdp__load(skeleton.get()); err != 0)
            throw Error(-err, doing, {}, {}, log.text());
        for (const auto& name : missing) {
            const auto* map = bpf_object__find_map_by_name(skeleton->obj, name.c_str());
            if (bpf_obj_pin(bpf_map__fd(map), (folder / name).c_str()) != 0)
                throw Error(errno, doing);
            pinned.push_back(folder / name);
        }
        if (!pinned_map(folder / "devices_frags")) {
            create_devices_frags(folder, doing);
            missing.emplace_back("devices_frags");
        }
    } catch (...) {
        std::error_code ignored;
        for (const auto& pin : pinned)
            std::filesystem::remove(pin, ignored);
        throw;
    }
    return missing;
}

} // namespace xdpbridge
