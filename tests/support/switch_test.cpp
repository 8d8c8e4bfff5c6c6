// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/switch_test.h"

#include "lib/bridge_state.h"
#include "lib/fdb_table.h"
#include "support/exits.h"

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <set>

namespace xdpbridge::test {

namespace {

struct RunResult {
    std::uint32_t verdict;
    Frame bytes;
};

RunResult run(int program, const Frame& frame) {
    Frame out(frame.size() + 256); // room for what must not be added
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_out = out.data(),
                .data_size_in = static_cast<std::uint32_t>(frame.size()),
                .data_size_out = static_cast<std::uint32_t>(out.size()), .repeat = 1);
    if (bpf_prog_test_run_opts(program, &options) != 0)
        throw Error(errno, fmt::format("run a program on a frame of {} bytes", frame.size()));
    out.resize(options.data_size_out);
    return {options.retval, out};
}

struct Exit {
    std::string name;
    std::set<std::uint32_t> verdicts;
    std::uint64_t frames;
};

// All ways that frames left between two readings of a port's counters.
std::vector<Exit> exits(const PortCounters& before, const PortCounters& after, Hook hook) {
    const bool tc = hook == Hook::tc;
    using Verdicts = std::set<std::uint32_t>;
    const auto drop = tc ? Verdicts{TC_ACT_SHOT} : Verdicts{XDP_DROP};
    const auto pass = tc ? Verdicts{static_cast<std::uint32_t>(TC_ACT_UNSPEC)} : Verdicts{XDP_PASS};
    // At tc a frame is dropped too when copies have gone to all that get one.
    const auto sent = tc ? Verdicts{TC_ACT_REDIRECT, TC_ACT_SHOT} : Verdicts{XDP_REDIRECT};
    std::vector<Exit> all = {
        {"forwarded", sent, after.forwarded - before.forwarded},
        {"flooded", sent, after.flooded - before.flooded},
        {"passed", pass, after.passed - before.passed},
        {"answered", sent, after.answered - before.answered},
    };
    for (unsigned reason = 0; reason < XDPB_HAND_REASON_COUNT; reason++)
        all.push_back({fmt::format("handed {}", name_of(static_cast<xdpb_hand_reason>(reason))),
                       pass, after.handed[reason] - before.handed[reason]});
    for (unsigned reason = 0; reason < XDPB_DROP_REASON_COUNT; reason++)
        all.push_back({fmt::format("dropped {}", name_of(static_cast<xdpb_drop_reason>(reason))),
                       drop, after.dropped[reason] - before.dropped[reason]});
    std::erase_if(all, [](const Exit& exit) { return exit.frames == 0; });
    return all;
}

} // namespace

Frame frame(const Mac& src, const Mac& dst) {
    return Ethernet{.dst = dst.to_string(), .src = src.to_string()} /
           IPv4{.src = "10.0.0.1", .dst = "10.0.0.2"} / Udp{} / Payload{18};
}

Fd ingress_program(const Ports& ports, const std::string& device) {
    // Behind libxdp's dispatcher ours is an extension of it, which BPF_PROG_RUN refuses (ENOTSUPP).
    const auto native = xdp_program_on(device);
    return Fd(native != 0 ? bpf_prog_get_fd_by_id(native) : ports.program_fd(device));
}

SwitchTest::SwitchTest(const BridgeOptions& options, Hook hook)
    : bridge_(Bridge::create("switch", options)),
      ports_(bridge_.ports()),
      fdb_(bridge_.fdb()),
      fdb_map_(Fd(bpf_obj_get((bridge_.info().folder / "fdb").c_str()))),
      port_map_(Fd(bpf_obj_get((bridge_.info().folder / "ports").c_str()))),
      hook_(hook) {}

void SwitchTest::TearDown() {
    record_exits(bridge_);
    for (const auto& port : ports_.list()) {
        EXPECT_TRUE(bridge_.stats().port(port.number).balanced()) << port.device;
        EXPECT_EQ(port.learned, learned_in_table(port.number)) << port.device;
    }
}

