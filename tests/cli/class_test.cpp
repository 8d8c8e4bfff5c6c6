// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli_test.h"

namespace xdpbridge::test {
namespace {

class ClassCliTest : public CliTest {
  protected:
    void SetUp() override { make_bridge(); }
};

TEST_F(ClassCliTest, ANewBridgeClassesPtp) {
    EXPECT_EQ(json({"class", "show", "br0"}), nlohmann::json::parse(R"([
                  {"class":"urgent","field":"ethertype","value":"0x88f7"},
                  {"class":"urgent","field":"udp_port","value":"319"},
                  {"class":"urgent","field":"udp_port","value":"320"}])"));
}

TEST_F(ClassCliTest, AddsReplacesAndDeletesRules) {
    cli_ok({"class", "add", "br0", "bulk", "--tcp-port", "873"});
    cli_ok({"class", "add", "br0", "urgent", "--mac", "02:00:00:00:00:01"});
    cli_ok({"class", "add", "br0", "urgent", "--pcp", "6"});
    cli_ok({"class", "add", "br0", "normal", "--pcp", "6"});
    cli_ok({"class", "del", "br0", "--ethertype", "ptp"});
    cli_ok({"class", "del", "br0", "--udp-port", "319"});
    EXPECT_EQ(json({"class", "show", "br0"}), nlohmann::json::parse(R"([
                  {"class":"normal","field":"pcp","value":"6"},
                  {"class":"urgent","field":"mac","value":"02:00:00:00:00:01"},
                  {"class":"urgent","field":"udp_port","value":"320"},
                  {"class":"bulk","field":"tcp_port","value":"873"}])"));
}

TEST_F(ClassCliTest, SaysWhatIsolationIsInForce) {
    sandbox::check({"ip", "tuntap", "add", "tap0", "mode", "tap"});
    cli_ok({"port", "add", "br0", "tap0", "--classes", "on"});
    cli_ok({"port", "set", "br0", "v1", "--classes", "on"});
    EXPECT_EQ(json({"class", "stats", "br0", "tap0"}), nlohmann::json::parse(R"([
        {"device":"tap0","class":"urgent","packets":0,"bytes":0,"held":0,"delay_us":null,"isolation":"tap, resting: no urgent frame for 10 s"},
        {"device":"tap0","class":"normal","packets":0,"bytes":0,"held":0,"delay_us":2000,"isolation":"tap, resting: no urgent frame for 10 s"},
        {"device":"tap0","class":"bulk","packets":0,"bytes":0,"held":0,"delay_us":1000,"isolation":"tap, resting: no urgent frame for 10 s"}])"));
    EXPECT_EQ(json({"class", "stats", "br0", "v1"})[2]["isolation"], "none: not a tap");
    EXPECT_EQ(json({"class", "stats", "br0", "v2"})[2]["isolation"], "off");
    EXPECT_EQ(json({"class", "stats", "br0"}).size(), 9U);
    EXPECT_THAT(json({"port", "show", "br0", "tap0"})[0]["features"].dump(), HasSubstr("classes"));
    cli_ok({"port", "set", "br0", "tap0", "--classes", "off"});
    EXPECT_EQ(json({"class", "stats", "br0", "tap0"})[0]["isolation"], "off");
    cli_ok({"port", "del", "br0", "tap0"});
}

TEST_F(ClassCliTest, SaysWhatIsWrong) {
    expect_error({"class", "add", "br0", "urgent"}, 2, {"--pcp"});
    expect_error({"class", "add", "br0", "quick", "--pcp", "6"}, 2, {"quick", "urgent"});
    expect_error({"class", "add", "br0", "urgent", "--pcp", "8"}, 2, {"'8'", "0 to 7"});
    expect_error({"class", "add", "br0", "urgent", "--dscp", "64"}, 2, {"'64'", "0 to 63"});
    expect_error({"class", "add", "br0", "urgent", "--vlan", "4095"}, 2, {"'4095'"});
    expect_error({"class", "add", "br0", "urgent", "--udp-port", "70000"}, 2, {"'70000'", "port"});
    expect_error({"class", "add", "br0", "urgent", "--udp-port", "1-2"}, 2, {"'1-2'", "port"});
    expect_error({"class", "add", "br0", "urgent", "--mac", "02:00"}, 2, {"'02:00'", "MAC"});
    expect_error({"class", "add", "br0", "urgent", "--pcp", "6", "--dscp", "46"}, 2, {"--pcp"});
    expect_error({"class", "del", "br0", "--pcp", "6"}, 1, {"pcp 6", "no such rule", "class show"});
    expect_error({"class", "show", "br9"}, 1, {"'br9'", "no such bridge"});
    expect_error({"class", "stats", "br0", "v9"}, 1, {"'v9' is no port"});
    expect_error({"port", "set", "br0", "v1", "--class-delay", "0"}, 1,
                 {"class delay 0 us is out of range", "1 to 1000000"});
    expect_error({"port", "set", "br0", "v1", "--class-delay", "1000001"}, 1, {"out of range"});
}

} // namespace
} // namespace xdpbridge::test
