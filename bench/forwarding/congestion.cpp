// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Two ports send, one to two others by halves, one to the second of these alone, so that it gets
// 150% of what it can take. Nothing of this is a matter of time: the reader of that port, a tap,
// takes so many frames in each step.
#include "../prog_run.h"
#include "section.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace xdpbridge::bench {

namespace {

constexpr std::uint32_t frames_a_step =
    128; // frames that a port sends in a step, and that the reader takes
constexpr std::size_t first_port = 0, second_port = 1, free_port = 2; // and the tap is port 3

// Frames read, at most so many.
std::uint32_t read_tap(const ForwardingNet& net, std::uint32_t most) {
    std::array<std::uint8_t, 2048> frame{};
    for (std::uint32_t taken = 0; taken < most; taken++)
        if (::read(net.tap(), frame.data(), frame.size()) <= 0)
            return taken;
    return most;
}

Figures congest(Side side, ForwardingNet& net, std::uint32_t steps) {
    const auto bridge = make_switch(side, net, 1024);
    const PortOf in(*bridge, first_port), other(*bridge, second_port), out(*bridge, free_port);
    const auto ports = net.ports();
    const auto from_tap = frame_of(64, source(0).to_string(), destination(1).to_string());
    if (::write(net.tap(), from_tap.data(), from_tap.size()) < 0)
        throw std::runtime_error("send a frame from the tap");
    run_program(out.program(), frame_of(64, source(0).to_string(), destination(0).to_string()),
                ports[free_port].ifindex, 64, Redirects::carried_out);
    // Each frame of the first port is for the other of the two egress ports.
    const Varied by_halves(in, 2);
    const auto mine = frame_of(64, destination(0).to_string(), source(0).to_string());
    const auto theirs =
        frame_of(64, destination(1).to_string(), "02:03:00:00:00:01"); // behind the second
    run_program(by_halves.program(), mine, ports[first_port].ifindex, 64, Redirects::carried_out);
    while (read_tap(net, frames_a_step) > 0) {
    }

    const auto before = net.left_by(free_port);
    std::uint64_t taken = 0;
    for (std::uint32_t n = 0; n < steps; n++) {
        run_program(by_halves.program(), mine, ports[first_port].ifindex, frames_a_step,
                    Redirects::carried_out);
        run_program(other.program(), theirs, ports[second_port].ifindex, frames_a_step,
                    Redirects::carried_out);
        taken += read_tap(net, frames_a_step);
    }
    const auto arrived = net.left_by(free_port) - before;
    while (const auto waited = read_tap(net, frames_a_step))
        taken += waited;

    const double sent = static_cast<double>(frames_a_step) * steps;
    // vary.bpf.c gives each half of the frames, up to one.
    const auto share = [](double part, double whole) { return 1 - part / whole; };
    return {{"offered_to_free", sent / 2},
            {"arrived_free", static_cast<double>(arrived)},
            {"lost_free", share(static_cast<double>(arrived), sent / 2)},
            {"offered_to_congested", sent * 3 / 2},
            {"arrived_congested", static_cast<double>(taken)},
            {"lost_congested", share(static_cast<double>(taken), sent * 3 / 2)}};
}

std::string shown_congestion(const Entry& entry) {
    return fmt::format(
        "free port: {:.0f} of {:.0f}, head-of-line blocking: {}; congested port: {} lost, back "
        "pressure: {}",
        entry.least("arrived_free"), entry.median("offered_to_free"),
        entry.least("arrived_free") + 1 >= entry.median("offered_to_free") ? "none" : "SEEN",
        percent(entry.median("lost_congested")),
        entry.median("lost_congested") > 0 ? "none" : "seen");
}

} // namespace

void measure_congestion(ForwardingResults& results) {
    SectionResult section{.id = "rfc2889_5.5",
                          .title = "RFC 2889 5.5: congestion control",
                          .legend = "One egress port is offered 150% of what its reader takes, the "
                                    "other one half of what it could.",
                          .show = shown_congestion};
    if (wanted(results, section.id, "two_to_two")) {
        ForwardingNet net({.ports = 3, .tap = true});
        each_round(results, section, "two_to_two",
                   [&](Side side) { return congest(side, net, scaled(results, 400)); });
    }
    results.sections.push_back(std::move(section));
}

} // namespace xdpbridge::bench