SwitchTest::Port SwitchTest::add_port(PortOptions options) {
    if (options.hook == Hook::automatic)
        options.hook = hook_;
    const std::string device = fmt::format("port{}", ++devices_);
    make_veth(device);
    const auto number = ports_.add(device, options);
    return {device, number, ingress_program(ports_, device)};
}

std::string SwitchTest::send(const Port& port, const Frame& frame) {
    const auto before = counters(port);
    const auto result = run(port.program.get(), frame);
    const auto after = counters(port);

    EXPECT_TRUE(result.bytes == frame || after.answered != before.answered)
        << "the frame was changed";
    answer_ = result.bytes;
    EXPECT_EQ(after.rx_packets - before.rx_packets, 1U);
    EXPECT_EQ(after.rx_bytes - before.rx_bytes, frame.size());
    const auto left = exits(before, after, hook_);
    if (left.size() != 1 || left[0].frames != 1) {
        ADD_FAILURE() << "the frame was counted at " << left.size() << " exits";
        return "miscounted";
    }
    EXPECT_TRUE(left[0].verdicts.contains(result.verdict))
        << "verdict " << result.verdict << " of a frame that was counted as " << left[0].name;
    return left[0].name;
}

void SwitchTest::inject(const Port& port, const Frame& frame) const {
    run(port.program.get(), frame);
}

PortCounters SwitchTest::counters(const Port& port) const {
    return bridge_.stats().port(port.number);
}

std::uint32_t SwitchTest::learned(const Port& port) const {
    return port_map_.lookup(port.number).value().learned;
}

std::vector<SwitchTest::Row> SwitchTest::table() const {
    std::vector<Row> rows;
    xdpb_fdb_key key{};
    for (bool more = bpf_map_get_next_key(fdb_map_.fd(), nullptr, &key) == 0; more;
         more = bpf_map_get_next_key(fdb_map_.fd(), &key, &key) == 0) {
        const auto entry = fdb_map_.lookup(key).value();
        rows.push_back({.mac = {std::to_array(key.mac)},
                        .port = entry.port,
                        .is_static = (entry.flags & XDPB_FDB_STATIC) != 0,
                        .seen_ns = entry.seen_ns,
                        .created_ns = entry.created_ns});
    }
    std::sort(rows.begin(), rows.end());
    return rows;
}

std::optional<xdpb_fdb_entry> SwitchTest::in_memory(const Mac& address) const {
    return fdb_map_.lookup(to_key(address, 0));
}

std::size_t SwitchTest::learned_in_table(std::uint16_t port) const {
    const auto rows = table();
    return static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [&](const Row& row) {
        return row.port == port && !row.is_static;
    }));
}

void SwitchTest::set_idle(const Mac& address, std::chrono::nanoseconds idle) {
    auto entry = in_memory(address).value();
    entry.seen_ns = data_plane_now() - static_cast<std::uint64_t>(idle.count());
    fdb_map_.update(to_key(address, 0), entry, BPF_EXIST);
}

void SwitchTest::age_out(const Mac& address) {
    set_idle(address, bridge_.info().ageing + std::chrono::seconds(1));
}

std::size_t HookTest::shortest(const Frame& frame) {
    const auto ethertype = sandbox::load16(frame, 12);
    const std::size_t header = ethertype == 0x0800 ? 20 : ethertype == 0x86dd ? 40 : 1;
    return GetParam() == Hook::tc ? 14 + header : 14;
}

std::vector<std::string> take_events(Events& events) {
    std::vector<std::string> lines;
    events.read([&](const Event& event) {
        auto line =
            fmt::format("{} {} port {}", name_of(event.type), event.mac.to_string(), event.port);
        if (event.old_port != 0)
            line += fmt::format(" from {}", event.old_port);
        lines.push_back(line);
    });
    return lines;
}

} // namespace xdpbridge::test
