// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The kernel refuses a step, for want of memory: the command says so in one line, and undoes the
// steps before it. Other ports lose no frame. `make test` lets some of the steps fail, others each
// time; XDPB_ALL_STEPS=1 all.
#include "step_test.h"

#include <algorithm>
#include <fmt/format.h>

namespace xdpbridge::test {
namespace {

class FailTest : public StepTest {};

TEST_F(FailTest, PortAdd) {
    fail_at_each_step(16, {"port", "add", "br0", "v2", "--hook", "both"}, [] {
        if (v2_is_port())
            cli_ok({"port", "del", "br0", "v2"});
    });
}

// A port is put back as it was. Where that fails too, it waits for `port add`, as if its device
// were gone: libbpf asks the kernel what it can once, and believes in what it has found.
TEST_F(FailTest, PortSet) {
    cli_ok({"port", "add", "br0", "v2", "--hook", "both", "--mac-quota", "7"});
    for_each_step(24, [](int step) {
        const Ending ending = fail_cli_at(step, {"port", "set", "br0", "v2", "--hook", "both"});
        const testing::ScopedTrace trace(
            __FILE__, __LINE__,
            fmt::format("ENOMEM at step {}, {}, it said: {}", step, ending.step, ending.err));
        EXPECT_EQ(std::count(ending.err.begin(), ending.err.end(), '\n'), ending.exit_code);
        if (!v2_is_port()) {
            EXPECT_THAT(ending.err, HasSubstr("`xdp-bridge port add br0 v2` connects it"));
            EXPECT_EQ(ending.exit_code, 1);
            EXPECT_EQ(xdp_program_on("v2"), 0U);
            cli_ok({"port", "add", "br0", "v2", "--hook", "both"});
        }
        expect_whole();
        EXPECT_EQ(json({"port", "show", "br0", "v2"})[0]["mac_quota"], 7);
        return ending.reached;
    });
}

// Every port goes on with the programs that it had.
TEST_F(FailTest, Upgrade) {
    cli_ok({"port", "add", "br0", "v2", "--hook", "both"});
    Ids before;
    fail_at_each_step(
        64, {"upgrade", "br0"}, [&] { before = programs(); },
        [&](const Ending& ending) {
            EXPECT_EQ(programs_since(before), ending.exit_code == 0 ? "other" : "same");
        });
}

TEST_F(FailTest, AddABridge) {
    for_each_step(32, [](int step) {
        const Ending ending = fail_cli_at(step, {"add", "br1"});
        const testing::ScopedTrace trace(
            __FILE__, __LINE__,
            fmt::format("ENOMEM at step {}, {}, it said: {}", step, ending.step, ending.err));
        if (ending.exit_code == 0) {
            EXPECT_EQ(ending.err, "");
            cli_ok({"del", "br1"});
        } else {
            EXPECT_EQ(ending.exit_code, 1);
            EXPECT_TRUE(ending.err.starts_with("xdp-bridge: cannot create bridge 'br1': "));
            EXPECT_EQ(std::count(ending.err.begin(), ending.err.end(), '\n'), 1);
        }
        EXPECT_EQ(json({"show"}).size(), 1U);
        EXPECT_EQ(sandbox::check({"ls", "/sys/fs/bpf/xdp-bridge"}).out, "br0\n");
        return ending.reached;
    });
}

} // namespace
} // namespace xdpbridge::test
