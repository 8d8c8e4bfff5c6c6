// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "placement.h"

#include <sandbox/fd.h>

#include <fmt/format.h>

#include <atomic>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

namespace xdpbridge::bench {

namespace {

std::atomic<bool> denied_fifo = false;

} // namespace

Placement placement() {
    const int cpus = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
    if (cpus < 3)
        return {.probe = 0, .load = 0, .receiver = cpus - 1, .vswitch = 0};
    return {.probe = 0, .load = 1, .receiver = cpus - 1, .vswitch = cpus - 2};
}

void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(cpu), &set);
    if (::sched_setaffinity(0, sizeof set, &set) != 0)
        throw sandbox::system_error(fmt::format("run on CPU {}", cpu));
}

void come_first() {
    const sched_param parameter{.sched_priority = 50};
    if (::sched_setscheduler(0, SCHED_FIFO, &parameter) != 0)
        denied_fifo = true;
}

nlohmann::json about_placement() {
    const auto where = placement();
    return {
        {"probe_sender", {{"cpu", where.probe}, {"scheduler", denied_fifo ? "other" : "fifo"}}},
        {"load_senders", {{"cpu", where.load}, {"scheduler", "other"}}},
        {"polling_vswitch", {{"cpu", where.vswitch}, {"scheduler", "other"}}},
        {"receiver", {{"cpu", where.receiver}, {"scheduler", "other"}}},
    };
}

} // namespace xdpbridge::bench
