// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli_test.h"

#include "sandbox/frames.h"
#include "sandbox/packet_socket.h"

#include <chrono>
#include <thread>

namespace xdpbridge::test {
namespace {

using namespace std::chrono_literals;

class GuardCliTest : public CliTest {
  protected:
    void SetUp() override { make_bridge(); }
    static void set(Argv options) {
        options.insert(options.begin(), {"port", "set", "br0", "v1"});
        cli_ok(options);
    }
    static nlohmann::json port() { return json({"port", "show", "br0", "v1"})[0]; }
    const std::string mac_ = "02:00:00:00:00:01";
};

TEST_F(GuardCliTest, BindsMacsAndAddresses) {
    EXPECT_EQ(json({"guard", "show", "br0"}), nlohmann::json::array());
    cli_ok({"guard", "add", "br0", "v2", "--mac", "02:00:00:00:00:02"});
    cli_ok({"guard", "add", "br0", "v1", "--mac", mac_, "--ip", "2001:db8::1"});
    cli_ok({"guard", "add", "br0", "v1", "--mac", mac_, "--ip", "10.0.0.1"});
    cli_ok({"guard", "add", "br0", "v1", "--mac", mac_, "--ip", "10.0.0.1"}); // as it is
    EXPECT_EQ(json({"guard", "show", "br0"}), nlohmann::json::parse(R"([
                  {"device":"v1","mac":"02:00:00:00:00:01","ip":"10.0.0.1"},
                  {"device":"v1","mac":"02:00:00:00:00:01","ip":"2001:db8::1"},
                  {"device":"v2","mac":"02:00:00:00:00:02","ip":null}])"));
    EXPECT_EQ(json({"guard", "show", "br0", "v2"}).size(), 1U);
    EXPECT_THAT(cli_ok({"guard", "show", "br0", "v2"}), HasSubstr("v2      02:00:00:00:00:02  -"));
    cli_ok({"guard", "del", "br0", "v1", "--mac", mac_, "--ip", "10.0.0.1"});
    EXPECT_EQ(json({"guard", "show", "br0", "v1"}).size(), 1U);
    cli_ok({"guard", "add", "br0", "v1", "--mac", mac_});
    EXPECT_EQ(json({"guard", "show", "br0", "v1"}).size(), 2U);
    cli_ok({"guard", "del", "br0", "v1", "--mac", mac_});
    EXPECT_EQ(json({"guard", "show", "br0", "v1"}), nlohmann::json::array());
}

TEST_F(GuardCliTest, SaysWhatIsWrongWithABinding) {
    expect_error({"guard", "add", "br0", "v1"}, 2, {"--mac"});
    expect_error({"guard", "add", "br0", "v1", "--mac", "02:00"}, 2, {"'02:00'", "MAC"});
    expect_error({"guard", "add", "br0", "v1", "--mac", mac_, "--ip", "10.0.0"}, 2, {"'10.0.0'"});
    expect_error({"guard", "add", "br0", "v1", "--mac", mac_, "--ip", "10.0.0.1/24"}, 2,
                 {"'10.0.0.1/24'"});
    expect_error({"guard", "add", "br0", "v1", "--mac", "01:00:5e:00:00:01"}, 1,
                 {"nobody sends from 01:00:5e:00:00:01"});
    expect_error({"guard", "add", "br0", "v1", "--mac", mac_, "--ip", "224.0.0.1"}, 1,
                 {"nobody has the address 224.0.0.1"});
    expect_error({"guard", "add", "br0", "v1", "--mac", mac_, "--ip", "0.0.0.0"}, 1,
                 {"nobody has the address 0.0.0.0", "DHCP"});
    expect_error({"guard", "add", "br0", "v9", "--mac", mac_}, 1, {"'v9' is no port"});
    expect_error({"guard", "add", "br9", "v1", "--mac", mac_}, 1, {"'br9'", "no such bridge"});
    expect_error({"guard", "del", "br0", "v1", "--mac", mac_}, 1,
                 {mac_, "not bound", "guard show br0 v1"});
    cli_ok({"guard", "add", "br0", "v1", "--mac", mac_});
    expect_error({"guard", "del", "br0", "v1", "--mac", mac_, "--ip", "10.0.0.1"}, 1,
                 {"10.0.0.1 is not bound"});
    EXPECT_EQ(json({"guard", "show", "br0"}).size(), 1U);
}

TEST_F(GuardCliTest, APortShowsItsGuards) {
    EXPECT_EQ(port()["source_guard"], "off");
    set({"--source-guard", "ip", "--arp-guard", "on", "--dhcp-guard", "on", "--ra-guard", "on",
         "--bpdu-guard", "on", "--isolated", "on"});
    EXPECT_EQ(port()["source_guard"], "ip");
    EXPECT_EQ(port()["features"], nlohmann::json::parse(R"(["isolated","arp-guard","dhcp-guard",
                                                            "ra-guard","bpdu-guard"])"));
    set({"--source-guard", "mac", "--arp-guard", "off"});
    EXPECT_EQ(port()["source_guard"], "mac");
    EXPECT_EQ(port()["features"],
              nlohmann::json::parse(R"(["isolated","dhcp-guard","ra-guard","bpdu-guard"])"));
    set({"--source-guard", "off", "--dhcp-guard", "off", "--ra-guard", "off", "--bpdu-guard", "off",
         "--isolated", "off"});
    EXPECT_EQ(port()["source_guard"], "off");
    EXPECT_EQ(port()["features"], nlohmann::json::array());
    EXPECT_EQ(json({"port", "show", "br0", "v2"})[0]["features"], nlohmann::json::array());
}

TEST_F(GuardCliTest, APortShowsItsRates) {
    EXPECT_EQ(port()["police"], nullptr);
    set({"--storm-broadcast", "1000pps", "--storm-multicast", "10mbit,burst=64kb",
         "--storm-unknown", "500pps,1mbit", "--police", "1gbit"});
    EXPECT_EQ(
        port()["storm_broadcast"],
        nlohmann::json::parse(R"({"packets":1000,"packet_burst":100,"bits":0,"byte_burst":0})"));
    EXPECT_EQ(port()["storm_multicast"],
              nlohmann::json::parse(
                  R"({"packets":0,"packet_burst":0,"bits":10000000,"byte_burst":65536})"));
    EXPECT_EQ(port()["storm_unknown"],
              nlohmann::json::parse(
                  R"({"packets":500,"packet_burst":64,"bits":1000000,"byte_burst":131072})"));
    EXPECT_EQ(port()["police"]["bits"], 1'000'000'000);
    const std::string text = cli_ok({"port", "show", "br0", "v1"});
    for (const char* rate : {"1kpps,burst=100pkt", "10mbit,burst=64kb",
                             "500pps,1mbit,burst=64pkt,burst=128kb", "1gbit,burst=12500000b"})
        EXPECT_THAT(text, HasSubstr(rate));
    set({"--storm-multicast", "off"});
    EXPECT_EQ(port()["storm_multicast"], nullptr);
    EXPECT_EQ(port()["storm_broadcast"]["packets"], 1000) << "what is not named stays";
}

TEST_F(GuardCliTest, SaysWhatIsWrongWithASetting) {
    expect_error({"port", "set", "br0", "v1", "--source-guard", "on"}, 2, {"--source-guard", "on"});
    expect_error({"port", "set", "br0", "v1", "--arp-guard", "maybe"}, 2, {"--arp-guard"});
    for (const char* rate : {"fast", "1000", "10mb", "1000pps,burst=64kb", "0pps"})
        expect_error({"port", "set", "br0", "v1", "--police", rate}, 2,
                     {"--police", rate, "1000pps,10mbit"});
    expect_error({"port", "set", "br0", "v1", "--police", "1kbit,burst=1gb"}, 1,
                 {"v1", "burst", "give a smaller burst"});
    EXPECT_EQ(port()["police"], nullptr);
}

TEST_F(GuardCliTest, APortIsAddedWithItsGuards) {
    cli_ok({"port", "del", "br0", "v1"});
    cli_ok({"port", "add", "br0", "v1", "--source-guard", "mac", "--storm-broadcast", "100pps"});
    EXPECT_EQ(port()["source_guard"], "mac");
    EXPECT_EQ(port()["storm_broadcast"]["packets"], 100);
    cli_ok({"port", "del", "br0", "v1"});
    cli_ok({"port", "add", "br0", "v1"});
    EXPECT_EQ(port()["source_guard"], "off") << "a new port has nothing of an old one";
    EXPECT_EQ(port()["storm_broadcast"], nullptr);
}

TEST_F(GuardCliTest, TheMonitorTellsThatAPortWasShut) {
    sandbox_.add_namespace("host");
    sandbox::check({"ip", "link", "set", "v1-peer", "netns", "host"});
    sandbox_.ip("host", {"link", "set", "v1-peer", "up"});
    set({"--bpdu-guard", "on"});
    const sandbox::Process monitor({XDPB_CLI, "monitor", "br0"});
    std::this_thread::sleep_for(500ms);
    const sandbox::Frame bpdu =
        sandbox::Ethernet{.dst = "01:80:c2:00:00:00", .src = mac_, .type = 38} /
        sandbox::Bytes{{0x42, 0x42, 0x03}} / sandbox::Payload{43, 0};
    sandbox::PacketSocket("host", "v1-peer").send(bpdu);
    const std::string told = "bpdu  " + mac_ + " on v1";
    for (int i = 0; i < 300 && monitor.out().find(told) == std::string::npos; i++)
        std::this_thread::sleep_for(10ms);
    EXPECT_THAT(monitor.out(), HasSubstr(told));
    EXPECT_EQ(port()["state"], "blocked");
    EXPECT_GE(json({"stats", "br0", "v1"})[0]["dropped"]["bpdu_guard"], 1);
    set({"--bpdu-guard", "on"});
    EXPECT_EQ(port()["state"], "forwarding");
}

} // namespace
} // namespace xdpbridge::test
