// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A program under ptrace. Its steps are the system calls by which it changes something that
// outlives it; at any of them it can be killed, or the call made to fail.
//
//     for_each_step(8, [&](int step) {
//         const Ending ending = kill_at(step, {XDPB_CLI, "port", "add", "br0", "v2"});
//         ...            what the next call finds, and leaves
//         return ending.reached;
//     });
#pragma once
#include "sandbox/process.h"

#include <functional>
#include <string>
#include <vector>

namespace xdpbridge::test {

struct Ending {
    bool reached = false; // the step; else it ended by itself before
    std::string step;     // "BPF_MAP_CREATE"
    int exit_code = 0;    // 128 + N when signal N ended it
    std::string out;
    std::string err;
};

// Kills the program (as kill -9 does) just before its step'th change, counted from 0.
Ending kill_at(int step, const sandbox::Argv& argv);

// The kernel does not do its step'th change, and answers with this errno; the program goes on.
Ending fail_at(int step, int error, const sandbox::Argv& argv);

struct Watched {
    Ending ending;
    std::vector<std::string> steps;   // the name of each
    std::vector<std::string> started; // calls that start a program, a process or a thread
};
// Only looks.
Watched watch(const sandbox::Argv& argv);

// Calls with a step, and a later one, until it returns false: no such step. It takes one step in
// `stride`, others each time; all of them if the environment has XDPB_ALL_STEPS.
void for_each_step(int stride, const std::function<bool(int)>& try_step);

} // namespace xdpbridge::test
