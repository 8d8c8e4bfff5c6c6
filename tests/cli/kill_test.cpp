// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// kill -9 at steps that change something: whatever is left, the next call repairs it, other ports
// lose no frame, and no port is half-attached. `make test` kills at some of the steps, others each
// time; XDPB_ALL_STEPS=1 at all.
#include "step_test.h"

#include <fmt/format.h>
#include <fstream>

namespace xdpbridge::test {
namespace {

class KillTest : public StepTest {};

TEST_F(KillTest, PortAdd) {
    kill_at_each_step(16, {"port", "add", "br0", "v2", "--hook", "both"}, [] {
        if (v2_is_port())
            cli_ok({"port", "del", "br0", "v2"});
    });
    EXPECT_TRUE(v2_is_port());
}

TEST_F(KillTest, PortDel) {
    kill_at_each_step(8, {"port", "del", "br0", "v2"}, [] {
        if (!v2_is_port())
            cli_ok({"port", "add", "br0", "v2", "--hook", "both"});
    });
    EXPECT_FALSE(v2_is_port());
}

TEST_F(KillTest, PortSet) {
    cli_ok({"port", "add", "br0", "v2", "--hook", "both"});
    kill_at_each_step(40, {"port", "set", "br0", "v2", "--hook", "both"}, [] {
        if (!v2_is_port())
            cli_ok({"port", "add", "br0", "v2", "--hook", "both"});
    });
    EXPECT_TRUE(v2_is_port());
}

// The next call finishes what was begun: all ports have programs of one version, and no program or
// pin of another is left.
TEST_F(KillTest, Upgrade) {
    cli_ok({"port", "add", "br0", "v2", "--hook", "both"});
    Ids before;
    std::vector<std::string> pins_before;
    kill_at_each_step(
        64, {"upgrade", "br0"},
        [&] {
            before = programs();
            pins_before = pins();
        },
        [&](const Ending& ending) {
            const auto now = programs_since(before);
            EXPECT_TRUE(now == "other" || (ending.reached && now == "same")) << now;
            EXPECT_EQ(pins(), pins_before);
        });
    EXPECT_TRUE(v2_is_port());
}

TEST_F(KillTest, FdbLoad) {
    const std::string file = fmt::format("/tmp/xdp-bridge-kill-test-{}.fdb", ::getpid());
    std::ofstream text(file);
    for (int i = 0; i < 20; i++)
        text << fmt::format("02:00:00:00:01:{:02x} dev x1 vlan 1{}\n", i, i % 2 ? " static" : "");
    text.close();
    for_each_step(8, [&](int step) {
        const Ending ending = kill_cli_at(step, {"fdb", "load", "br0", file});
        cli_ok({"fdb", "load", "br0", file}); // again, and it is all there
        std::size_t loaded = 0;
        for (const auto& row : json({"fdb", "show", "br0", "--port", "x1"}))
            loaded += row["mac"].get<std::string>().starts_with("02:00:00:00:01:") ? 1 : 0;
        EXPECT_EQ(loaded, 20U) << "killed at step " << step;
        EXPECT_EQ(json({"port", "show", "br0", "x1"})[0]["learned"], 11) << step; // and the flow's
        for (const auto& row : json({"fdb", "show", "br0", "--port", "x1"}))
            if (row["mac"].get<std::string>().starts_with("02:00:00:00:01:"))
                cli_ok({"fdb", "del", "br0", row["mac"].get<std::string>(), "--vlan", "1"});
        return ending.reached;
    });
    std::remove(file.c_str());
}

class KillBridgeTest : public CliTest {};

TEST_F(KillBridgeTest, Add) {
    for_each_step(16, [](int step) {
        const Ending ending = kill_at(step, {XDPB_CLI, "add", "br0"});
        if (json({"show"}).empty())
            cli_ok({"add", "br0"}); // what was half-made is in nobody's way
        EXPECT_EQ(json({"show"}).size(), 1U) << "killed at step " << step << ", " << ending.step;
        cli_ok({"del", "br0"});
        return ending.reached;
    });
}

TEST_F(KillBridgeTest, Del) {
    make_veth("v1");
    for_each_step(16, [](int step) {
        if (json({"show"}).empty())
            cli_ok({"add", "br0"});
        if (json({"port", "show", "br0"}).empty())
            cli_ok({"port", "add", "br0", "v1", "--hook", "both"});
        const Ending ending = kill_at(step, {XDPB_CLI, "del", "br0"});
        cli_ok({"add", "other"}); // clears away what is left
        cli_ok({"del", "other"});
        EXPECT_EQ(xdp_program_on("v1") != 0, json({"show"}).size() == 1)
            << "killed at step " << step << ", " << ending.step;
        return ending.reached;
    });
    EXPECT_EQ(xdp_program_on("v1"), 0U);
}

} // namespace
} // namespace xdpbridge::test
