// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Words: what is understood, what is suggested, what is explained.
#include "cli_test.h"

namespace xdpbridge::test {
namespace {

TEST_F(CliTest, HelpOnEveryLevelShowsAnExample) {
    const std::vector<Argv> levels = {
        {},
        {"add"},
        {"set"},
        {"del"},
        {"show"},
        {"stats"},
        {"latency"},
        {"monitor"},
        {"demo"},
        {"version"},
        {"port"},
        {"port", "add"},
        {"port", "del"},
        {"port", "set"},
        {"port", "show"},
        {"vlan"},
        {"vlan", "add"},
        {"vlan", "del"},
        {"vlan", "show"},
        {"class"},
        {"class", "add"},
        {"class", "del"},
        {"class", "show"},
        {"class", "stats"},
        {"guard"},
        {"guard", "add"},
        {"guard", "del"},
        {"guard", "show"},
        {"route"},
        {"route", "add"},
        {"route", "del"},
        {"route", "show"},
        {"route", "flush"},
        {"route", "load"},
        {"route", "save"},
        {"svi"},
        {"svi", "add"},
        {"svi", "del"},
        {"svi", "show"},
        {"acl"},
        {"acl", "add"},
        {"acl", "del"},
        {"acl", "show"},
        {"acl", "flush"},
        {"acl", "load"},
        {"acl", "save"},
        {"fdb"},
        {"fdb", "show"},
        {"fdb", "add"},
        {"fdb", "del"},
        {"fdb", "flush"},
        {"fdb", "load"},
        {"fdb", "save"},
        {"mdb"},
        {"mdb", "add"},
        {"mdb", "del"},
        {"mdb", "show"},
        {"mdb", "flush"},
        {"neigh"},
        {"neigh", "add"},
        {"neigh", "del"},
        {"neigh", "show"},
        {"neigh", "flush"},
    };
    for (Argv words : levels) {
        std::string example = "Example:\n  xdp-bridge";
        for (const auto& word : words)
            example += " " + word;
        words.emplace_back("--help");
        EXPECT_THAT(cli_ok(words), HasSubstr(words.size() > 1 ? example : "Example:"))
            << sandbox::command_line(words);
    }
}

TEST_F(CliTest, UnknownWordsAreAnsweredWithTheNearestKnownOne) {
    expect_error({"prot", "show", "br0"}, 2, {"'prot'", "did you mean 'port'?"});
    expect_error({"port", "shwo", "br0"}, 2, {"'shwo'", "did you mean 'show'?"});
    expect_error({"fdb", "delete", "br0"}, 2, {"'delete'", "did you mean 'del'?"});
    expect_error({"-n", "somewhere", "stat", "br0"}, 2, {"'stat'", "did you mean 'stats'?"});
    expect_error({"add", "br0", "--aging", "3"}, 2, {"'--aging'", "did you mean '--ageing'?"});
    expect_error({"port", "add", "br0", "v1", "--lerning=on"}, 2,
                 {"'--lerning'", "did you mean '--learning'?"});
    expect_error({"qqqqqqqq"}, 2, {"'qqqqqqqq'", "--help"});
}

TEST_F(CliTest, WrongUsageIsToldFromFailure) {
    expect_error({}, 2, {"--help"});
    expect_error({"port"}, 2, {"--help"});
    expect_error({"add"}, 2, {"bridge is required"});
    expect_error({"port", "add", "br0"}, 2, {"device is required"});
    expect_error({"show", "br0", "br1"}, 2, {"br1"});
    expect_error({"add", "br0", "--ageing", "0"}, 2, {"--ageing", "1000000"});
    expect_error({"add", "br0", "--ageing", "soon"}, 2, {"--ageing"});
    expect_error({"add", "br0", "--fdb-size", "1000001"}, 2, {"--fdb-size", "1000000"});
    expect_error({"add", "br0", "--reserved", "10=drop"}, 2, {"10=drop"});
    expect_error({"add", "br0", "--reserved", "0e=eat"}, 2, {"0e=eat"});
    expect_error({"port", "add", "br0", "v1", "--mode", "fast"}, 2, {"--mode", "fast"});
    expect_error({"port", "set", "br0", "v1", "--learning", "maybe"}, 2, {"--learning", "maybe"});
    expect_error({"fdb", "add", "br0", "02:00", "--port", "v1"}, 2, {"'02:00'"});
    expect_error({"fdb", "add", "br0", "02:00:00:00:00:01"}, 2, {"--port"});
    EXPECT_EQ(json({"show"}), nlohmann::json::array()) << "nothing was created";
}

TEST_F(CliTest, GlobalOptionsMayComeLast) {
    cli_ok({"add", "br0"});
    EXPECT_EQ(cli_ok({"show", "br0", "-j"}), cli_ok({"-j", "show", "br0"}));
}

TEST_F(CliTest, VersionSaysWhatItSpeaks) {
    EXPECT_THAT(cli_ok({"version"}), HasSubstr("ABI 4"));
    EXPECT_EQ(json({"version"})[0]["abi"], 4);
}

TEST_F(CliTest, WithoutATerminalThereIsNoColour) {
    make_bridge();
    for (const Argv& words : {Argv{"show"}, Argv{"port", "show", "br0"}, Argv{"stats", "br0"}})
        EXPECT_THAT(cli_ok(words), ::testing::Not(HasSubstr("\033")))
            << sandbox::command_line(words);
}

} // namespace
} // namespace xdpbridge::test
