// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// As a user who is not root: CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are enough, and an error names
// the one that is missing. Folders that are not ours alone are refused. No other program is
// started.
#include "cli_test.h"

#include "support/objects.h"
#include "support/steps.h"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace xdpbridge::test {
namespace {

using ::testing::IsEmpty;

constexpr uid_t user = 12345;
const std::string bpffs = "/sys/fs/bpf";
const std::string all = "+bpf,+net_admin,+perfmon";

class PrivilegeTest : public CliTest {
  protected:
    PrivilegeTest() {
        make_veth("v1");
        make_veth("v2");
        sandbox::check({"ip", "tuntap", "add", "dev", "tap0", "mode", "tap"});
        for (const char* device : {"v1", "v2", "tap0"})
            sandbox::check({"ip", "link", "set", device, "up"});
    }
    // From here on the BPF file system is the user's.
    static void give_away() { ASSERT_EQ(::chown(bpffs.c_str(), user, user), 0); }

    static Argv as_user(const std::string& capabilities, const Argv& words) {
        const std::string set = "-all" + (capabilities.empty() ? "" : "," + capabilities);
        const std::string id = std::to_string(user);
        Argv argv = {"setpriv",        "--reuid",    id,      "--regid",        id,
                     "--clear-groups", "--inh-caps", set,     "--ambient-caps", set,
                     "--bounding-set", set,          XDPB_CLI};
        argv.insert(argv.end(), words.begin(), words.end());
        return argv;
    }
    static std::string ok(const Argv& words, const std::string& capabilities = all) {
        const Result result = sandbox::run(as_user(capabilities, words));
        EXPECT_EQ(result.exit_code, 0) << sandbox::command_line(words);
        EXPECT_EQ(result.err, "") << sandbox::command_line(words);
        return result.out;
    }
    static void refused(const Argv& words, const std::string& capabilities,
                        const std::string& missing) {
        const Result result = sandbox::run(as_user(capabilities, words));
        EXPECT_EQ(result.exit_code, 1) << sandbox::command_line(words);
        EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
        EXPECT_THAT(result.err, HasSubstr("without " + missing + ";"));
    }
    void TearDown() override {
        EXPECT_THAT(pins(), IsEmpty());
        std::filesystem::remove_all(bpffs + "/xdp-bridge");
        CliTest::TearDown();
    }
};

TEST_F(PrivilegeTest, ThreeCapabilitiesAreEnough) {
    give_away();
    ok({"add", "br0", "--vlan-aware", "--snooping", "on"});
    leaks_.watch(bpffs + "/xdp-bridge/br0");
    ok({"port", "add", "br0", "v1", "--hook", "xdp", "--mac-quota", "9"});
    ok({"port", "add", "br0", "v2", "--hook", "tc"});
    ok({"port", "add", "br0", "tap0", "--hook", "both", "--classes", "on"});
    EXPECT_THAT(ok({"show"}), HasSubstr("counted"));
    for (const char* hook : {"xdp", "tc", "both"}) {
        ok({"port", "set", "br0", "v1", "--hook", hook});
        EXPECT_THAT(ok({"port", "show", "br0", "v1"}), HasSubstr("forwarding"));
    }
    ok({"vlan", "add", "br0", "v1", "5-9"});
    ok({"vlan", "add", "br0", "v2", "5"});
    ok({"vlan", "del", "br0", "v1", "6"});
    ok({"fdb", "add", "br0", "02:00:00:00:00:01", "--port", "v1", "--vlan", "5", "--static"});
    ok({"guard", "add", "br0", "v1", "--mac", "02:00:00:00:00:01"});
    ok({"port", "set", "br0", "v1", "--source-guard", "mac", "--police", "1000pps"});
    ok({"port", "set", "br0", "v1", "--mirror-rx", "v2"});
    ok({"acl", "add", "br0", "--proto", "tcp", "--dst", "10.0.0.0/8", "drop"});
    EXPECT_THAT(ok({"acl", "show", "br0"}), HasSubstr("10.0.0.0/8"));
    ok({"acl", "flush", "br0"});
    ok({"neigh", "add", "br0", "10.0.0.1", "02:00:00:00:00:01", "--vlan", "5"});
    ok({"mdb", "add", "br0", "v1", "239.1.1.1", "--vlan", "5"});
    ok({"class", "add", "br0", "urgent", "--pcp", "6"});
    EXPECT_THAT(ok({"class", "stats", "br0", "tap0"}), HasSubstr("tap"));
    ok({"svi", "add", "br0", "svi5", "--vlan", "5"});
    ok({"route", "add", "br0", "10.9.0.0/16", "--blackhole"});
    ok({"latency", "br0", "--count", "1", "--interval", "0.1"});
    for (const char* noun :
         {"port", "vlan", "fdb", "guard", "neigh", "mdb", "class", "svi", "route"})
        ok({noun, "show", "br0"});
    ok({"stats", "br0"});
    ok({"doctor", "v1"});
    ok({"upgrade", "br0"});
    ok({"svi", "del", "br0", "svi5"});
    ok({"port", "set", "br0", "v1", "--mirror-rx", "off"});
    ok({"port", "del", "br0", "v2"});
    EXPECT_EQ(sandbox::check({"tc", "filter", "show", "dev", "v2", "ingress"}).out, "");
    ok({"del", "br0"});
    EXPECT_EQ(xdp_program_on("v1"), 0U);
    EXPECT_EQ(sandbox::check({"tc", "filter", "show", "dev", "v1", "ingress"}).out, "");
}

TEST_F(PrivilegeTest, TheOneThatIsMissingIsNamed) {
    give_away();
    refused({"add", "br0"}, "+net_admin,+perfmon", "CAP_BPF");
    refused({"add", "br0"}, "+bpf,+perfmon", "CAP_NET_ADMIN");
    refused({"add", "br0"}, "", "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON");
    ok({"add", "br0"});
    refused({"port", "add", "br0", "v1"}, "+net_admin,+perfmon", "CAP_BPF");
    refused({"port", "add", "br0", "v1"}, "+bpf,+perfmon", "CAP_NET_ADMIN");
    refused({"port", "add", "br0", "v1"}, "+bpf,+net_admin", "CAP_PERFMON");
    ok({"port", "add", "br0", "v1"});
    refused({"port", "set", "br0", "v1", "--hook", "xdp"}, "+bpf,+net_admin", "CAP_PERFMON");
    refused({"upgrade", "br0"}, "+bpf,+net_admin", "CAP_PERFMON");
    EXPECT_THAT(ok({"port", "show", "br0", "v1"}), HasSubstr("forwarding"));
    ok({"del", "br0"});
}

// It is said that refused frames are not counted, and that a tap cannot be looked into.
TEST_F(PrivilegeTest, WhatIsWorseWithoutPerfmonIsSaid) {
    give_away();
    const std::string two = "+bpf,+net_admin";
    ok({"add", "br0"}, two);
    EXPECT_THAT(ok({"show"}, two), HasSubstr("not counted"));
    ok({"port", "add", "br0", "tap0"});
    ok({"port", "set", "br0", "tap0", "--classes", "on"}, two);
    EXPECT_THAT(ok({"class", "stats", "br0", "tap0"}, two), HasSubstr("none: "));
    ok({"port", "set", "br0", "tap0", "--classes", "on"});
    EXPECT_THAT(ok({"class", "stats", "br0", "tap0"}), HasSubstr("tap, resting"));
    ok({"del", "br0"}, two);
}

// Else another user's maps would be taken for ours.
TEST_F(PrivilegeTest, AFolderOfAnotherUserIsRefused) {
    const std::string root = bpffs + "/xdp-bridge";
    give_away();
    ok({"add", "br0"});
    for (const Argv& words : {Argv{"add", "br1"}, Argv{"show", "br0"}, Argv{"del", "br0"},
                              Argv{"port", "add", "br0", "v1"}, Argv{"fdb", "show", "br0"}})
        expect_error(words, 1, {"belongs to the user 12345"});
    ASSERT_EQ(::chown(root.c_str(), 0, 0), 0);
    expect_error({"show", "br0"}, 1, {root + "/br0 belongs to the user 12345"});
    ASSERT_EQ(::chown(root.c_str(), user, user), 0);
    ok({"del", "br0"});
}

TEST_F(PrivilegeTest, AFolderThatOthersMayEnterIsRefused) {
    cli_ok({"add", "br0"});
    const std::string root = bpffs + "/xdp-bridge";
    for (const auto& folder : {root, root + "/br0"}) {
        ASSERT_EQ(::chmod(folder.c_str(), 0750), 0);
        expect_error({"port", "add", "br0", "v1"}, 1, {"others may enter " + folder, "0750"});
        expect_error({"show", "br0"}, 1, {"others may enter"});
        expect_error({"del", "br0"}, 1, {"others may enter"});
        ASSERT_EQ(::chmod(folder.c_str(), 0700), 0);
    }
    leaks_.watch(root + "/br0");
    cli_ok({"del", "br0"});
}

TEST_F(PrivilegeTest, NoOtherProgramIsStarted) {
    for (const Argv& words :
         {Argv{"add", "br0", "--vlan-aware"}, Argv{"port", "add", "br0", "v1", "--hook", "both"},
          Argv{"port", "set", "br0", "v1", "--hook", "tc"},
          Argv{"svi", "add", "br0", "svi1", "--vlan", "1"},
          Argv{"fdb", "add", "br0", "02:00:00:00:00:01", "--port", "v1", "--vlan", "1"},
          Argv{"acl", "add", "br0", "--proto", "tcp", "drop"}, Argv{"stats", "br0"}, Argv{"show"},
          Argv{"svi", "del", "br0", "svi1"}, Argv{"port", "del", "br0", "v1"},
          Argv{"del", "br0"}}) {
        Argv argv = {XDPB_CLI};
        argv.insert(argv.end(), words.begin(), words.end());
        const Watched watched = watch(argv);
        EXPECT_EQ(watched.ending.exit_code, 0) << watched.ending.err;
        EXPECT_THAT(watched.started, IsEmpty()) << sandbox::command_line(words);
    }
    // That it would be seen.
    EXPECT_THAT(watch({"/usr/bin/env", "true"}).started, ::testing::Contains("SYS_execve"));
}

} // namespace
} // namespace xdpbridge::test
