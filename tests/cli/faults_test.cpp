// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Bad input and broken surroundings: one line that says what was wrong, on which object, how to
// mend it, and nothing half-done.
#include "cli_test.h"

#include <array>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <sys/mount.h>
#include <thread>
#include <unistd.h>

namespace xdpbridge::test {
namespace {

class FaultsTest : public CliTest {
  protected:
    static void ip(const Argv& words) {
        Argv argv = {"ip"};
        argv.insert(argv.end(), words.begin(), words.end());
        sandbox::check(argv);
    }
    // "return XDP_PASS", attached by somebody else.
    static int load_pass_program() {
        const std::array<bpf_insn, 2> code = {
            {{.code = BPF_ALU64 | BPF_MOV | BPF_K,
              .dst_reg = 0,
              .src_reg = 0,
              .off = 0,
              .imm = XDP_PASS},
             {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0}}};
        return bpf_prog_load(BPF_PROG_TYPE_XDP, "foreign", "GPL", code.data(), code.size(),
                             nullptr);
    }
    static nlohmann::json ports() { return json({"port", "show", "br0"}); }
};

TEST_F(FaultsTest, NoSuchThing) {
    expect_error({"port", "show", "br9"}, 1, {"'br9'", "no such bridge", "xdp-bridge show"});
    expect_error({"del", "br9"}, 1, {"'br9'", "no such bridge"});
    expect_error({"-n", "nowhere", "add", "br0"}, 1,
                 {"'nowhere'", "no such namespace", "ip netns"});
    cli_ok({"add", "br0"});
    expect_error({"port", "add", "br0", "eth9"}, 1, {"'eth9'", "'br0'", "no interface", "ip link"});
    expect_error({"port", "add", "br0", "a-name-that-is-too-long"}, 1, {"no interface"});
    expect_error({"port", "del", "br0", "eth9"}, 1, {"'eth9' is no port", "port show"});
    expect_error({"port", "set", "br0", "eth9", "--learning", "off"}, 1, {"'eth9' is no port"});
    expect_error({"stats", "br0", "eth9"}, 1, {"'eth9' is no port"});
    expect_error({"fdb", "add", "br0", "02:00:00:00:00:01", "--port", "eth9"}, 1,
                 {"'eth9' is no port"});
    EXPECT_EQ(ports().size(), 0U);
}

TEST_F(FaultsTest, ABadName) {
    for (const char* name : {"a b", "../x", "", "a/b", "br0+creating", "sixteen-letters-"})
        expect_error({"add", name}, 1, {"not a name", "1 to 15"});
}

TEST_F(FaultsTest, AddedTwice) {
    make_bridge();
    expect_error({"add", "br0"}, 1, {"'br0'", "exists"});
    expect_error({"port", "add", "br0", "v1"}, 1, {"'v1'", "port 1 already"});
    EXPECT_EQ(ports().size(), 2U);
}

TEST_F(FaultsTest, OwnedByAnotherBridge) {
    make_bridge();
    cli_ok({"add", "br1"});
    expect_error({"port", "add", "br1", "v1"}, 1, {"'v1'", "'br0'", "port del br0 v1"});
    EXPECT_EQ(json({"port", "show", "br1"}).size(), 0U);
}

TEST_F(FaultsTest, OwnedByAKernelBridge) {
    cli_ok({"add", "br0"});
    make_veth("v1");
    ip({"link", "add", "kbr", "type", "bridge"});
    ip({"link", "set", "v1", "master", "kbr"});
    expect_error({"port", "add", "br0", "v1"}, 1, {"'v1'", "'kbr'", "nomaster"});
    ip({"link", "set", "v1", "nomaster"});
    cli_ok({"port", "add", "br0", "v1"});
}

TEST_F(FaultsTest, TheLoopback) {
    cli_ok({"add", "br0"});
    expect_error({"port", "add", "br0", "lo"}, 1, {"loopback"});
}

TEST_F(FaultsTest, AnInterfaceThatVanishes) {
    make_bridge();
    cli_ok({"fdb", "add", "br0", "02:00:00:00:00:01", "--port", "v2", "--static"});
    delete_device("v2");
    EXPECT_EQ(ports()[1]["state"], "gone");
    EXPECT_EQ(ports()[1]["device"], "v2");
    cli_ok({"port", "del", "br0", "v2"});
    EXPECT_EQ(ports().size(), 1U);
    EXPECT_EQ(json({"fdb", "show", "br0"}).size(), 0U);

    make_veth("v3");
    cli_ok({"port", "add", "br0", "v3", "--mac-quota", "5"});
    cli_ok({"fdb", "add", "br0", "02:00:00:00:00:01", "--port", "v3", "--static"});
    delete_device("v3");
    make_veth("v3");
    EXPECT_EQ(ports()[1]["state"], "gone") << "a new device of that name is another device";
    cli_ok({"port", "add", "br0", "v3"});
    EXPECT_NE(ports()[1]["state"], "gone");
    EXPECT_EQ(ports()[1]["mac_quota"], 5);
    EXPECT_EQ(json({"fdb", "show", "br0", "--port", "v3"}).size(), 1U);
}

TEST_F(FaultsTest, ADriverWithoutNativeXdp) {
    cli_ok({"add", "br0"});
    ip({"link", "add", "vx1", "type", "vxlan", "id", "1", "dstport", "4789", "local", "192.0.2.1"});
    expect_error({"port", "add", "br0", "vx1", "--hook", "xdp"}, 1,
                 {"'vx1'", "no native XDP", "--mode auto", "--hook tc"});
    cli_ok({"port", "add", "br0", "vx1"});
    EXPECT_EQ(ports()[0]["hook"], "tc");
    EXPECT_EQ(ports()[0]["why"], "the driver has no native XDP for it");
    cli_ok({"port", "del", "br0", "vx1"});
    cli_ok({"port", "add", "br0", "vx1", "--mode", "generic"});
    EXPECT_EQ(ports()[0]["mode"], "generic");
}

TEST_F(FaultsTest, AForeignXdpProgram) {
    cli_ok({"add", "br0"});
    make_veth("v1");
    const int program = load_pass_program();
    const auto ifindex = static_cast<int>(::if_nametoindex("v1"));
    ASSERT_EQ(bpf_xdp_attach(ifindex, program, 0, nullptr), 0);
    expect_error({"port", "add", "br0", "v1", "--hook", "xdp"}, 1,
                 {"'v1'", "already has an XDP program", "xdp off"});
    EXPECT_NE(xdp_program_on("v1"), 0U) << "it is not ours to remove";
    EXPECT_EQ(ports().size(), 0U);
    ASSERT_EQ(bpf_xdp_detach(ifindex, 0, nullptr), 0);
    ::close(program);
    cli_ok({"port", "add", "br0", "v1", "--hook", "xdp"});
}

TEST_F(FaultsTest, NoCapabilities) {
    make_bridge();
    const sandbox::RunOptions nobody{.uid = 65534, .gid = 65534};
    const std::string hint = "run as root";
    expect_error({"add", "br1"}, 1, {"'br1'", hint}, nobody);
    expect_error({"show", "br0"}, 1, {"br0", hint}, nobody);
    expect_error({"port", "add", "br0", "v1"}, 1, {"br0", hint}, nobody);
    expect_error({"fdb", "flush", "br0"}, 1, {"br0", hint}, nobody);
    expect_error({"del", "br0"}, 1, {"br0", hint}, nobody);
    EXPECT_EQ(ports().size(), 2U);
}

// The sandbox is a private mount namespace, as that of `ip netns exec` is: a BPF file system
// mounted there would vanish with the command.
TEST_F(FaultsTest, NoBpfFileSystemInAPrivateMountNamespace) {
    ASSERT_EQ(::umount("/sys/fs/bpf"), 0);
    expect_error({"add", "br0"}, 1, {"/sys/fs/bpf", "private mount namespace", "-n NETNS"});
    expect_error({"port", "show", "br0"}, 1, {"no such bridge"});
    ASSERT_EQ(::mount("bpf", "/sys/fs/bpf", "bpf", 0, nullptr), 0);
}

// A first process of a new PID namespace: its mounts are those of "the machine".
TEST_F(FaultsTest, NoBpfFileSystemOnAMachine) {
    ASSERT_EQ(::umount("/sys/fs/bpf"), 0);
    const Result result =
        sandbox::run({"unshare", "--pid", "--fork", "--mount-proc", XDPB_CLI, "add", "br0"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "xdp-bridge: mounted a BPF file system on /sys/fs/bpf\n");
    // unshare --mount-proc made a mount namespace of its own, so the mount went with it.
    ASSERT_EQ(::mount("bpf", "/sys/fs/bpf", "bpf", 0, nullptr), 0);
}

TEST_F(FaultsTest, FromAnotherNetworkNamespace) {
    make_bridge();
    sandbox_.add_namespace("elsewhere");
    for (const Argv& words : {Argv{"port", "show", "br0"}, Argv{"port", "add", "br0", "lo"},
                              Argv{"port", "del", "br0", "v1"}, Argv{"stats", "br0"}}) {
        Argv from_elsewhere = {"-n", "elsewhere"};
        from_elsewhere.insert(from_elsewhere.end(), words.begin(), words.end());
        expect_error(from_elsewhere, 1, {"another network namespace", "-n"});
    }
    EXPECT_EQ(json({"-n", "elsewhere", "show"})[0]["netns"], "elsewhere");
    EXPECT_EQ(ports().size(), 2U);
}

TEST_F(FaultsTest, ABridgeWhoseNamespaceIsGoneCanBeDeleted) {
    sandbox_.add_namespace("short-lived");
    cli_ok({"-n", "short-lived", "add", "br0"});
    sandbox_.ip("short-lived", {"link", "add", "v1", "type", "veth", "peer", "name", "v1-peer"});
    cli_ok({"-n", "short-lived", "port", "add", "br0", "v1"});
    sandbox_.del_namespace("short-lived");
    EXPECT_EQ(json({"show"})[0]["netns"], "elsewhere");
    // Until then there is a device to be set back, in a namespace that nobody can name.
    int attempts = 0;
    while (sandbox::run({XDPB_CLI, "del", "br0"}).exit_code != 0 && attempts++ < 100)
        std::this_thread::sleep_for(std::chrono::milliseconds(50)); // the kernel takes it apart
    EXPECT_EQ(json({"show"}).size(), 0U);
}

TEST_F(FaultsTest, ManyAtOnceOnOneBridge) {
    cli_ok({"add", "br0"});
    std::vector<sandbox::Process> running;
    for (int i = 0; i < 8; i++)
        make_veth("c" + std::to_string(i));
    for (int i = 0; i < 8; i++)
        running.emplace_back(Argv{XDPB_CLI, "port", "add", "br0", "c" + std::to_string(i)});
    for (auto& process : running)
        EXPECT_EQ(process.wait(std::chrono::seconds(30)), 0) << process.err();
    EXPECT_EQ(ports().size(), 8U);
    running.clear();
    for (int i = 0; i < 8; i++)
        running.emplace_back(
            Argv{XDPB_CLI, "port", i % 2 ? "del" : "show", "br0", "c" + std::to_string(i)});
    for (auto& process : running)
        EXPECT_EQ(process.wait(std::chrono::seconds(30)), 0) << process.err();
    EXPECT_EQ(ports().size(), 4U);
}

} // namespace
} // namespace xdpbridge::test
