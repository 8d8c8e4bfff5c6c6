// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <sandbox/frames.h>

#include <cstdint>

namespace xdpbridge::bench {

enum class Redirects : std::uint8_t {
    decided,     // the program's own time: a redirect is not carried out
    carried_out, // what comes after the program too, as far as XDP goes
};

// Runs the XDP program on the frame, as if it came in on the device, so many times in one system
// call (BPF_PROG_RUN). Returns the CPU time a frame in ns; throws unless the verdict is
// XDP_REDIRECT (which the kernel does not tell of those carried out).
//
// The time is that of the calling thread: it leaves out when other processes have the CPU, and has
// the fractions of a nanosecond that the kernel's own figure ("duration") lacks. It includes what
// the system call costs once, 0.3 ms, so count should be large.
//
// *duration is the kernel's own figure, whole ns of the clock a frame. It leaves out what the call
// costs once, of which with redirects carried out most is a wait for RCU, and when the kernel gives
// the CPU away between two batches.
double run_program(int program, const sandbox::Frame& frame, std::uint32_t ifindex,
                   std::uint32_t count, Redirects redirects = Redirects::decided,
                   std::uint32_t* duration = nullptr);

// CPU time of the calling thread so far, in ns; with it that of softirqs it was interrupted by.
double thread_cpu_ns();

} // namespace xdpbridge::bench
