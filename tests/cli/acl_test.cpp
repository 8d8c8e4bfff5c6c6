// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli_test.h"

#include <fstream>
#include <sstream>

namespace xdpbridge::test {
namespace {

class AclCliTest : public CliTest {
  protected:
    void SetUp() override { make_bridge(); }
    static std::string saved() { return cli_ok({"acl", "save", "br0", "-"}); }
    static void write(const std::string& path, const std::string& text) {
        std::ofstream(path) << text;
    }
    static std::string read(const std::string& path) {
        std::ifstream file(path);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }
    // In the sandbox's own mount of a memory file system.
    const std::string file_ = "/run/netns/rules.acl";
};

TEST_F(AclCliTest, ShowsTheRulesInTheirOrder) {
    EXPECT_EQ(cli_ok({"acl", "add", "br0", "--proto", "tcp", "--dport", "80-89", "drop"}),
              "rule 10\n");
    EXPECT_EQ(json({"acl", "add", "br0", "--src", "10.0.0.0/8", "police", "10mbit"}),
              nlohmann::json::parse(R"([{"priority":20}])"));
    cli_ok({"acl", "add", "br0", "--prio", "5", "--src-mac", "02:00:00:00:00:01", "--port", "v1",
            "mirror", "v2"});
    cli_ok({"acl", "add", "br0", "--ethertype", "0x88b5", "--dscp", "0x2e", "class", "3"});
    EXPECT_EQ(json({"acl", "show", "br0"}), nlohmann::json::parse(R"([
        {"priority":5,"match":{"port":"v1","src_mac":"02:00:00:00:00:01"},
         "action":"mirror","argument":"v2","packets":0,"bytes":0},
        {"priority":10,"match":{"proto":"tcp","dport":"80-89"},
         "action":"drop","argument":null,"packets":0,"bytes":0},
        {"priority":20,"match":{"src":"10.0.0.0/8"},
         "action":"police","argument":"10mbit,burst=128kb","packets":0,"bytes":0},
        {"priority":30,"match":{"ethertype":"0x88b5","dscp":"46"},
         "action":"class","argument":"3","packets":0,"bytes":0}])"));
    const auto text = cli_ok({"acl", "show", "br0"});
    EXPECT_THAT(text, HasSubstr("10  --proto tcp --dport 80-89"));
    cli_ok({"acl", "del", "br0", "10"});
    EXPECT_EQ(json({"acl", "show", "br0"}).size(), 3U);
    EXPECT_EQ(cli_ok({"acl", "flush", "br0"}), "3 rules deleted\n");
    EXPECT_EQ(cli_ok({"acl", "flush", "br0"}), "0 rules deleted\n");
}

TEST_F(AclCliTest, WrongUsage) {
    const auto add = [](Argv words) {
        words.insert(words.begin(), {"acl", "add", "br0"});
        return words;
    };
    expect_error(add({}), 2, {"action is required"});
    expect_error(add({"allow"}), 2, {"'allow' is no action"});
    expect_error(add({"drop", "now"}), 2, {"'drop' takes no 'now'"});
    expect_error(add({"police"}), 2, {"'' is no rate"});
    expect_error(add({"police", "fast"}), 2, {"'fast' is no rate"});
    expect_error(add({"class", "8"}), 2, {"'8' is no class"});
    expect_error(add({"--vlan", "4095", "drop"}), 2, {"--vlan", "'4095'"});
    expect_error(add({"--src", "10.0.0.1/8", "drop"}), 2, {"--src", "'10.0.0.1/8'"});
    expect_error(add({"--dport", "80-70", "drop"}), 2, {"--dport", "'80-70'"});
    expect_error(add({"--proto", "tpc", "drop"}), 2, {"--proto", "'tpc'"});
    expect_error(add({"--prio", "0", "drop"}), 2, {"--prio", "'0'"});
    expect_error(add({"--sprt", "80", "drop"}), 2, {"did you mean '--sport'?"});
    expect_error({"acl", "del", "br0"}, 2, {"priority is required"});
    EXPECT_EQ(json({"acl", "show", "br0"}), nlohmann::json::array());
}

TEST_F(AclCliTest, Failures) {
    cli_ok({"acl", "add", "br0", "--prio", "10", "--port", "v2", "drop"});
    expect_error({"acl", "add", "br0", "--prio", "10", "drop"}, 1,
                 {"two rules of priority 10", "acl show br0"});
    expect_error({"acl", "add", "br0", "--port", "v9", "drop"}, 1,
                 {"'v9' is no port", "port show br0"});
    expect_error({"acl", "add", "br0", "mirror", "v9"}, 1, {"'v9' is no port"});
    expect_error({"acl", "add", "br0", "--vlan", "3", "drop"}, 1,
                 {"not VLAN-aware", "--vlan-aware"});
    expect_error({"acl", "add", "br0", "--proto", "icmp", "--dport", "3", "drop"}, 1,
                 {"protocol 1 has no ports"});
    expect_error({"acl", "add", "br0", "--src", "10.0.0.0/8", "--dst", "::/0", "drop"}, 1,
                 {"one family"});
    expect_error({"acl", "del", "br0", "11"}, 1, {"no such rule", "acl show br0"});
    expect_error({"acl", "show", "br9"}, 1, {"no such bridge"});
    expect_error({"port", "del", "br0", "v2"}, 1, {"rule 10 of the ACL", "acl del br0 10"});
    EXPECT_EQ(json({"acl", "show", "br0"}).size(), 1U);
}

TEST_F(AclCliTest, AFileReplacesAllOrNothing) {
    write(file_, "# of the guests\n"
                 "--prio 10 --port v1 --proto tcp --dport 25 drop   # no mail\n"
                 "\n"
                 "\t--src 2001:db8::/32 police 1kpps,burst=100pkt\n");
    EXPECT_EQ(cli_ok({"acl", "load", "br0", file_}), "2 rules loaded\n");
    const std::string rules = "--prio 10 --port v1 --proto tcp --dport 25 drop\n"
                              "--prio 20 --src 2001:db8::/32 police 1kpps,burst=100pkt\n";
    EXPECT_EQ(saved(), rules);
    EXPECT_EQ(cli_ok({"acl", "save", "br0", file_}), "2 rules saved\n");
    EXPECT_EQ(read(file_), rules);

    const auto refuses = [&](const std::string& text, const std::vector<std::string>& said) {
        write(file_, text);
        expect_error({"acl", "load", "br0", file_}, 1, said);
        EXPECT_EQ(saved(), rules) << text;
    };
    refuses("drop\n--proto tpc drop\n", {"line 2", "'tpc'", "nothing was loaded", "[--prio N]"});
    refuses("drop it now\n", {"line 1", "'now' comes after the action"});
    refuses("--proto tcp\n", {"line 1", "no action"});
    refuses("--prio 3 drop\n--prio 3 pass\n", {"two rules of priority 3"});
    refuses("--port v9 drop\n", {"'v9' is no port"});
    std::string many;
    for (int i = 0; i < 1025; i++)
        many += "drop\n";
    refuses(many, {"1024 rules at most"});
    expect_error({"acl", "load", "br0", "/nowhere"}, 1, {"'/nowhere'"});
    write(file_, "");
    EXPECT_EQ(cli_ok({"acl", "load", "br0", file_}), "0 rules loaded\n");
    EXPECT_EQ(saved(), "");
}

TEST_F(AclCliTest, MirrorsOfPorts) {
    cli_ok({"port", "set", "br0", "v1", "--mirror-rx", "v2"});
    auto row = json({"port", "show", "br0", "v1"})[0];
    EXPECT_EQ(row["mirror_rx"], "v2");
    EXPECT_EQ(row["mirror_tx"], nullptr);
    cli_ok({"port", "set", "br0", "v1", "--mirror-tx", "v2", "--hook", "xdp"});
    row = json({"port", "show", "br0", "v1"})[0];
    EXPECT_EQ(row["mirror_rx"], "v2") << "what is not named stays";
    EXPECT_EQ(row["mirror_tx"], "v2");
    EXPECT_EQ(row["hook"], "both");
    EXPECT_THAT(row["why"].get<std::string>(), HasSubstr("as long as something is mirrored"));
    expect_error({"port", "del", "br0", "v2"}, 1, {"'v1'", "port set br0 v1 --mirror-rx off"});
    expect_error({"port", "set", "br0", "v1", "--mirror-rx", "v1"}, 1,
                 {"cannot be its own mirror"});
    expect_error({"port", "set", "br0", "v1", "--mirror-rx", "v9"}, 1, {"'v9' is no port"});
    cli_ok({"port", "set", "br0", "v1", "--mirror-rx", "off", "--mirror-tx", "off"});
    row = json({"port", "show", "br0", "v1"})[0];
    EXPECT_EQ(row["hook"], "xdp");
    EXPECT_EQ(row["mirror_rx"], nullptr);
    cli_ok({"port", "del", "br0", "v2"});
}

} // namespace
} // namespace xdpbridge::test
