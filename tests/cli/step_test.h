// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A command of xdp-bridge that ends early: killed, or because a system call fails. The bridge has
// two pairs of ports, at XDP and at tc, between which frames go on all the time, and a device v2
// for the command.
#pragma once
#include "cli_test.h"

#include "support/flow.h"
#include "support/objects.h"
#include "support/steps.h"

#include <list>

namespace xdpbridge::test {

class StepTest : public CliTest {
  protected:
    void SetUp() override;
    // Fails unless each frame between the other ports has arrived, and nothing is left.
    void TearDown() override;

    static Argv command(Argv words);
    static Ending kill_cli_at(int step, const Argv& words);
    static Ending fail_cli_at(int step, const Argv& words);

    // What can be seen from outside, of the bridge and of v2.
    static std::string picture();
    // With v2 a port of br0 or not: nothing in between.
    static void expect_whole();
    static bool v2_is_port();
    // Any call that changes the bridge repairs it first.
    static void repair() { cli_ok({"set", "br0", "--ageing", "300"}); }

    // Of br0: at its ports' hooks, on their way out, and at tracepoints.
    static Ids programs();
    // What has become of them: "same" for all of them, "other" for as many others and none of
    // those; else how many. Waits, for the kernel frees programs when it can.
    static std::string programs_since(const Ids& then);

    using Before = std::function<void()>;
    using After = std::function<void(const Ending&)>;
    // Kills the command at its steps. before makes what it needs; after each kill the bridge is
    // repaired and looked at, also by after.
    static void kill_at_each_step(int stride, const Argv& words, const Before& before,
                                  const After& after = {});
    // Lets each step of the command fail. It fails with one line, or does without what failed.
    // after looks at what came of it.
    static void fail_at_steps(int stride, const Argv& words, const Before& before,
                              const After& after);
    // The same; and when it fails, all is as it was.
    static void fail_at_each_step(int stride, const Argv& words, const Before& before,
                                  const After& after = {});

  private:
    std::list<Flow> flows_;
};

} // namespace xdpbridge::test
