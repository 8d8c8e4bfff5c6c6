// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "step_test.h"

#include "sandbox/ethtool.h"
#include "sandbox/netns_scope.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <regex>
#include <thread>

namespace xdpbridge::test {

namespace {

std::string shown(const Argv& argv) {
    return sandbox::check(argv).out;
}

bool has(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
}

} // namespace

void StepTest::SetUp() {
    sandbox_.add_namespace("hosts");
    sandbox::disable_ipv6("hosts");
    for (const std::string device : {"x1", "x2", "t1", "t2", "v2"}) {
        make_veth(device);
        const std::string peer = device + "-peer";
        sandbox::check({"ip", "link", "set", peer, "netns", "hosts"});
        sandbox::set_gro("hosts", peer, true); // else it takes no frames from XDP
        sandbox::check({"ip", "link", "set", device, "up"});
        sandbox_.ip("hosts", {"link", "set", peer, "up"});
    }
    cli_ok({"add", "br0", "--vlan-aware"});
    for (const char* device : {"x1", "x2"})
        cli_ok({"port", "add", "br0", device, "--hook", "xdp"});
    for (const char* device : {"t1", "t2"})
        cli_ok({"port", "add", "br0", device, "--hook", "tc"});
    flows_.emplace_back("hosts", "x1-peer", "x2-peer", 1);
    flows_.emplace_back("hosts", "t1-peer", "t2-peer", 2);
}

void StepTest::TearDown() {
    for (auto& flow : flows_) {
        const auto frames = flow.stop();
        EXPECT_GT(frames.sent, 0U);
        EXPECT_EQ(frames.received, frames.sent) << "frames between other ports were lost";
    }
    flows_.clear();
    CliTest::TearDown();
}

Argv StepTest::command(Argv words) {
    words.insert(words.begin(), XDPB_CLI);
    return words;
}

Ending StepTest::kill_cli_at(int step, const Argv& words) {
    return kill_at(step, command(words));
}

Ending StepTest::fail_cli_at(int step, const Argv& words) {
    return fail_at(step, ENOMEM, command(words));
}

bool StepTest::v2_is_port() {
    const auto rows = json({"port", "show", "br0"});
    return std::any_of(rows.begin(), rows.end(), [](const auto& row) {
        return row["device"] == "v2" && row["state"] == "forwarding";
    });
}

std::string StepTest::picture() {
    std::string text;
    for (auto& row : json({"port", "show", "br0"})) {
        for (const char* counter : {"learned", "tx_dropped"})
            row.erase(counter);
        text += row.dump() + "\n";
    }
    // What a VLAN floods to stays for its next port, and what the ACL was about to be until it is
    // something else.
    const std::regex spare("/kept/(flood|acl_[a-z]+)-[0-9]+([+]next)?$");
    for (const auto& pin : pins())
        if (!std::regex_search(pin, spare))
            text += pin + "\n";
    text += cli_ok({"vlan", "show", "br0"}) + cli_ok({"guard", "show", "br0"});
    text += cli_ok({"fdb", "show", "br0", "--static"}) + cli_ok({"acl", "save", "br0", "-"});
    text += cli_ok({"svi", "show", "br0"}) + cli_ok({"mdb", "show", "br0"});
    text += fmt::format("XDP on v2: {}\n", xdp_program_on("v2") != 0);
    text += shown({"tc", "qdisc", "show", "dev", "v2"});
    const auto link = shown({"ip", "link", "show", "v2"});
    text += has(link, "PROMISC") ? "promiscuous\n" : "";
    return text;
}

void StepTest::expect_whole() {
    std::size_t ports = 0;
    for (const auto& row : json({"port", "show", "br0"}))
        if (!row["device"].get<std::string>().starts_with("svi")) {
            ports++;
            EXPECT_EQ(row["state"], "forwarding") << row;
        }
    const bool is_port = v2_is_port();
    EXPECT_EQ(ports, is_port ? 5U : 4U);
    EXPECT_EQ(xdp_program_on("v2") != 0, is_port);
    EXPECT_EQ(!shown({"tc", "filter", "show", "dev", "v2", "ingress"}).empty(), is_port);
    EXPECT_EQ(has(shown({"tc", "qdisc", "show", "dev", "v2"}), "clsact"), is_port);
    EXPECT_EQ(has(shown({"ip", "link", "show", "v2"}), "PROMISC"), is_port);
}

Ids StepTest::programs() {
    return programs_over(pinned_maps("/sys/fs/bpf/xdp-bridge/br0"));
}

std::string StepTest::programs_since(const Ids& then) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (;;) {
        const Ids now = programs();
        if (now == then)
            return "same";
        const auto stayed = std::count_if(now.begin(), now.end(),
                                          [&](std::uint32_t id) { return then.contains(id); });
        if (stayed == 0 && now.size() == then.size())
            return "other";
        if (std::chrono::steady_clock::now() > deadline)
            return fmt::format("{} of {} and {} others", stayed, then.size(),
                               now.size() - static_cast<std::size_t>(stayed));
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

void StepTest::kill_at_each_step(int stride, const Argv& words, const Before& before,
                                 const After& after) {
    int killed = 0;
    for_each_step(stride, [&](int step) {
        before();
        const Ending ending = kill_cli_at(step, words);
        const testing::ScopedTrace trace(__FILE__, __LINE__,
                                         fmt::format("{}, killed at step {}, {}",
                                                     sandbox::command_line(words), step,
                                                     ending.step));
        EXPECT_EQ(ending.exit_code, ending.reached ? 128 + SIGKILL : 0) << ending.err;
        repair();
        expect_whole();
        if (after)
            after(ending);
        killed += ending.reached ? 1 : 0;
        return ending.reached;
    });
    EXPECT_GT(killed, 0);
    std::cout << "killed at " << killed << " steps\n";
}

void StepTest::fail_at_steps(int stride, const Argv& words, const Before& before,
                             const After& after) {
    for_each_step(stride, [&](int step) {
        before();
        const Ending ending = fail_cli_at(step, words);
        const testing::ScopedTrace trace(__FILE__, __LINE__,
                                         fmt::format("{}, ENOMEM at step {}, {}, it said: {}",
                                                     sandbox::command_line(words), step,
                                                     ending.step, ending.err));
        EXPECT_TRUE(ending.exit_code == 0 || ending.exit_code == 1) << ending.exit_code;
        EXPECT_EQ(std::count(ending.err.begin(), ending.err.end(), '\n'), ending.exit_code);
        if (ending.exit_code == 0)
            EXPECT_EQ(ending.err, "");
        else
            EXPECT_TRUE(ending.err.starts_with("xdp-bridge: cannot "));
        after(ending);
        return ending.reached;
    });
}

void StepTest::fail_at_each_step(int stride, const Argv& words, const Before& before,
                                 const After& after) {
    int tried = 0, failed = 0; // the command does without some of its steps
    std::string was;
    fail_at_steps(
        stride, words,
        [&] {
            before();
            was = picture();
        },
        [&](const Ending& ending) {
            if (ending.exit_code == 0) {
                expect_whole();
            } else {
                failed++;
                EXPECT_EQ(picture(), was) << "it is not as it was";
            }
            if (after)
                after(ending);
            tried += ending.reached ? 1 : 0;
        });
    EXPECT_GT(tried, 0);
    std::cout << "failed because of " << failed << " of " << tried << " steps\n";
}

} // namespace xdpbridge::test
