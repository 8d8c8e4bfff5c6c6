// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Which thread runs where: two that share a CPU would measure the scheduler.
#pragma once
#include <nlohmann/json.hpp>

namespace xdpbridge::bench {

struct Placement {
    int probe, load, receiver; // CPUs
    int vswitch;               // of a switch that polls in a thread of its own
};

// With two CPUs the receiver has one to itself; with one CPU all share it.
Placement placement();

// Of the calling thread. Throws.
void pin(int cpu);

// Before all others of the CPU (SCHED_FIFO), for a thread that sleeps nearly always; not for one
// that spins: the kernel would take it off the CPU for 50 ms each second. Where it is not allowed,
// things stay as they are.
//
// Nice values are left alone. They count within a group of tasks only, a session's or a service's,
// and a thread of -20 on one CPU would take the group's share of the other from the load there.
void come_first();

// What of this holds here, for the result.
nlohmann::json about_placement();

} // namespace xdpbridge::bench
