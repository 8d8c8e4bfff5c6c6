// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source.h"

#include "../prog_run.h"

#include <bpf/bpf.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace xdpbridge::bench {

namespace {

constexpr std::size_t frames_a_call = 64;

sandbox::Fd packet_socket(const std::string& device) {
    sandbox::Fd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "open a packet socket");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(if_nametoindex(device.c_str()));
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw sandbox::system_error("bind a packet socket to " + device);
    return fd;
}

} // namespace

double send_by_socket(const std::string& device, const sandbox::Frame& frame, std::uint32_t count) {
    const auto fd = packet_socket(device);
    iovec part{.iov_base = const_cast<std::uint8_t*>(frame.data()), .iov_len = frame.size()};
    std::array<mmsghdr, frames_a_call> messages{};
    for (auto& message : messages) {
        message.msg_hdr.msg_iov = &part;
        message.msg_hdr.msg_iovlen = 1;
    }
    const double before = thread_cpu_ns();
    for (std::uint32_t left = count; left > 0;) {
        const auto some = std::min<std::uint32_t>(left, frames_a_call);
        const int sent = ::sendmmsg(fd.get(), messages.data(), some, 0);
        // ENOBUFS: the device did not take one; it is lost, as the figure will tell.
        if (sent < 0 && errno != ENOBUFS)
            throw sandbox::system_error("send frames from " + device);
        left -= sent > 0 ? static_cast<std::uint32_t>(sent) : 1;
    }
    return (thread_cpu_ns() - before) / count;
}

PacedSource::PacedSource(const std::string& device, double rate)
    : skeleton_(pace::open()), ifindex_(if_nametoindex(device.c_str())) {
    if (!skeleton_)
        throw std::runtime_error("open the source");
    skeleton_->rodata->period_ns = rate > 0 ? static_cast<std::uint64_t>(1e9 / rate) : 0;
    const std::uint32_t key = 1;
    if (pace::load(skeleton_.get()) != 0 ||
        bpf_map_update_elem(bpf_map__fd(skeleton_->maps.devices), &key, &ifindex_, BPF_ANY) != 0)
        throw std::runtime_error("load the source");
}

double PacedSource::send(const sandbox::Frame& frame, std::uint32_t count) {
    skeleton_->bss->due = skeleton_->bss->first = 0;
    run_program(bpf_program__fd(skeleton_->progs.pace), frame, ifindex_, count,
                Redirects::carried_out);
    return static_cast<double>(skeleton_->bss->last - skeleton_->bss->first) / 1e9;
}

TwoCpus::TwoCpus() {
    if (::sysconf(_SC_NPROCESSORS_ONLN) < 2)
        throw std::runtime_error("needs two CPUs: one for the source, one for the switch");
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(source, &set);
    const sched_param first{.sched_priority = 50};
    if (::sched_getaffinity(0, sizeof before_, &before_) != 0 ||
        ::sched_setaffinity(0, sizeof set, &set) != 0 ||
        ::sched_setscheduler(0, SCHED_FIFO, &first) != 0)
        throw sandbox::system_error("have a CPU for the source");
}

TwoCpus::~TwoCpus() {
    const sched_param none{};
    ::sched_setscheduler(0, SCHED_OTHER, &none);
    ::sched_setaffinity(0, sizeof before_, &before_);
}

} // namespace xdpbridge::bench
