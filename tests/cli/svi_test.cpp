// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The router's interfaces and ports as a user makes them.
#include "cli_test.h"

namespace xdpbridge::test {
namespace {

class SviCliTest : public CliTest {
  protected:
    void SetUp() override {
        make_veth("v1");
        cli_ok({"add", "br0", "--vlan-aware"});
        cli_ok({"port", "add", "br0", "v1"});
    }
    static bool exists(const std::string& device) {
        return sandbox::run({"ip", "link", "show", "dev", device}).exit_code == 0;
    }
    static void ip(const Argv& words) {
        Argv argv{"ip"};
        argv.insert(argv.end(), words.begin(), words.end());
        sandbox::check(argv);
    }
};

TEST_F(SviCliTest, ComesAndGoes) {
    cli_ok({"svi", "add", "br0", "vlan10", "--vlan", "10", "--mac", "02:00:00:00:00:fe"});
    const auto rows = json({"svi", "show", "br0"});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0]["vlan"], 10);
    EXPECT_EQ(rows[0]["device"], "vlan10");
    EXPECT_EQ(rows[0]["port"], "vlan10-br");
    EXPECT_EQ(rows[0]["mac"], "02:00:00:00:00:fe");
    EXPECT_EQ(rows[0]["state"], "forwarding");
    EXPECT_EQ(rows[0]["vrf"], "-");
    EXPECT_THAT(cli_ok({"svi", "show", "br0"}), HasSubstr("vlan10-br"));
    const auto port = json({"port", "show", "br0", "vlan10-br"})[0];
    EXPECT_EQ(port["features"], nlohmann::json::array({"svi"}));
    EXPECT_EQ(port["hook"], "tc");
    EXPECT_EQ(port["learning"], false);
    EXPECT_EQ(port["takes_xdp"], true);
    const auto vlans = json({"vlan", "show", "br0", "vlan10-br"});
    ASSERT_EQ(vlans.size(), 1U) << "in its VLAN alone";
    EXPECT_EQ(vlans[0]["vlan"], 10);
    EXPECT_EQ(json({"fdb", "show", "br0"})[0]["type"], "router");

    cli_ok({"svi", "del", "br0", "vlan10"});
    EXPECT_FALSE(exists("vlan10"));
    EXPECT_FALSE(exists("vlan10-br"));
    EXPECT_EQ(json({"svi", "show", "br0"}), nlohmann::json::array());
    EXPECT_EQ(json({"fdb", "show", "br0"}), nlohmann::json::array());
}

TEST_F(SviCliTest, GoesWithItsPortAndItsBridge) {
    cli_ok({"svi", "add", "br0", "vlan10", "--vlan", "10"});
    cli_ok({"port", "del", "br0", "vlan10-br"});
    EXPECT_FALSE(exists("vlan10"));
    cli_ok({"svi", "add", "br0", "vlan10", "--vlan", "10"});
    cli_ok({"del", "br0"});
    EXPECT_FALSE(exists("vlan10"));
}

TEST_F(SviCliTest, ADeletedDeviceIsShownAsGone) {
    cli_ok({"svi", "add", "br0", "vlan10", "--vlan", "10"});
    ip({"link", "del", "vlan10"});
    EXPECT_EQ(json({"svi", "show", "br0"})[0]["state"], "gone");
    EXPECT_EQ(json({"svi", "show", "br0"})[0]["device"], "vlan10");
    cli_ok({"svi", "del", "br0", "vlan10"});
    EXPECT_EQ(json({"port", "show", "br0"}).size(), 1U);
}

