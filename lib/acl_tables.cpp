// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "acl_tables.h"

#include "kept.h"
#include "policer.h"

#include <xdpbridge/error.h>

#include <algorithm>
#include <atomic>
#include <bpf/bpf.h>
#include <numeric>

namespace xdpbridge {

namespace {

std::atomic_ref<std::uint32_t> features_of(const BridgeState& state) {
    return std::atomic_ref(state.bridge().features);
}

std::uint32_t generation_of(std::uint32_t features) {
    return features & XDPB_BRIDGE_ACL_ODD ? 1 : 0;
}

void require(bool done, const std::string& doing) {
    if (!done)
        throw Error(errno, doing);
}

// One of the three maps of maps.
struct Outer {
    const char* name;
    const Fd& map;

    [[nodiscard]] std::string kept(std::uint32_t generation) const {
        return std::string(name) + "-" + std::to_string(generation);
    }
};

Outer tables_of(const BridgeState& state) {
    return {"acl_tables", state.acl_tables};
}
Outer macs_of(const BridgeState& state) {
    return {"acl_macs", state.acl_macs};
}
Outer prefixes_of(const BridgeState& state) {
    return {"acl_prefixes", state.acl_prefixes};
}

Fd open_inner(const BridgeState& state, const Outer& outer, std::uint32_t generation) {
    std::uint32_t id = 0;
    if (bpf_map_lookup_elem(outer.map.get(), &generation, &id) != 0)
        return Fd();
    return open_kept_map(state, outer.kept(generation), id);
}

xdpb_acl_cell read_cell(const Fd& cells, std::uint32_t number) {
    xdpb_acl_cell cell{};
    require(bpf_map_lookup_elem(cells.get(), &number, &cell) == 0, "read the rules of the ACL");
    return cell;
}

Fd make_map(bpf_map_type type, const char* name, std::size_t key, std::size_t value,
            std::size_t entries, std::uint32_t flags, const std::string& doing) {
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);
    Fd map(bpf_map_create(type, name, static_cast<__u32>(key), static_cast<__u32>(value),
                          static_cast<__u32>(std::max<std::size_t>(entries, 1)), &options));
    require(static_cast<bool>(map), doing);
    return map;
}

Fd make_cells(const AclTables& tables, const std::string& doing) {
    Fd map = make_map(BPF_MAP_TYPE_ARRAY, "acl_cells", sizeof(std::uint32_t), sizeof(xdpb_acl_cell),
                      tables.cells.size(), BPF_F_INNER_MAP, doing);
    std::vector<std::uint32_t> keys(tables.cells.size());
    std::iota(keys.begin(), keys.end(), 0U);
    auto count = static_cast<__u32>(keys.size());
    require(bpf_map_update_batch(map.get(), keys.data(), tables.cells.data(), &count, nullptr) == 0,
            doing);
    return map;
}

template <typename Key>
void fill(const Fd& map, const std::vector<std::pair<Key, std::uint32_t>>& classes,
          const std::string& doing) {
    for (const auto& [key, number] : classes)
        require(bpf_map_update_elem(map.get(), &key, &number, BPF_ANY) == 0, doing);
}

// Waits until no program runs that could see what this element was before: the kernel does that for
// maps of maps (maybe_wait_bpf_programs in kernel/bpf/syscall.c).
void put_inner(const BridgeState& state, const Outer& outer, std::uint32_t generation,
               const Fd& inner, const std::string& doing) {
    const int fd = inner.get();
    if (const int err = keep_next(state, outer.kept(generation), fd); err != 0)
        throw Error(-err, doing);
    require(bpf_map_update_elem(outer.map.get(), &generation, &fd, BPF_ANY) == 0, doing);
    if (const int err = keep_now(state, outer.kept(generation)); err != 0)
        throw Error(-err, doing);
}

void build(const BridgeState& state, std::uint32_t generation, const AclTables& tables,
           const std::string& doing) {
    put_inner(state, tables_of(state), generation, make_cells(tables, doing), doing);
    if (!tables.macs.empty()) {
        const Fd map = make_map(BPF_MAP_TYPE_HASH, "acl_mac_classes", sizeof(xdpb_acl_mac),
                                sizeof(std::uint32_t), tables.macs.size(), 0, doing);
        fill(map, tables.macs, doing);
        put_inner(state, macs_of(state), generation, map, doing);
    }
    if (!tables.prefixes.empty()) {
        const Fd map =
            make_map(BPF_MAP_TYPE_LPM_TRIE, "acl_prefix_clas", sizeof(xdpb_acl_prefix),
                     sizeof(std::uint32_t), tables.prefixes.size(), BPF_F_NO_PREALLOC, doing);
        fill(map, tables.prefixes, doing);
        put_inner(state, prefixes_of(state), generation, map, doing);
    }
}

// No frame looks rules up any more, and none will.
void forget(const BridgeState& state) noexcept {
    for (const std::uint32_t generation : {0, 1})
        for (const Outer& outer : {tables_of(state), macs_of(state), prefixes_of(state)})
            if (open_inner(state, outer, generation)) { // each deletion waits
                bpf_map_delete_elem(outer.map.get(), &generation);
                stop_keeping(state, outer.kept(generation));
            }
}

// Puts what is there there again, which waits as any change does.
void wait_for_frames(const BridgeState& state, std::uint32_t generation) noexcept {
    const Fd cells = open_inner(state, tables_of(state), generation);
    const int fd = cells.get();
    if (cells)
        bpf_map_update_elem(state.acl_tables.get(), &generation, &fd, BPF_ANY);
}

// Gives each new rule a slot that no rule that holds has, and stores it there.
std::vector<PlacedRule> place(const BridgeState& state, const std::vector<WantedRule>& rules) {
    std::vector<bool> taken(XDPB_ACL_SLOTS);
    for (const auto& held : rules_that_hold(state))
        taken[held.slot] = true;
    std::vector<PlacedRule> placed;
    std::uint16_t next = 0;
    for (const auto& wanted : rules) {
        if (wanted.slot) {
            placed.push_back({wanted.rule, *wanted.slot});
            continue;
        }
        while (taken[next])
            next++;
        state.acl_rules[next] = wanted.rule;
        zero_per_cpu<xdpb_acl_counters>(state.acl_counters, next);
        store_rate(state.policers[XDPB_POLICER_ACL + next], wanted.rate);
        placed.push_back({wanted.rule, next++});
    }
    return placed;
}

} // namespace

