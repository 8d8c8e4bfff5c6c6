// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "bed.h"

#include "../prog_run.h"

#include <bpf/bpf.h>
#include <net/if.h>
#include <sched.h>

#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace xdpbridge::bench {

namespace {

constexpr int cpu_of_neighbours = 0, cpu_of_attacker = 1;
// Of an attacker who goes on until it is stopped.
constexpr std::uint32_t frames_a_call = 200'000;

// The calling thread has this CPU, before all else that runs there.
void take_cpu(unsigned cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    const sched_param first{.sched_priority = 50};
    if (::sched_setaffinity(0, sizeof set, &set) != 0 ||
        ::sched_setscheduler(0, SCHED_FIFO, &first) != 0)
        throw sandbox::system_error("have a CPU of one's own (two are needed)");
}

sandbox::Frame datagram(const Mac& from, const Mac& to, std::uint8_t fill) {
    return sandbox::Ethernet{.dst = to.to_string(), .src = from.to_string()} /
           sandbox::IPv4{.src = "10.1.0.2", .dst = "10.2.0.2"} / sandbox::Udp{} /
           sandbox::Payload{.size = 18, .fill = fill};
}

std::uint16_t add_port(Bridge& bridge, const std::string& device, const BedOptions& options) {
    return bridge.ports().add(
        device, {.hook = Hook::xdp, .mac_quota = options.mac_quota, .settings = options.settings});
}

} // namespace

Witness::Witness(const std::string& device)
    : skeleton_(witness::open()), link_(nullptr, bpf_link__destroy) {
    if (!skeleton_)
        throw std::runtime_error("open the witness");
    skeleton_->rodata->mark = mark();
    if (witness::load(skeleton_.get()) == 0)
        link_.reset(bpf_program__attach_xdp(skeleton_->progs.witness,
                                            static_cast<int>(if_nametoindex(device.c_str()))));
    if (!link_)
        throw std::runtime_error("attach the witness to " + device);
}

Attacker::Attacker(const Contender& port, std::uint32_t ifindex, Traffic traffic)
    : skeleton_(attack::open()), ifindex_(ifindex), traffic_(std::move(traffic)) {
    if (!skeleton_)
        throw std::runtime_error("open the attacker");
    const auto& sources = traffic_.sources;
    skeleton_->rodata->source_count = sources ? static_cast<std::uint32_t>(sources->size()) : 1;
    bpf_program__set_flags(skeleton_->progs.attack, port.load_flags());
    const std::uint32_t zero = 0, program = static_cast<std::uint32_t>(port.program());
    if (attack::load(skeleton_.get()) != 0 ||
        bpf_map_update_elem(bpf_map__fd(skeleton_->maps.attacked), &zero, &program, BPF_ANY) != 0)
        throw std::runtime_error("load the attacker");
    for (std::uint32_t n = 0; sources && n < sources->size(); n++) {
        std::array<std::uint8_t, 8> padded{};
        std::memcpy(padded.data(), sources->at(n).octets.data(), 6);
        if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.sources), &n, padded.data(), BPF_ANY) !=
            0)
            throw sandbox::system_error("give the attacker a source");
    }
    thread_ = std::thread([this] { run(); });
}

Attacker::~Attacker() {
    stop_ = true;
    if (thread_.joinable())
        thread_.join();
}

void Attacker::wait_for_first() const {
    while (sent() == 0 && !done_)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

std::uint64_t Attacker::stop() {
    stop_ = true;
    thread_.join();
    if (error_)
        std::rethrow_exception(error_);
    return sent();
}

// All frames in one call if they are counted: the kernel makes each call wait for RCU.
void Attacker::run() try {
    take_cpu(cpu_of_attacker);
    const int program = bpf_program__fd(skeleton_->progs.attack);
    do
        run_program(program, traffic_.frame, ifindex_,
                    traffic_.frames != 0 ? traffic_.frames : frames_a_call, Redirects::carried_out);
    while (!stop_ && traffic_.frames == 0);
    done_ = true;
} catch (...) {
    error_ = std::current_exception();
    done_ = true;
}

Bed::PortOf::PortOf(Bridge& bridge, const std::string& device)
    : number_(bridge.ports().get(device).number),
      program_(bridge.ports().program_fd(device), "open a port's program") {}

Bed::Bed(const Lab& lab, const BedOptions& options)
    : neighbours_(lab.devices()),
      attackers_(lab.twin()),
      options_(options),
      ours_((take_cpu(cpu_of_neighbours), neighbours_), {.fdb_size = options.fdb_size}, false),
      first_(bridge(), neighbours_.in.name),
      second_(bridge(), neighbours_.out.name),
      third_((add_port(bridge(), attackers_.in.name, options),
              bridge().ports().add(attackers_.out.name, {.hook = Hook::xdp}), bridge()),
             attackers_.in.name),
      from_first_(first_, options.pairs),
      from_second_(second_, options.pairs) {
    ours_.know(options.pairs);
    for (std::uint32_t n = 0; options.static_neighbours && n < options.pairs; n++) {
        bridge().fdb().add({.mac = source(n), .port = first_.number(), .is_static = true});
        bridge().fdb().add({.mac = destination(n), .port = second_.number(), .is_static = true});
    }
    bridge().fdb().add({.mac = mac_of(4, 0),
                        .port = bridge().ports().get(attackers_.out.name).number,
                        .is_static = true});
    for (const auto& mac : options.bound)
        bridge().guards().add(attackers_.in.name, mac);
}

std::uint64_t Bed::arrived() const {
    std::uint64_t before = 0;
    while (true) {
        const std::uint64_t now = at_first_.good() + at_second_.good();
        if (now == before)
            return now;
        before = now;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

Measured Bed::talk(std::uint32_t frames, const Attacker* all_of) {
    const auto there = datagram(source(0), destination(0), Witness::mark());
    const auto back = datagram(destination(0), source(0), Witness::mark());
    const auto arrived_before = arrived();
    const std::uint32_t each_way = frames / 2;
    Measured measured;
    const auto send = [&](const Varied& from, const sandbox::Frame& frame, const Device& device) {
        std::uint32_t duration = 0;
        const double cpu = run_program(from.program(), frame, device.ifindex, each_way,
                                       Redirects::carried_out, &duration);
        measured.sent += each_way;
        measured.seconds += 1e-9 * duration * each_way;
        measured.cpu_seconds += 1e-9 * cpu * each_way;
    };
    do {
        send(from_first_, there, neighbours_.in);
        send(from_second_, back, neighbours_.out);
    } while (all_of && !all_of->done());
    measured.arrived = arrived() - arrived_before;
    return measured;
}

std::unique_ptr<Attacker> Bed::attack(Traffic traffic) const {
    return std::make_unique<Attacker>(third_, attackers_.in.ifindex, std::move(traffic));
}

std::size_t Bed::neighbours_in_place() {
    std::size_t count = 0;
    for (const auto& entry : bridge().fdb().entries()) {
        const auto side = entry.mac.octets[1];
        if ((side == 1 && entry.port == first_.number()) ||
            (side == 2 && entry.port == second_.number()))
            count++;
    }
    return count;
}

std::uint32_t Bed::learned() {
    return bridge().ports().get(attackers_.in.name).learned;
}

sandbox::Frame Bed::frame_of_attacker(const std::string& dst) {
    return datagram(attacker(), *Mac::parse(dst), static_cast<std::uint8_t>(~Witness::mark()));
}

} // namespace xdpbridge::bench
