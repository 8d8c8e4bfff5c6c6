// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli_test.h"

namespace xdpbridge::test {
namespace {

class VlanCliTest : public CliTest {
  protected:
    void SetUp() override {
        for (const char* device : {"v1", "v2"})
            make_veth(device);
        cli_ok({"add", "br0", "--vlan-aware"});
        for (const char* device : {"v1", "v2"})
            cli_ok({"port", "add", "br0", device});
    }
};

TEST_F(VlanCliTest, APortsVlansComeAndGo) {
    cli_ok({"vlan", "add", "br0", "v1", "10", "--pvid", "--untagged"});
    cli_ok({"vlan", "add", "br0", "v2", "10-12"});
    cli_ok({"vlan", "del", "br0", "v1", "1"});
    const auto rows = json({"vlan", "show", "br0", "v1"});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(
        rows[0],
        (nlohmann::json{{"vlan", 10}, {"device", "v1"}, {"pvid", true}, {"egress", "untagged"}}));
    EXPECT_EQ(json({"vlan", "show", "br0"}).size(), 5U);
    EXPECT_EQ(json({"vlan", "show", "br0", "v2"})[3]["egress"], "tagged");
    EXPECT_EQ(json({"port", "show", "br0", "v1"})[0]["pvid"], 10);
    EXPECT_THAT(cli_ok({"vlan", "show", "br0"}), HasSubstr("untagged"));
}

TEST_F(VlanCliTest, AnFdbEntryIsInThePvidUnlessToldOtherwise) {
    cli_ok({"vlan", "add", "br0", "v1", "10"});
    cli_ok({"fdb", "add", "br0", "02:00:00:00:00:01", "--port", "v1", "--static"});
    cli_ok({"fdb", "add", "br0", "02:00:00:00:00:01", "--port", "v1", "--vlan", "10", "--static"});
    EXPECT_EQ(json({"fdb", "show", "br0"}).size(), 2U);
    const auto rows = json({"fdb", "show", "br0", "--vlan", "10"});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0]["vlan"], 10);
    EXPECT_THAT(cli_ok({"fdb", "save", "br0", "-"}), HasSubstr("dev v1 vlan 10 static"));
    EXPECT_EQ(cli_ok({"fdb", "flush", "br0", "--vlan", "1", "--static"}), "1 entry deleted\n");
    cli_ok({"fdb", "del", "br0", "02:00:00:00:00:01", "--vlan", "10"});
    expect_error({"fdb", "add", "br0", "02:00:00:00:00:01", "--port", "v1", "--vlan", "11"}, 1,
                 {"02:00:00:00:00:01", "not in VLAN 11", "vlan show br0"});
}

TEST_F(VlanCliTest, ABridgeSaysWhatItsVlansAre) {
    cli_ok({"add", "br1", "--vlan-aware", "--vlan-protocol", "802.1ad", "--default-pvid", "7"});
    EXPECT_EQ(json({"show", "br1"})[0]["vlan_protocol"], "802.1ad");
    EXPECT_EQ(json({"show", "br1"})[0]["default_pvid"], 7);
    EXPECT_EQ(json({"show", "br0"})[0]["vlan_protocol"], "802.1Q");
    cli_ok({"del", "br1"});
}

TEST_F(VlanCliTest, APortSaysWhatIsOn) {
    cli_ok({"port", "set", "br0", "v1", "--tunnel", "on", "--isolated", "on", "--priority", "5"});
    const auto row = json({"port", "show", "br0", "v1"})[0];
    EXPECT_EQ(row["features"], nlohmann::json::parse(R"(["isolated","tunnel"])"));
    EXPECT_EQ(row["priority"], 5);
    cli_ok({"port", "set", "br0", "v1", "--tunnel", "off"});
    EXPECT_EQ(json({"port", "show", "br0", "v1"})[0]["features"],
              nlohmann::json::parse(R"(["isolated"])"));
}

TEST_F(VlanCliTest, BadInputIsAnsweredWithOneLine) {
    for (const char* range : {"0", "4095", "10-", "-10", "12-10", "ten", "1-4095", ""})
        expect_error({"vlan", "add", "br0", "v1", range}, 2, {"4094"});
    expect_error({"vlan", "add", "br0", "v1", "10-11", "--pvid"}, 1, {"'v1'", "one PVID"});
    expect_error({"vlan", "add", "br0", "v9", "10"}, 1, {"'v9'", "port show br0"});
    expect_error({"vlan", "del", "br0", "v1", "10"}, 1, {"'v1'", "vlan show br0 v1"});
    expect_error({"add", "br1", "--vlan-protocol", "802.1ad"}, 2, {"--vlan-aware"});
    expect_error({"add", "br1", "--vlan-aware", "--vlan-protocol", "isl"}, 2, {"isl"});
    expect_error({"port", "set", "br0", "v1", "--priority", "8"}, 2, {"--priority"});
    cli_ok({"add", "br1"});
    expect_error({"vlan", "show", "br1"}, 1, {"br1", "not VLAN-aware", "--vlan-aware"});
    cli_ok({"del", "br1"});
}

} // namespace
} // namespace xdpbridge::test
