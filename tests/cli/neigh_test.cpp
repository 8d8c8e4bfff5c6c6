// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// `neigh` and `mdb`: what they print, and what they refuse.
#include "cli_test.h"

namespace xdpbridge::test {
namespace {

class NeighCliTest : public CliTest {
  protected:
    NeighCliTest() {
        make_bridge();
        cli_ok({"add", "aware", "--vlan-aware", "--default-pvid", "7"});
        make_veth("v3");
        cli_ok({"port", "add", "aware", "v3"});
        cli_ok({"vlan", "add", "aware", "v3", "10"});
    }
    static nlohmann::json neighbours(const std::string& bridge = "br0") {
        return json({"neigh", "show", bridge});
    }
    static nlohmann::json members(const std::string& bridge = "br0") {
        return json({"mdb", "show", bridge});
    }
};

TEST_F(NeighCliTest, ANeighbourIsShownAsItWasAdded) {
    EXPECT_EQ(neighbours(), nlohmann::json::array());
    cli_ok({"neigh", "add", "br0", "192.0.2.1", "02:00:00:00:00:01"});
    cli_ok({"neigh", "add", "br0", "2001:db8::1", "02:00:00:00:00:02"});
    cli_ok({"neigh", "add", "br0", "2001:db8:0::1", "02:00:00:00:00:03"}); // the same: replaced
    const auto rows = neighbours();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0], nlohmann::json::parse(R"({"address":"192.0.2.1","vlan":0,"device":"-",
        "mac":"02:00:00:00:00:01","type":"static","idle":0.0})"));
    EXPECT_EQ(rows[1]["address"], "2001:db8::1");
    EXPECT_EQ(rows[1]["mac"], "02:00:00:00:00:03");
    cli_ok({"neigh", "del", "br0", "192.0.2.1"});
    EXPECT_EQ(neighbours().size(), 1U);
    EXPECT_EQ(cli_ok({"neigh", "flush", "br0"}), "0 neighbours deleted\n");
    EXPECT_EQ(json({"neigh", "flush", "br0", "--static"})[0]["deleted"], 1);
}

TEST_F(NeighCliTest, ANeighbourIsInAVlan) {
    cli_ok({"neigh", "add", "aware", "192.0.2.1", "02:00:00:00:00:01"});
    cli_ok({"neigh", "add", "aware", "192.0.2.1", "02:00:00:00:00:02", "--vlan", "10"});
    const auto rows = neighbours("aware");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0]["vlan"], 7) << "the bridge's default PVID";
    EXPECT_EQ(rows[1]["vlan"], 10);
    expect_error({"neigh", "del", "aware", "192.0.2.1", "--vlan", "11"}, 1,
                 {"192.0.2.1", "'aware'", "no such neighbour", "neigh show aware"});
}

TEST_F(NeighCliTest, WhatIsNoNeighbour) {
    expect_error({"neigh", "add", "br0", "192.0.2", "02:00:00:00:00:01"}, 2, {"'192.0.2'"});
    expect_error({"neigh", "add", "br0", "192.0.2.1", "02:00"}, 2, {"'02:00'"});
    for (const char* address : {"224.0.0.1", "0.0.0.0", "::", "ff02::1"})
        expect_error({"neigh", "add", "br0", address, "02:00:00:00:00:01"}, 1,
                     {address, "'br0'", "no host's address", "unicast"});
    expect_error({"neigh", "add", "br0", "192.0.2.1", "01:00:00:00:00:01"}, 1,
                 {"192.0.2.1", "01:00:00:00:00:01 is no host's address"});
    expect_error({"neigh", "add", "br0", "192.0.2.1", "02:00:00:00:00:01", "--vlan", "5"}, 1,
                 {"VLAN 5", "not VLAN-aware"});
    expect_error({"neigh", "add", "br0", "192.0.2.1", "02:00:00:00:00:01", "--dev", "v1"}, 1,
                 {"no routed port"});
    expect_error({"neigh", "add", "br0", "192.0.2.1", "02:00:00:00:00:01", "--dev", "v9"}, 1,
                 {"'v9' is no port"});
    expect_error(
        {"neigh", "add", "br0", "192.0.2.1", "02:00:00:00:00:01", "--dev", "v1", "--vlan", "5"}, 2,
        {"--dev"});
    EXPECT_EQ(neighbours().size(), 0U);
}

