// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency_table.h"

#include "kept.h"

#include <xdpbridge/error.h>

#include <atomic>
#include <bpf/bpf.h>
#include <fmt/format.h>

namespace xdpbridge {

namespace {

// Of one port. Returns the errno, negative. The kernel comes back when no program is at work on
// the old one any more.
int put_inner(const Fd& outer, std::uint32_t port, const Fd& inner) noexcept {
    const int fd = inner.get();
    return bpf_map_update_elem(outer.get(), &port, &fd, BPF_ANY) == 0 ? 0 : -errno;
}

std::string kept_histograms(std::uint32_t port) {
    return "latency-" + std::to_string(port);
}

int renew_histograms(const BridgeState& state, std::uint32_t port) noexcept {
    const Fd inner(bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "port_latency", sizeof(__u32),
                                  sizeof(xdpb_histogram), XDPB_LATENCY_HISTOGRAMS, nullptr));
    if (!inner)
        return -errno;
    const int err = keep(state, kept_histograms(port), inner.get());
    return err != 0 ? err : put_inner(state.latency, port, inner);
}

int renew_notes(const BridgeState& state, std::uint32_t port) noexcept {
    const Fd inner(bpf_map_create(BPF_MAP_TYPE_ARRAY, "tap_latency", sizeof(__u32),
                                  sizeof(xdpb_tap_notes), 1, nullptr));
    return inner ? put_inner(state.latency_taps, port, inner) : -errno;
}

Fd open_histograms(const BridgeState& state, std::uint32_t port) noexcept {
    std::uint32_t id = 0;
    if (bpf_map_lookup_elem(state.latency.get(), &port, &id) != 0)
        return Fd();
    return open_kept_map(state, kept_histograms(port), id);
}

} // namespace

int measure_port(const BridgeState& state, std::uint16_t port, bool is_tap) noexcept {
    int err = renew_histograms(state, port);
    if (err == 0 && is_tap)
        err = renew_notes(state, port);
    if (err == 0)
        std::atomic_ref(state.ports[port].features).fetch_or(XDPB_FEATURE_LATENCY);
    return err;
}

std::vector<PortLatency> take_latency(const BridgeState& state, std::uint16_t port) {
    const Fd old = open_histograms(state, port);
    if (!old)
        return {};
    if (const int err = renew_histograms(state, port); err != 0)
        throw Error(-err, fmt::format("measure the latency of bridge '{}'", state.name));
    std::vector<PortLatency> measured;
    std::vector<xdpb_histogram> per_cpu(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    for (std::uint32_t i = 0; i < XDPB_LATENCY_HISTOGRAMS; i++) {
        PortLatency one{port,
                        static_cast<LatencyClass>(i / XDPB_LATENCY_PART_COUNT),
                        static_cast<xdpb_latency_part>(i % XDPB_LATENCY_PART_COUNT),
                        {}};
        if (bpf_map_lookup_elem(old.get(), &i, per_cpu.data()) != 0)
            throw Error(errno, fmt::format("read the latency of bridge '{}'", state.name));
        for (const auto& cpu : per_cpu)
            one.times += cpu;
        if (one.times.count != 0)
            measured.push_back(one);
    }
    return measured;
}

void stop_measuring(const BridgeState& state) noexcept {
    std::atomic_ref(state.bridge().features).fetch_and(~std::uint32_t{XDPB_BRIDGE_LATENCY});
    for (std::uint32_t port = 1; port < XDPB_MAX_PORTS; port++) {
        std::atomic_ref(state.ports[port].features).fetch_and(~std::uint32_t{XDPB_FEATURE_LATENCY});
        bpf_map_delete_elem(state.latency.get(), &port);
        stop_keeping(state, kept_histograms(port));
        bpf_map_delete_elem(state.latency_taps.get(), &port);
    }
}

} // namespace xdpbridge
