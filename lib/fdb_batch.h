// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include "bridge_state.h"

#include <cstdint>
#include <memory>

struct fdb_load; // the skeleton

namespace xdpbridge {

// Adds many entries at once, by the program of bpf/fdb_load.bpf.c: ~0.5 us each instead of ~2 us.
// Loading it takes some ms, so it is for many.
class FdbBatch {
  public:
    static constexpr std::size_t capacity = 256;

    explicit FdbBatch(const BridgeState& state);

    void push(const xdpb_fdb_key& key, const xdpb_fdb_entry& entry);
    // Adds those pushed that are new to the FDB, counts and queues them, and makes the batch empty.
    // Returns 0, or the negative errno if none of that was tried.
    int add_new();
    // What became of the index-th push before add_new(): 0, or the negative errno, and then nothing
    // has changed. -EEXIST: the FDB has an entry of that key.
    [[nodiscard]] int result(std::size_t index) const;

  private:
    std::unique_ptr<fdb_load, void (*)(fdb_load*)> skeleton_;
};

} // namespace xdpbridge