TEST_F(SviCliTest, SaysWhatIsWrong) {
    expect_error({"svi", "add", "br0", "vlan10"}, 1, {"--vlan"});
    expect_error({"svi", "add", "br0", "a-name-too-long", "--vlan", "10"}, 1,
                 {"'a-name-too-long'", "more than 12 characters", "-br"});
    expect_error({"svi", "add", "br0", "v1", "--vlan", "10"}, 1, {"interface 'v1' already"});
    expect_error({"svi", "add", "br0", "x", "--vlan", "10", "--mac", "01:00:00:00:00:01"}, 1,
                 {"01:00:00:00:00:01", "no router's address"});
    expect_error({"svi", "add", "br0", "x", "--vlan", "10", "--vrf", "red"}, 1,
                 {"no interface 'red'", "type vrf"});
    expect_error({"svi", "add", "br0", "x", "--vlan", "10", "--vrf", "v1"}, 1, {"not a VRF"});
    expect_error({"svi", "add", "br0", "x", "--vlan", "0"}, 2, {"--vlan"});
    expect_error({"svi", "add", "br0", "x", "--vlan", "10", "--mac", "zz"}, 2, {"'zz'"});
    expect_error({"svi", "del", "br0", "vlan10"}, 1, {"no such SVI", "svi show br0"});
    EXPECT_FALSE(exists("x"));
    EXPECT_EQ(json({"port", "show", "br0"}).size(), 1U) << "nothing was left";
    cli_ok({"add", "br1"});
    expect_error({"svi", "add", "br1", "x", "--vlan", "10"}, 1, {"not VLAN-aware"});
    cli_ok({"svi", "add", "br1", "x"});
    EXPECT_EQ(json({"svi", "show", "br1"})[0]["vlan"], 0);
}

TEST_F(SviCliTest, ItsMacIsTheRoutersAlone) {
    const std::string mac = "02:00:00:00:00:fe";
    cli_ok({"svi", "add", "br0", "vlan1", "--vlan", "1", "--mac", mac});
    expect_error({"fdb", "add", "br0", mac, "--port", "v1", "--static"}, 1, {mac, "SVI"});
    expect_error({"fdb", "del", "br0", mac}, 1, {mac, "SVI"});
    cli_ok({"fdb", "flush", "br0", "--static"});
    EXPECT_EQ(json({"fdb", "show", "br0"}).size(), 1U);
    EXPECT_EQ(cli_ok({"fdb", "save", "br0", "-"}), "");
    expect_error({"svi", "add", "br0", "other", "--vlan", "1", "--mac", mac}, 1,
                 {"static FDB entry"});
    expect_error({"vlan", "add", "br0", "vlan1-br", "10"}, 1, {"port of an SVI"});
    expect_error({"port", "set", "br0", "vlan1-br", "--learning", "on"}, 1, {"learns no MACs"});
    expect_error({"port", "set", "br0", "vlan1-br", "--isolated", "on"}, 1, {"cannot be isolated"});
    cli_ok({"port", "set", "br0", "vlan1-br", "--hook", "both"});
    EXPECT_EQ(json({"svi", "show", "br0"})[0]["mac"], mac);
}

TEST_F(SviCliTest, ARoutedPort) {
    make_veth("v2");
    cli_ok({"port", "add", "br0", "v2", "--routed"});
    const auto port = json({"port", "show", "br0", "v2"})[0];
    EXPECT_EQ(port["features"], nlohmann::json::array({"routed"}));
    EXPECT_EQ(port["learning"], false);
    EXPECT_EQ(port["pvid"], 0);
    EXPECT_EQ(json({"vlan", "show", "br0"}).size(), 1U) << "that of v1";
    EXPECT_THAT(sandbox::check({"ip", "-d", "link", "show", "v2"}).out, HasSubstr("promiscuity 0"));
    expect_error({"vlan", "add", "br0", "v2", "10"}, 1, {"routed port"});
    expect_error({"port", "set", "br0", "v2", "--learning", "on"}, 1, {"learns no MACs"});
    ip({"link", "del", "v2"});
    make_veth("v2");
    expect_error({"port", "add", "br0", "v2"}, 1, {"it was a routed port", "port del"});
    cli_ok({"port", "add", "br0", "v2", "--routed"});
    EXPECT_EQ(json({"port", "show", "br0", "v2"})[0]["state"], "down");
    cli_ok({"port", "del", "br0", "v2"});
}

} // namespace
} // namespace xdpbridge::test
