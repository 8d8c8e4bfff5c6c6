// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The kernel refuses a step, for want of memory: the command says so in one line, and undoes the
// steps before it. Other ports lose no frame. `make test` lets some of the steps fail, others each
// time; XDPB_ALL_STEPS=1 all.
#include "step_test.h"

#include <fmt/format.h>
#include <fstream>

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
    fail_at_steps(
        24, {"port", "set", "br0", "v2", "--hook", "both"}, [] {},
        [](const Ending& ending) {
            if (!v2_is_port()) {
                EXPECT_THAT(ending.err, HasSubstr("`xdp-bridge port add br0 v2` connects it"));
                EXPECT_EQ(ending.exit_code, 1);
                EXPECT_EQ(xdp_program_on("v2"), 0U);
                cli_ok({"port", "add", "br0", "v2", "--hook", "both"});
            }
            expect_whole();
            EXPECT_EQ(json({"port", "show", "br0", "v2"})[0]["mac_quota"], 7);
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
    fail_at_steps(
        32, {"add", "br1"}, [] {},
        [](const Ending& ending) {
            if (ending.exit_code == 0)
                cli_ok({"del", "br1"});
            else
                EXPECT_TRUE(ending.err.starts_with("xdp-bridge: cannot create bridge 'br1': "));
            EXPECT_EQ(json({"show"}).size(), 1U);
            EXPECT_EQ(sandbox::check({"ls", "/sys/fs/bpf/xdp-bridge"}).out, "br0\n");
        });
}

// What is left on the device when the kernel has no memory to take it away, the next change does.
TEST_F(FailTest, PortDel) {
    fail_at_steps(
        8, {"port", "del", "br0", "v2"},
        [] {
            if (!v2_is_port())
                cli_ok({"port", "add", "br0", "v2", "--hook", "both"});
        },
        [](const Ending& ending) {
            EXPECT_FALSE(v2_is_port() && ending.exit_code == 0);
            repair();
            expect_whole();
        });
}

TEST_F(FailTest, SviDel) {
    cli_ok({"vlan", "add", "br0", "x1", "7"});
    fail_at_steps(
        8, {"svi", "del", "br0", "svi7"},
        [] {
            if (json({"svi", "show", "br0"}).empty())
                cli_ok({"svi", "add", "br0", "svi7", "--vlan", "7"});
        },
        [](const Ending& ending) {
            repair();
            expect_whole();
            const bool there = sandbox::run({"ip", "link", "show", "svi7"}).exit_code == 0;
            EXPECT_EQ(there, !json({"svi", "show", "br0"}).empty());
            EXPECT_FALSE(there && ending.exit_code == 0);
        });
}

TEST_F(FailTest, DelABridge) {
    fail_at_steps(
        16, {"del", "br1"},
        [] {
            if (json({"show"}).size() == 1) {
                cli_ok({"add", "br1"});
                cli_ok({"port", "add", "br1", "v2", "--hook", "both"});
            }
        },
        [](const Ending& ending) {
            cli_ok({"add", "br2"}); // clears away what is left
            cli_ok({"del", "br2"});
            const bool there = json({"show"}).size() == 2;
            EXPECT_FALSE(there && ending.exit_code == 0);
            EXPECT_EQ(xdp_program_on("v2") != 0, there);
            EXPECT_EQ(sandbox::check({"tc", "filter", "show", "dev", "v2", "ingress"}).out.empty(),
                      !there);
        });
    EXPECT_EQ(sandbox::check({"ls", "/sys/fs/bpf/xdp-bridge"}).out, "br0\n");
}

// A command that makes a change, one that undoes it, and what is in the file that it reads.
struct Change {
    const char* name;
    Argv command;
    Argv undo;
    int stride; // less than there are steps
    const char* file = nullptr;

    friend std::ostream& operator<<(std::ostream& out, const Change& change) {
        return out << sandbox::command_line(change.command);
    }
};

class FailChangeTest : public FailTest, public ::testing::WithParamInterface<Change> {};

// Beside others of its kind, which have to stay.
TEST_P(FailChangeTest, IsMadeOrNot) {
    const std::string file = fmt::format("/tmp/xdp-bridge-fail-test-{}", ::getpid());
    Argv command = GetParam().command;
    if (GetParam().file != nullptr) {
        std::ofstream(file) << GetParam().file;
        command.push_back(file);
    }
    cli_ok({"port", "add", "br0", "v2", "--hook", "both"});
    cli_ok({"vlan", "add", "br0", "v2", "7-8"});
    cli_ok({"fdb", "add", "br0", "02:00:00:00:02:01", "--port", "v2", "--vlan", "7"});
    cli_ok({"acl", "add", "br0", "--ethertype", "0x88b7", "drop"});
    cli_ok({"guard", "add", "br0", "v2", "--mac", "02:00:00:00:02:01"});
    cli_ok({"svi", "add", "br0", "svi7", "--vlan", "7"});
    cli_ok({"mdb", "add", "br0", "v2", "239.1.2.3", "--vlan", "7"});
    fail_at_each_step(
        GetParam().stride, command, [] {},
        [&](const Ending& ending) {
            if (ending.exit_code == 0)
                cli_ok(GetParam().undo);
        });
    std::remove(file.c_str());
}

INSTANTIATE_TEST_SUITE_P(
    All, FailChangeTest,
    ::testing::Values(
        Change{"VlanAdd",
               {"vlan", "add", "br0", "v2", "8-12", "--untagged"},
               {"vlan", "del", "br0", "v2", "9-12"},
               8},
        Change{
            "VlanDel", {"vlan", "del", "br0", "v2", "7-8"}, {"vlan", "add", "br0", "v2", "7-8"}, 8},
        Change{"FdbAdd",
               {"fdb", "add", "br0", "02:00:00:00:02:02", "--port", "v2"},
               {"fdb", "del", "br0", "02:00:00:00:02:02"},
               8},
        Change{"FdbLoad",
               {"fdb", "load", "br0"},
               {"fdb", "flush", "br0", "--port", "v2", "--vlan", "1", "--static"},
               8,
               "02:00:00:00:02:02 dev v2 vlan 1 static\n"
               "02:00:00:00:02:03 dev v2 vlan 1 static\n"},
        Change{"AclAdd",
               {"acl", "add", "br0", "--prio", "20", "--proto", "tcp", "drop"},
               {"acl", "del", "br0", "20"},
               16},
        Change{"AclLoad",
               {"acl", "load", "br0"},
               {"acl", "flush", "br0"},
               16,
               "--prio 10 --src 10.0.0.0/8 drop\n--prio 20 --port v2 police 10mbit\n"},
        Change{"GuardAdd",
               {"guard", "add", "br0", "x1", "--mac", "02:00:00:00:02:02", "--ip", "10.0.0.1"},
               {"guard", "del", "br0", "x1", "--mac", "02:00:00:00:02:02", "--ip", "10.0.0.1"},
               3},
        Change{"MdbAdd",
               {"mdb", "add", "br0", "v2", "239.1.2.4"},
               {"mdb", "del", "br0", "v2", "239.1.2.4"},
               12},
        Change{"SviAdd",
               {"svi", "add", "br0", "svi8", "--vlan", "8"},
               {"svi", "del", "br0", "svi8"},
               64}),
    [](const auto& change) { return std::string(change.param.name); });

} // namespace
} // namespace xdpbridge::test
