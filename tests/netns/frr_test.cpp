// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A routing daemon on the switch's host, and another one behind it: what they tell the kernel is
// what the data plane does. FRR's own programs, extracted and not installed (sandbox/fetch-frr).
#include "route_network.h"

#include "sandbox/ethtool.h"
#include "sandbox/process.h"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <thread>

namespace xdpbridge::test {
namespace {

using sandbox::Process;

// zebra and bgpd in a namespace, with all their files in a folder of their own.
class Daemons {
  public:
    Daemons(const std::string& netns, const std::string& bgp) : folder_("/var/tmp/" + netns) {
        std::filesystem::create_directories(folder_);
        write("zebra.conf", "hostname " + netns + "\n");
        write("bgpd.conf", bgp);
        start("zebra", netns);
        wait_for_zebra();
        start("bgpd", netns);
    }
    ~Daemons() {
        while (!processes_.empty()) // bgpd first
            processes_.pop_back();
    }
    Daemons(const Daemons&) = delete;
    Daemons& operator=(const Daemons&) = delete;
    std::string said() {
        std::string text;
        for (auto& process : processes_)
            text += process.out() + process.err();
        return text;
    }

  private:
    void write(const std::string& file, const std::string& text) const {
        std::ofstream(folder_ + "/" + file) << text;
    }
    // A bgpd that does not find zebra's socket tries again 10 s later.
    void wait_for_zebra() const {
        for (int attempt = 0; attempt < 500 && !std::filesystem::exists(folder_ + "/zserv");
             attempt++)
            std::this_thread::sleep_for(10ms);
    }
    void start(const std::string& daemon, const std::string& netns) {
        const std::string lib = XDPB_FRR "/usr/lib/";
        processes_.emplace_back(
            sandbox::Argv{lib + "frr/" + daemon, "-f", folder_ + "/" + daemon + ".conf", "-i",
                          folder_ + "/" + daemon + ".pid", "-z", folder_ + "/zserv", "--vty_socket",
                          folder_, "-P", "0", "-u", "root", "-g", "root", "--log", "stdout"},
            sandbox::RunOptions{.netns = netns,
                                .env = {{"LD_LIBRARY_PATH", lib + "x86_64-linux-gnu/frr:" + lib +
                                                                "x86_64-linux-gnu"}}});
    }
    std::string folder_;
    std::vector<Process> processes_;
};

std::string neighbours(std::uint16_t as, const std::vector<std::string>& addresses) {
    std::string text;
    for (const auto& address : addresses)
        text += fmt::format(" neighbor {0} remote-as {1}\n neighbor {0} timers 1 3\n"
                            " neighbor {0} timers connect 1\n"
                            " neighbor {0} advertisement-interval 0\n",
                            address, as);
    text += " address-family ipv4 unicast\n  maximum-paths 1\n  redistribute connected\n "
            "exit-address-family\n"
            " address-family ipv6 unicast\n  maximum-paths 1\n  redistribute connected\n";
    for (const auto& address : addresses)
        if (address.find(':') != std::string::npos)
            text += fmt::format("  neighbor {} activate\n", address);
    return text + " exit-address-family\n";
}

class FrrTest : public RouteNetworkTest, public ::testing::WithParamInterface<Hook> {
  protected:
    FrrTest() : RouteNetworkTest({.vlan_aware = true, .default_pvid = 0}, GetParam()) {}

    void SetUp() override {
        if (!std::filesystem::exists(XDPB_FRR "/usr/lib/frr/zebra"))
            GTEST_SKIP() << "no FRR: `sandbox/fetch-frr " XDPB_FRR "`";
        // Seen in this sandbox alone: FRR's scratch files, and the group that its package makes.
        sandbox::check({"mount", "-t", "tmpfs", "tmpfs", "/var/tmp"});
        std::filesystem::copy("/etc/group", "/var/tmp/group");
        std::ofstream("/var/tmp/group", std::ios::app) << "frrvty:x:64999:root\n";
        sandbox::check({"mount", "--bind", "/var/tmp/group", "/etc/group"});
    }

