// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "collisions.h"

#include "../contenders.h"

#include <sandbox/fd.h>
#include <xdpbridge/fdb.h>

#include <bpf/bpf.h>
#include <hash_seed.skel.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <stdexcept>

namespace xdpbridge::bench {

namespace {

constexpr std::uint8_t side_of_attacker = 5;

// jhash2 of the two words of a key (include/linux/jhash.h).
std::uint32_t jhash2(const std::array<std::uint32_t, 2>& words, std::uint32_t seed) {
    constexpr std::uint32_t initial = 0xdeadbeef;
    std::uint32_t a = initial + (2 << 2) + seed, b = a, c = a;
    b += words[1];
    a += words[0];
    c = (c ^ b) - std::rotl(b, 14);
    a = (a ^ c) - std::rotl(c, 11);
    b = (b ^ a) - std::rotl(a, 25);
    c = (c ^ b) - std::rotl(b, 16);
    a = (a ^ c) - std::rotl(c, 4);
    b = (b ^ a) - std::rotl(a, 14);
    c = (c ^ b) - std::rotl(b, 24);
    return c;
}

sandbox::Fd fdb_of(const Bridge& bridge) {
    return sandbox::Fd(bpf_obj_get((bridge.info().folder / "fdb").c_str()), "open the FDB");
}

} // namespace

std::uint32_t Hash::bucket(const Mac& mac) const {
    std::array<std::uint32_t, 2> words{};
    std::memcpy(words.data(), mac.octets.data(), mac.octets.size());
    return jhash2(words, seed) & (buckets - 1);
}

Hash hash_of_fdb(const Bridge& bridge) {
    const sandbox::Fd fdb = fdb_of(bridge);
    const Loaded<hash_seed> skeleton(hash_seed::open());
    if (!skeleton || bpf_map__reuse_fd(skeleton->maps.map, fdb.get()) != 0 ||
        hash_seed::load(skeleton.get()) != 0)
        throw std::runtime_error("load the program that reads a map's seed");
    DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options);
    if (bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.hash_seed), &options) != 0)
        throw sandbox::system_error("read the seed of a map");
    return {.seed = skeleton->bss->seed, .buckets = skeleton->bss->buckets};
}

void check(const Hash& hash, const Bridge& bridge) {
    const sandbox::Fd fdb = fdb_of(bridge);
    xdpb_fdb_key key{};
    std::uint32_t last = 0;
    for (bool more = bpf_map_get_next_key(fdb.get(), nullptr, &key) == 0; more;
         more = bpf_map_get_next_key(fdb.get(), &key, &key) == 0) {
        const auto bucket = hash.bucket({std::to_array(key.mac)});
        if (bucket < last)
            throw std::runtime_error("the FDB's hash is another one than we think");
        last = bucket;
    }
}

std::vector<Mac> colliding(const Hash& hash, const Mac& victim, std::size_t count) {
    const auto bucket = hash.bucket(victim);
    std::vector<Mac> found;
    for (std::uint32_t n = 0; found.size() < count && n != UINT32_MAX; n++)
        if (const Mac mac = mac_of(side_of_attacker, n); hash.bucket(mac) == bucket)
            found.push_back(mac);
    return found;
}

std::size_t longest_chain(const Hash& hash, const Bridge& bridge) {
    std::map<std::uint32_t, std::size_t> chains;
    std::size_t longest = 0;
    for (const auto& entry : bridge.fdb().entries())
        longest = std::max(longest, ++chains[hash.bucket(entry.mac)]);
    return longest;
}

} // namespace xdpbridge::bench
