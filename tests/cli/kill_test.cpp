// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// kill -9 at each step that changes something: whatever is left, the next call repairs it, the
// other port forwards on, and no port is half-attached.
#include "cli_test.h"

#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <linux/bpf.h>
#include <set>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

namespace xdpbridge::test {
namespace {

// System calls by which xdp-bridge changes the kernel. The others only read, or die with the
// process.
bool changes_something(const user_regs_struct& regs) {
    static const std::set<unsigned long long> bpf_commands = {BPF_MAP_CREATE,
                                                              BPF_MAP_UPDATE_ELEM,
                                                              BPF_MAP_DELETE_ELEM,
                                                              BPF_MAP_UPDATE_BATCH,
                                                              BPF_MAP_LOOKUP_AND_DELETE_ELEM,
                                                              BPF_PROG_LOAD,
                                                              BPF_OBJ_PIN,
                                                              BPF_LINK_CREATE,
                                                              BPF_LINK_DETACH,
                                                              BPF_RAW_TRACEPOINT_OPEN};
    switch (regs.orig_rax) {
    case SYS_bpf:
        return bpf_commands.contains(regs.rdi);
    case SYS_mkdir:
    case SYS_mkdirat:
    case SYS_rename:
    case SYS_unlink:
    case SYS_unlinkat:
    case SYS_rmdir:
    case SYS_sendto:
    case SYS_sendmsg:
        return true;
    default:
        return false;
    }
}

// Runs the program and kills it just before its step'th change. False: it ended before that, by
// itself.
bool killed_at(int step, const Argv& words) {
    const pid_t child = ::fork();
    if (child == 0) {
        std::vector<char*> argv = {const_cast<char*>(XDPB_CLI)};
        for (const auto& word : words)
            argv.push_back(const_cast<char*>(word.c_str()));
        argv.push_back(nullptr);
        ::setenv("ASAN_OPTIONS", "detect_leaks=0", 1); // it does not work under ptrace
        ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        ::execv(XDPB_CLI, argv.data());
        ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
    bool entering = true;
    for (int changes = 0;;) {
        ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
        ::waitpid(child, &status, 0);
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
                << sandbox::command_line(words);
            return false;
        }
        if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80))
            continue;
        user_regs_struct regs{};
        ::ptrace(PTRACE_GETREGS, child, nullptr, &regs);
        if (entering && changes_something(regs) && changes++ == step) {
            ::kill(child, SIGKILL);
            ::waitpid(child, &status, 0);
            return true;
        }
        entering = !entering;
    }
}

class KillTest : public CliTest {
  protected:
    static constexpr int too_many = 2000;

    // With v1 a port of br0, and v2 one or not: nothing in between.
    static void expect_whole(const std::string& what) {
        const auto rows = json({"port", "show", "br0"});
        ASSERT_GE(rows.size(), 1U) << what;
        EXPECT_EQ(rows[0]["device"], "v1") << what;
        EXPECT_EQ(rows[0]["state"], "forwarding") << what;
        const bool is_port = rows.size() == 2;
        EXPECT_EQ(xdp_program_on("v2") != 0, is_port) << what;
        const auto shown = [](const Argv& argv) { return sandbox::check(argv).out; };
        EXPECT_EQ(shown({"tc", "filter", "show", "dev", "v2", "ingress"}).empty(), !is_port)
            << what;
        EXPECT_EQ(shown({"tc", "qdisc", "show", "dev", "v2"}).find("clsact") != std::string::npos,
                  is_port)
            << what;
        EXPECT_EQ(shown({"ip", "link", "show", "v2"}).find("PROMISC") != std::string::npos, is_port)
            << what;
    }
    // Any call that changes the bridge repairs it first.
    static void repair() { cli_ok({"set", "br0", "--ageing", "300"}); }
};

TEST_F(KillTest, PortAdd) {
    make_bridge();
    cli_ok({"port", "del", "br0", "v2"});
    int step = 0;
    while (step < too_many && killed_at(step, {"port", "add", "br0", "v2", "--hook", "both"})) {
        repair();
        expect_whole(fmt::format("port add killed at step {}", step));
        if (json({"port", "show", "br0"}).size() == 2)
            cli_ok({"port", "del", "br0", "v2"});
        step++;
    }
    EXPECT_GT(step, 10);
    EXPECT_LT(step, too_many);
    expect_whole("port add");
    EXPECT_EQ(json({"port", "show", "br0"}).size(), 2U);
}

TEST_F(KillTest, PortDel) {
    make_bridge();
    cli_ok({"port", "set", "br0", "v2", "--hook", "both"});
    int step = 0;
    while (step < too_many && killed_at(step, {"port", "del", "br0", "v2"})) {
        repair();
        expect_whole(fmt::format("port del killed at step {}", step));
        if (json({"port", "show", "br0"}).size() == 1)
            cli_ok({"port", "add", "br0", "v2", "--hook", "both"});
        step++;
    }
    EXPECT_GE(step, 3);
    EXPECT_LT(step, too_many);
    EXPECT_EQ(json({"port", "show", "br0"}).size(), 1U);
}

TEST_F(KillTest, AddAndDelOfABridge) {
    int step = 0;
    while (step < too_many && killed_at(step, {"add", "br0"})) {
        const auto left = json({"show"});
        if (left.empty())
            cli_ok({"add", "br0"}); // what was half-made is in nobody's way
        EXPECT_EQ(json({"show"}).size(), 1U) << "add killed at step " << step;
        cli_ok({"del", "br0"});
        step++;
    }
    EXPECT_GT(step, 20);
    EXPECT_LT(step, too_many);

    make_veth("v1");
    for (step = 0; step < too_many; step++) {
        if (json({"show"}).empty())
            cli_ok({"add", "br0"});
        if (json({"port", "show", "br0"}).empty())
            cli_ok({"port", "add", "br0", "v1", "--hook", "both"});
        if (!killed_at(step, {"del", "br0"}))
            break;
        cli_ok({"add", "other"}); // clears away what is left
        cli_ok({"del", "other"});
        EXPECT_EQ(xdp_program_on("v1") != 0, json({"show"}).size() == 1)
            << "del killed at step " << step;
    }
    EXPECT_GE(step, 3);
    EXPECT_LT(step, too_many);
    EXPECT_EQ(xdp_program_on("v1"), 0U);
}

TEST_F(KillTest, FdbLoad) {
    make_bridge();
    const std::string file = fmt::format("/tmp/xdp-bridge-kill-test-{}.fdb", ::getpid());
    std::ofstream text(file);
    for (int i = 0; i < 20; i++)
        text << fmt::format("02:00:00:00:01:{:02x} dev v1{}\n", i, i % 2 ? " static" : "");
    text.close();
    for (int step = 0; killed_at(step, {"fdb", "load", "br0", file}); step++) {
        cli_ok({"fdb", "load", "br0", file}); // again, and it is all there
        EXPECT_EQ(json({"fdb", "show", "br0"}).size(), 20U) << "fdb load killed at step " << step;
        EXPECT_EQ(json({"port", "show", "br0", "v1"})[0]["learned"], 10) << step;
        cli_ok({"fdb", "flush", "br0", "--static"});
    }
    std::remove(file.c_str());
}

} // namespace
} // namespace xdpbridge::test