    // Another cable from a router to the switch, as a port of that VLAN.
    void add_link(const std::string& router, const std::string& device, const Lan& lan) {
        const std::string port = "veth-" + router + "-" + device;
        sandbox_.ip("switch",
                    {"link", "add", port, "type", "veth", "peer", "name", device, "netns", router});
        sandbox::set_gro(router, device, true);
        sandbox_.ip("switch", {"link", "set", port, "up"});
        sandbox_.ip(router, {"link", "set", device, "up"});
        sandbox_.ip(router,
                    {"address", "add", fmt::format("10.0.{}.2/24", lan.vlan), "dev", device});
        sandbox_.ip(router,
                    {"address", "add", fmt::format("fd00:{}::2/64", lan.vlan), "dev", device});
        bridge_->ports().add(port, {.hook = Hook::tc});
        bridge_->vlans().add(port, {lan.vlan, lan.vlan}, {.pvid = true, .untagged = true});
    }
    bool reaches(const Host& from, const std::string& address) const {
        for (int attempt = 0; attempt < 400; attempt++) // daemons take seconds
            if (sandbox::run({"ping", "-n", "-c", "1", "-W", "0.1", address}, {.netns = from.netns})
                    .exit_code == 0)
                return true;
        return false;
    }
};

TEST_P(FrrTest, ForwardingFollowsBgp) {
    const Lan lan10 = add_lan(10), lan20 = add_lan(20), lan30 = add_lan(30);
    const Host h1 = add_lan_host("h1", lan10);
    sandbox_.add_namespace("r2");
    add_link("r2", "eth0", lan20);
    add_link("r2", "eth1", lan30);
    set_sysctl("r2", "net.ipv4.ip_forward", "1");
    sandbox_.ip("r2", {"address", "add", "10.9.0.1/24", "dev", "lo"});
    sandbox_.ip("r2", {"address", "add", "fd09::1/64", "dev", "lo"});

    Daemons here("switch",
                 "router bgp 65001\n bgp router-id 10.0.20.254\n"
                 " no bgp ebgp-requires-policy\n no bgp network import-check\n" +
                     neighbours(65002, {"10.0.20.2", "10.0.30.2", "fd00:20::2", "fd00:30::2"}));
    Daemons there(
        "r2", "router bgp 65002\n bgp router-id 10.0.20.2\n"
              " no bgp ebgp-requires-policy\n no bgp network import-check\n" +
                  neighbours(65001, {"10.0.20.254", "10.0.30.254", "fd00:20::fe", "fd00:30::fe"}));
    ASSERT_TRUE(reaches(h1, "10.9.0.1")) << here.said() << there.said();
    ASSERT_TRUE(reaches(h1, "fd09::1")) << here.said() << there.said();
    EXPECT_THAT(sandbox_.ip("switch", {"route", "show", "10.9.0.0/24"}).out,
                ::testing::HasSubstr("proto bgp"));
    const auto is_routed = [&](const std::string& address) {
        const auto before = routed(h1);
        const int received = sandbox::ping(h1.netns, address, 3).received;
        return received == 3 && routed(h1) >= before + 3;
    };
    EXPECT_TRUE(is_routed("10.9.0.1"));
    EXPECT_TRUE(is_routed("fd09::1"));

    // A route comes, and goes.
    EXPECT_EQ(sandbox::ping(h1.netns, "10.8.0.1", 1).received, 0);
    sandbox_.ip("r2", {"address", "add", "10.8.0.1/24", "dev", "lo"});
    EXPECT_TRUE(reaches(h1, "10.8.0.1"));
    EXPECT_TRUE(is_routed("10.8.0.1"));
    sandbox_.ip("r2", {"address", "del", "10.8.0.1/24", "dev", "lo"});
    EXPECT_TRUE(eventually([&] {
        return sandbox_.ip("switch", {"route", "show", "10.8.0.0/24"}).out.empty();
    }));

    // The cable that is in use breaks, and the other one carries on.
    const auto used = sandbox_.ip("switch", {"route", "get", "10.9.0.1"}).out;
    const std::string broken = used.find("vlan20") != std::string::npos ? "eth0" : "eth1";
    const std::string left = broken == "eth0" ? "vlan30" : "vlan20";
    sandbox_.ip("r2", {"link", "set", broken, "down"});
    EXPECT_TRUE(reaches(h1, "10.9.0.1")) << here.said() << there.said();
    EXPECT_THAT(sandbox_.ip("switch", {"route", "get", "10.9.0.1"}).out,
                ::testing::HasSubstr(left));
    EXPECT_TRUE(is_routed("10.9.0.1"));
    EXPECT_TRUE(reaches(h1, "fd09::1"));
}

XDPB_AT_EACH_HOOK(FrrTest);

} // namespace
} // namespace xdpbridge::test
