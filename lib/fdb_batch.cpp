// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fdb_batch.h"

#include "libbpf_log.h"

#include <xdpbridge/error.h>

#include <array>
#include <fdb_load.skel.h>
#include <fmt/format.h>

namespace xdpbridge {

FdbBatch::FdbBatch(const BridgeState& state) : skeleton_(fdb_load__open(), fdb_load__destroy) {
    const std::string doing =
        fmt::format("load the program that fills the FDB of bridge '{}'", state.name);
    if (!skeleton_)
        throw Error(errno, doing);
    static_assert(std::size(decltype(skeleton_->bss->items){}) == capacity);
    reuse_maps(state, skeleton_->obj);
    const LibbpfLog log;
    const int err = fdb_load__load(skeleton_.get());
    if (err != 0)
        throw Error(-err, doing, {}, {}, log.text());
}

void FdbBatch::push(const xdpb_fdb_key& key, const xdpb_fdb_entry& entry) {
    auto& item = skeleton_->bss->items[skeleton_->bss->count++];
    item.key = key;
    item.entry = entry;
}

int FdbBatch::add_new() {
    const std::array<char, 64> frame{}; // the program does not look at it
    DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                        .data_size_in = frame.size(), .repeat = 1);
    const int err =
        bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.xdpb_fdb_load), &options);
    skeleton_->bss->count = 0;
    return err;
}

int FdbBatch::result(std::size_t index) const {
    return skeleton_->bss->results[index];
}

} // namespace xdpbridge
