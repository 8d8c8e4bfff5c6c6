// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The map "fdb" and what has to stay in step with it: each learned entry is counted in
// xdpb_port.learned and has an element in the queue "reclaim" (bpf/reclaim.h). The caller holds the
// bridge's exclusive lock to change anything; the data plane changes entries at any time.
#pragma once
#include "bridge_state.h"

#include <xdpbridge/fdb.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace xdpbridge {

xdpb_fdb_key to_key(const Mac& mac, std::uint16_t vlan) noexcept;

// Visits every entry that has not aged out.
void for_each_entry(const BridgeState& state,
                    const std::function<void(const xdpb_fdb_key&, const xdpb_fdb_entry&)>& visit);

// Deletes one entry, whatever it is. False: it was not there.
bool remove_entry(const BridgeState& state, const xdpb_fdb_key& key);

// Adds or replaces a static entry with these flags too. Returns 0 or the negative errno.
int put_static_entry(const BridgeState& state, const xdpb_fdb_key& key, std::uint16_t port,
                     std::uint16_t flags);

// Counts xdpb_port.learned anew, after a process was killed between an entry and its count.
void recount_learned(const BridgeState& state);

// router_too: the entries of SVIs, which go with their ports only.
std::size_t flush_fdb(const BridgeState& state, const FdbFilter& filter, bool router_too = false);

} // namespace xdpbridge