std::vector<PlacedRule> rules_that_hold(const BridgeState& state) {
    const auto features = features_of(state).load();
    if (!(features & XDPB_BRIDGE_ACL))
        return {};
    const Fd cells = open_inner(state, tables_of(state), generation_of(features));
    require(static_cast<bool>(cells), "read the rules of the ACL");
    const xdpb_acl_head head = read_cell(cells, 0).head;
    std::vector<PlacedRule> rules;
    xdpb_acl_cell cell{};
    for (std::uint32_t i = 0; i < head.rules; i++) {
        if (i % std::size(cell.slots) == 0)
            cell = read_cell(cells, head.slots + i / std::size(cell.slots));
        const auto slot = cell.slots[i % std::size(cell.slots)];
        rules.push_back({state.acl_rules[slot], slot});
    }
    return rules;
}

void hold_rules(const BridgeState& state, std::vector<WantedRule> rules, const std::string& doing) {
    const auto features = features_of(state).load();
    if (rules.empty()) {
        features_of(state).fetch_and(~std::uint32_t{XDPB_BRIDGE_ACL});
        wait_for_frames(state, generation_of(features));
        forget(state);
        return;
    }
    // Somebody may have been killed before he had waited.
    wait_for_frames(state, generation_of(features));
    const auto next = 1 - generation_of(features);
    build(state, next, compile_acl(place(state, rules)), doing);
    const auto odd = next == 1 ? std::uint32_t{XDPB_BRIDGE_ACL_ODD} : 0U;
    features_of(state).store((features & ~std::uint32_t{XDPB_BRIDGE_ACL_ODD}) | odd |
                             XDPB_BRIDGE_ACL);
    wait_for_frames(state, next);
}

} // namespace xdpbridge