TEST_F(NeighCliTest, AMemberIsShownAsItWasAdded) {
    cli_ok({"mdb", "add", "br0", "v1", "239.1.2.3"});
    cli_ok({"mdb", "add", "br0", "v2", "ff15::1234"});
    cli_ok({"mdb", "add", "aware", "v3", "239.1.2.3"});
    cli_ok({"mdb", "add", "aware", "v3", "239.1.2.3", "--vlan", "10"});
    auto rows = members();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0], nlohmann::json::parse(R"({"vlan":0,"group":"239.1.2.3","device":"v1",
        "type":"static","expires":0.0})"));
    EXPECT_EQ(rows[1]["group"], "ff15::1234");
    rows = members("aware");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0]["vlan"], 7) << "the port's PVID";
    EXPECT_EQ(rows[1]["vlan"], 10);
    cli_ok({"vlan", "del", "aware", "v3", "10"});
    EXPECT_EQ(members("aware").size(), 1U) << "who leaves the VLAN leaves its groups";

    cli_ok({"mdb", "del", "br0", "v1", "239.1.2.3"});
    EXPECT_EQ(cli_ok({"mdb", "flush", "br0"}), "0 entries deleted\n");
    EXPECT_EQ(cli_ok({"mdb", "flush", "br0", "--static"}), "1 entry deleted\n");
    EXPECT_EQ(members().size(), 0U);
}

TEST_F(NeighCliTest, WhatIsNoMember) {
    expect_error({"mdb", "add", "br0", "v1", "239.1.2"}, 2, {"'239.1.2'"});
    expect_error({"mdb", "add", "br0", "v1", "192.0.2.1"}, 1,
                 {"'v1'", "'br0'", "192.0.2.1", "no multicast group", "ff00::/8"});
    for (const char* group : {"224.0.0.251", "224.0.1.129", "ff02::fb", "ff0e::181"})
        expect_error({"mdb", "add", "br0", "v1", group}, 1, {group, "all ports get it anyway"});
    expect_error({"mdb", "add", "br0", "v9", "239.1.2.3"}, 1, {"'v9' is no port"});
    expect_error({"mdb", "add", "br0", "v1", "239.1.2.3", "--vlan", "5"}, 1,
                 {"VLAN 5", "not VLAN-aware"});
    expect_error({"mdb", "add", "aware", "v3", "239.1.2.3", "--vlan", "11"}, 1,
                 {"'v3'", "not in VLAN 11", "vlan show aware"});
    expect_error({"mdb", "del", "br0", "v1", "239.1.2.3"}, 1,
                 {"239.1.2.3", "it is no member", "mdb show br0"});
    EXPECT_EQ(members().size(), 0U);
}

TEST_F(NeighCliTest, SwitchesOfTheBridgeAndItsPorts) {
    EXPECT_EQ(json({"show", "br0"})[0]["features"], nlohmann::json::array());
    cli_ok({"set", "br0", "--snooping", "on", "--neigh-suppress", "on"});
    EXPECT_EQ(json({"show", "br0"})[0]["features"], nlohmann::json({"snooping", "neigh-suppress"}));
    cli_ok({"set", "br0", "--ageing", "60"});
    EXPECT_EQ(json({"show", "br0"})[0]["features"].size(), 2U) << "what is not named stays";
    cli_ok({"set", "br0", "--snooping", "off"});
    EXPECT_EQ(json({"show", "br0"})[0]["features"], nlohmann::json({"neigh-suppress"}));
    expect_error({"set", "br0", "--snooping", "maybe"}, 2, {"--snooping", "maybe"});
    cli_ok({"port", "set", "br0", "v1", "--mrouter", "on", "--fast-leave", "on"});
    EXPECT_EQ(json({"port", "show", "br0", "v1"})[0]["features"],
              nlohmann::json({"mrouter", "fast-leave"}));

    cli_ok({"add", "br2", "--snooping", "on", "--neigh-suppress", "on"});
    EXPECT_EQ(json({"show", "br2"})[0]["features"].size(), 2U);
    cli_ok({"del", "br2"});
}

} // namespace
} // namespace xdpbridge::test
