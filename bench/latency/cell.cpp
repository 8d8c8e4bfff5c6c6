// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cell.h"

#include "placement.h"
#include "probe.h"

#include <fmt/format.h>

#include <exception>
#include <memory>
#include <thread>

namespace xdpbridge::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto settle = 50ms; // a queue of 1,000 frames is full long before
constexpr auto tail = 50ms;   // and what was in it has come

// Never that of an earlier cell.
std::uint32_t next_run() {
    static std::uint32_t run = 0;
    return ++run;
}

} // namespace

std::string_view name(ReceiverKind receiver) {
    constexpr std::array<std::string_view, 3> names{"reader", "slow", "guest"};
    return names.at(static_cast<std::size_t>(receiver));
}

std::string_view about(ReceiverKind receiver) {
    constexpr std::array<std::string_view, 3> texts{
        "a program that reads the tap as fast as it can",
        "a program that takes a fixed time for each frame, as a VM that cannot keep up",
        "a VM in QEMU; its clock differs from ours by an estimate",
    };
    return texts.at(static_cast<std::size_t>(receiver));
}

std::string name(const Cell& cell) {
    return fmt::format("{}-{}-{}us", name(cell.receiver), name(cell.load), cell.period.count());
}

Measured measure(const Cell& cell, const Target& target, Receiver& receiver,
                 std::chrono::nanoseconds duration, double drain_rate) {
    const std::uint32_t run = next_run();
    ProbeSender probes(Net::line(target), cell.period);
    receiver.start(run);
    auto load = start_load(cell.load, target, drain_rate);
    std::this_thread::sleep_for(settle);

    const std::uint64_t sent_before = load->sent(), others_before = receiver.others();
    const std::uint64_t begin = now();
    ProbeSender::Sent sent;
    std::exception_ptr failed;
    std::thread sender([&] {
        try {
            pin(placement().probe);
            come_first();
            sent = probes.run(run, duration);
        } catch (...) {
            failed = std::current_exception();
        }
    });
    sender.join();
    const double seconds = static_cast<double>(now() - begin) / 1e9;
    Measured measured{.sent = sent.probes,
                      .late = sent.late,
                      .offered = static_cast<double>(load->sent() - sent_before) / seconds,
                      .delivered =
                          static_cast<double>(receiver.others() - others_before) / seconds};
    load.reset();
    std::this_thread::sleep_for(tail);
    measured.latencies = receiver.stop();
    if (failed)
        std::rethrow_exception(failed);
    return measured;
}

} // namespace xdpbridge::bench
