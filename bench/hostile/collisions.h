// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// MACs that fall into one bucket of the FDB, a hash map of the kernel: for who knows the seed of
// its hash function, and for who guesses.
#pragma once
#include <xdpbridge/bridge.h>
#include <xdpbridge/mac.h>

#include <cstdint>
#include <vector>

namespace xdpbridge::bench {

// How a hash map finds its bucket (kernel/bpf/hashtab.c): jhash2 of the key, and the seed.
struct Hash {
    std::uint32_t seed;
    std::uint32_t buckets;                                    // a power of two
    [[nodiscard]] std::uint32_t bucket(const Mac& mac) const; // of an entry of VLAN 0
};

// That of a bridge's FDB: read from the kernel's memory, as only root can.
Hash hash_of_fdb(const Bridge& bridge);

// Throws if the FDB's entries are not where Hash thinks they are: the order in which the kernel
// hands them out is that of their buckets.
void check(const Hash& hash, const Bridge& bridge);

// So many MACs 02:05:... of the same bucket as the victim.
std::vector<Mac> colliding(const Hash& hash, const Mac& victim, std::size_t count);

// The most entries of the FDB that are in one bucket.
std::size_t longest_chain(const Hash& hash, const Bridge& bridge);

} // namespace xdpbridge::bench
