// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "bridge_state.h"
#include "latency_table.h"
#include "libbpf_log.h"
#include "netlink.h"
#include "netns.h"
#include "port_table.h"
#include "tap_queue.h"

#include <xdpbridge/error.h>
#include <xdpbridge/latency.h>

#include <atomic>
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <latency.skel.h>

namespace xdpbridge {

namespace {

std::string doing_what(const BridgeState& state) {
    return fmt::format("measure the latency of bridge '{}'", state.name);
}

} // namespace

struct Latency::Measurement {
    explicit Measurement(std::shared_ptr<BridgeState> bridge);
    Measurement(const Measurement&) = delete;
    Measurement& operator=(const Measurement&) = delete;
    ~Measurement();
    // The ports that are not measured yet. The caller holds the bridge's lock.
    void add_ports();

    struct Destroy {
        void operator()(::latency* skeleton) const noexcept { latency__destroy(skeleton); }
    };
    std::shared_ptr<BridgeState> state;
    std::optional<Lock> lock;
    std::unique_ptr<::latency, Destroy> tracepoints;

  private:
    void load_tracepoints(const std::string& doing);
    void add_port(std::uint16_t port);
};

void Latency::Measurement::load_tracepoints(const std::string& doing) {
    const LibbpfLog log;
    tracepoints.reset(latency__open());
    if (!tracepoints)
        throw Error(errno, doing);
    tracepoints->rodata->netns_cookie = state->bridge().netns_cookie;
    tracepoints->rodata->reads_kernel = true;
    reuse_maps(*state, tracepoints->obj);
    int err = latency__load(tracepoints.get());
    if (err == 0)
        err = latency__attach(tracepoints.get());
    if (err != 0)
        throw Error(-err, doing, {}, {}, log.text());
}

Latency::Measurement::Measurement(std::shared_ptr<BridgeState> bridge) : state(std::move(bridge)) {
    const std::string doing = doing_what(*state);
    if (!may_read_kernel())
        throw Error(EPERM, doing, "programs may not look into the kernel",
                    "it takes CAP_PERFMON, and no lockdown=confidentiality");
    const Lock changing = state->lock_and_repair(doing);
    state->require_netns(doing);
    lock = Lock::try_exclusive(state->folder / "measuring", doing);
    if (!lock)
        throw Error(EBUSY, doing, "somebody else measures it",
                    "stop the other `xdp-bridge latency`");
    load_tracepoints(doing);
    zero_per_cpu<std::uint64_t>(state->latency_entry, 0); // what was entered when measuring ended
    try {
        std::atomic_ref(state->bridge().features).fetch_or(XDPB_BRIDGE_LATENCY);
        add_ports();
    } catch (...) {
        stop_measuring(*state);
        throw;
    }
}

Latency::Measurement::~Measurement() {
    try {
        const Lock changing = state->lock(Lock::Kind::exclusive, doing_what(*state));
        stop_measuring(*state);
    } catch (const std::exception&) {
        // The bridge is gone, and with it what was measured; or who changes it next stops this.
    }
}

void Latency::Measurement::add_port(std::uint16_t port) {
    const auto link = device_of(*state, port);
    if (!link)
        return; // measured when it is back
    const bool is_tap = link->kind == "tun";
    if (is_tap && !(state->ports[port].features & XDPB_FEATURE_CLASSES))
        find_tap_queues(*state, port, *link);
    if (const int err = measure_port(*state, port, is_tap); err != 0)
        throw Error(-err, doing_what(*state));
    auto& word = tracepoints->bss->taps[port / 64];
    const std::uint64_t bit = std::uint64_t{1} << port % 64;
    std::atomic_ref(word).store(is_tap ? word | bit : word & ~bit);
}

void Latency::Measurement::add_ports() {
    const NetnsScope scope(state->where.netns);
    for (std::uint16_t port = 1; port < XDPB_MAX_PORTS; port++)
        if (state->ports[port].flags & XDPB_PORT_USED &&
            !(state->ports[port].features & XDPB_FEATURE_LATENCY))
            add_port(port);
}

Latency::Latency(std::shared_ptr<BridgeState> state)
    : measurement_(std::make_unique<Measurement>(std::move(state))) {}
Latency::Latency(Latency&&) noexcept = default;
Latency& Latency::operator=(Latency&&) noexcept = default;
Latency::~Latency() = default;

std::vector<PortLatency> Latency::take() {
    const BridgeState& state = *measurement_->state;
    const Lock changing = state.lock_and_repair(doing_what(state));
    std::vector<PortLatency> all;
    for (std::uint16_t port = 1; port < XDPB_MAX_PORTS; port++)
        if (state.ports[port].features & XDPB_FEATURE_LATENCY)
            for (auto& one : take_latency(state, port))
                all.push_back(one);
    measurement_->add_ports();
    return all;
}

bool Latency::has_queue(std::uint16_t port) const noexcept {
    return port < XDPB_MAX_PORTS &&
           (measurement_->tracepoints->bss->taps[port / 64] >> port % 64 & 1) != 0;
}

} // namespace xdpbridge
