// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "guest.h"

#include "guest_protocol.h"
#include "probe.h"

#include <sandbox/initramfs.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace xdpbridge::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto boot_time = 120s;
constexpr auto answer_time = 200ms;
constexpr int tries = 50; // what load there was may still be in the queues
constexpr int clock_questions = 100;

sandbox::Vm boot(const std::filesystem::path& folder) {
    const auto kernel = sandbox::find_vm_kernel(folder);
    sandbox::Initramfs initramfs;
    for (const char* module : {"virtio_pci", "virtio_net", "af_packet"})
        initramfs.add_module(kernel, module);
    for (const char* program : {XDPB_LATENCY_GUEST, "/usr/bin/iperf3"})
        initramfs.add_program(program);
    initramfs.set_script(fmt::format("ip address add {}/24 dev eth0\n"
                                     "ip link set eth0 up\nip link set lo up\n"
                                     "/usr/bin/iperf3 --server >/dev/null &\n{}\n",
                                     guest_target.ipv4, XDPB_LATENCY_GUEST));
    return sandbox::Vm({.kernel = kernel,
                        .initramfs = initramfs.finish(),
                        .netns = switch_netns,
                        .nics = {{guest_target.tap, guest_target.mac}}});
}

} // namespace

Guest::Guest(const std::filesystem::path& kernel) : vm_(boot(kernel)) {
    if (!vm_.wait_for("latency guest ready", boot_time))
        throw std::runtime_error("the guest did not start:\n" + vm_.console());
}

// An answer may be lost, and one to an earlier question may come late.
Message Guest::ask(sandbox::PacketSocket& socket, Message question) {
    const auto line = Net::line(guest_target);
    std::copy(line.to.bytes.begin(), line.to.bytes.end(), question.addresses.begin());
    std::copy(line.from.bytes.begin(), line.from.bytes.end(), question.addresses.begin() + 6);
    for (int i = 0; i < tries; i++) {
        question.id = ++last_id_;
        socket.send({reinterpret_cast<const std::uint8_t*>(&question), sizeof question});
        while (const auto frame = socket.receive(answer_time)) {
            const auto answer = parse_message(*frame);
            if (answer && answer->id == question.id)
                return *answer;
        }
    }
    throw std::runtime_error("the guest does not answer");
}

// Of many questions the one that was answered first says most: the guest read its clock at some
// time between question and answer, and the middle of it is off by half of that time at most.
Guest::Offset Guest::offset() {
    const auto line = Net::line(guest_target);
    sandbox::PacketSocket socket(line.netns, line.device);
    std::uint64_t shortest = UINT64_MAX;
    Offset best{};
    for (int i = 0; i < clock_questions; i++) {
        const std::uint64_t asked = now();
        const auto answer = ask(socket, {.ask = Ask::time});
        const std::uint64_t trip = now() - asked;
        if (trip >= shortest)
            continue;
        shortest = trip;
        best = {.ns = static_cast<std::int64_t>(answer.when - (asked + trip / 2)),
                .error = static_cast<std::int64_t>(trip / 2)};
    }
    return best;
}

void Guest::start(std::uint32_t run) {
    run_ = run;
    const auto line = Net::line(guest_target);
    sandbox::PacketSocket socket(line.netns, line.device);
    ask(socket, {.ask = Ask::start, .run = run});
    offset_before_ = offset();
    others_before_ = Net::frames_sent(switch_netns, guest_target.tap);
}

std::uint64_t Guest::others() {
    return Net::frames_sent(switch_netns, guest_target.tap) - others_before_;
}

std::vector<std::uint64_t> Guest::stop() {
    const auto line = Net::line(guest_target);
    sandbox::PacketSocket socket(line.netns, line.device);
    std::vector<std::int64_t> differences;
    Message answer;
    do {
        answer = ask(socket, {.ask = Ask::fetch,
                              .run = run_,
                              .from = static_cast<std::uint32_t>(differences.size())});
        differences.insert(differences.end(), answer.values.begin(),
                           answer.values.begin() + answer.count);
    } while (differences.size() < answer.total);

    // The clocks may have drifted: the middle of both, as the probes were sent in between.
    const auto after = offset();
    const std::int64_t between = (offset_before_.ns + after.ns) / 2;
    worst_error_ = std::max(worst_error_, std::max(offset_before_.error, after.error) +
                                              std::abs(after.ns - offset_before_.ns) / 2);
    std::vector<std::uint64_t> latencies;
    latencies.reserve(differences.size());
    for (const auto difference : differences)
        latencies.push_back(
            static_cast<std::uint64_t>(std::max(difference - between, std::int64_t{0})));
    return latencies;
}

nlohmann::json Guest::about() const {
    return {{"virtualization", sandbox::have_kvm() ? "KVM" : "TCG: the CPU is emulated"},
            {"clock_error_us", static_cast<double>(worst_error_) / 1e3},
            {"clock_offset", "middle of the shortest of 100 round trips, before and after each "
                             "cell; clock_error_us: half that trip and half the drift, at worst"}};
}

} // namespace xdpbridge::bench
