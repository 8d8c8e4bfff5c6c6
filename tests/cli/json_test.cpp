// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The schema that docs/json.md promises, and the tables that say the same to a person.
#include "cli_test.h"

#include <algorithm>
#include <sstream>

namespace xdpbridge::test {
namespace {

using Keys = std::vector<std::string>;

class JsonTest : public CliTest {
  protected:
    // The keys of every object, in the order in which they are printed.
    static Keys keys(const Argv& words) {
        Argv with_json = words;
        with_json.insert(with_json.begin(), "-j");
        const auto rows = nlohmann::ordered_json::parse(cli_ok(with_json));
        Keys names;
        for (const auto& [name, value] : rows.at(0).items())
            names.push_back(name);
        return names;
    }
    static std::size_t lines(const std::string& text) {
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    }
    // The headings of the table are the keys, in capitals and with hyphens.
    static Keys headings(const Argv& words) {
        std::istringstream first_line(cli_ok(words));
        std::string line;
        std::getline(first_line, line);
        std::istringstream in(line);
        Keys names;
        for (std::string word; in >> word;) {
            std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) {
                return c == '-' ? '_' : static_cast<char>(std::tolower(c));
            });
            names.push_back(word);
        }
        return names;
    }
    static void expect_table(const Argv& words, const Keys& expected) {
        EXPECT_EQ(keys(words), expected) << sandbox::command_line(words);
        EXPECT_EQ(headings(words), expected) << sandbox::command_line(words);
        EXPECT_EQ(lines(cli_ok(words)), json(words).size() + 1) << sandbox::command_line(words);
    }
};

TEST_F(JsonTest, EveryShowIsATableOfTheSameColumnsInBothForms) {
    make_bridge();
    cli_ok({"fdb", "add", "br0", "02:00:00:00:00:01", "--port", "v1", "--static"});
    expect_table({"show"},
                 {"bridge", "ports", "fdb_size", "ageing", "reserved", "vlan_protocol",
                  "default_pvid", "routing", "netns", "features", "refusals", "events_lost"});
    expect_table({"port", "show", "br0"}, {"port",
                                           "device",
                                           "state",
                                           "ifindex",
                                           "mtu",
                                           "kind",
                                           "hook",
                                           "mode",
                                           "attached_by",
                                           "bulk",
                                           "takes_xdp",
                                           "learning",
                                           "mac_quota",
                                           "learned",
                                           "pvid",
                                           "priority",
                                           "features",
                                           "source_guard",
                                           "storm_broadcast",
                                           "storm_multicast",
                                           "storm_unknown",
                                           "police",
                                           "mirror_rx",
                                           "mirror_tx",
                                           "tx_dropped",
                                           "why"});
    cli_ok({"guard", "add", "br0", "v1", "--mac", "02:00:00:00:00:01"});
    expect_table({"guard", "show", "br0"}, {"device", "mac", "ip"});
    expect_table({"class", "show", "br0"}, {"class", "field", "value"});
    expect_table({"class", "stats", "br0"},
                 {"device", "class", "packets", "bytes", "held", "delay_us", "isolation"});
    cli_ok({"acl", "add", "br0", "drop"});
    expect_table({"acl", "show", "br0"},
                 {"priority", "match", "action", "argument", "packets", "bytes"});
    expect_table({"fdb", "show", "br0"}, {"mac", "vlan", "device", "type", "idle"});
    cli_ok({"neigh", "add", "br0", "192.0.2.1", "02:00:00:00:00:01"});
    cli_ok({"mdb", "add", "br0", "v1", "239.1.2.3"});
    expect_table({"neigh", "show", "br0"}, {"address", "vlan", "device", "mac", "type", "idle"});
    expect_table({"mdb", "show", "br0"}, {"vlan", "group", "device", "type", "expires"});
    expect_table({"stats", "br0"},
                 {"device",         "hook",      "rx_packets", "rx_bytes", "tx_packets",
                  "tx_bytes",       "forwarded", "flooded",    "passed",   "moved_here",
                  "quota_exceeded", "fdb_full",  "handed",     "dropped",  "refused",
                  "answered",       "routed",    "to_stack",   "mirrored", "filtered"});
}

TEST_F(JsonTest, AnEmptyTableIsAnEmptyArray) {
    EXPECT_EQ(json({"show"}), nlohmann::json::array());
    cli_ok({"add", "br0"});
    EXPECT_EQ(json({"port", "show", "br0"}), nlohmann::json::array());
    EXPECT_EQ(json({"fdb", "show", "br0"}), nlohmann::json::array());
    EXPECT_EQ(json({"guard", "show", "br0"}), nlohmann::json::array());
    EXPECT_EQ(json({"acl", "show", "br0"}), nlohmann::json::array());
}

TEST_F(JsonTest, ABridgeShowsWhatItWasGiven) {
    cli_ok({"add", "br0", "--ageing", "20", "--fdb-size", "100", "--reserved", "0e=forward",
            "--reserved", "01:80:c2:00:00:00=drop"});
    const auto row = json({"show", "br0"})[0];
    EXPECT_EQ(row["bridge"], "br0");
    EXPECT_EQ(row["ageing"], 20);
    EXPECT_EQ(row["fdb_size"], 100);
    EXPECT_EQ(row["ports"], 0);
    EXPECT_EQ(row["netns"], "here");
    EXPECT_EQ(row["refusals"], "counted");
    EXPECT_EQ(row["reserved"]["01:80:c2:00:00:0e"], "forward");
    EXPECT_EQ(row["reserved"]["01:80:c2:00:00:00"], "drop");
    EXPECT_EQ(row["reserved"]["01:80:c2:00:00:01"], "peer");
    cli_ok({"set", "br0", "--reserved", "0e=peer"});
    EXPECT_EQ(json({"show", "br0"})[0]["ageing"], 20) << "what is not named stays";
    EXPECT_EQ(json({"show", "br0"})[0]["reserved"]["01:80:c2:00:00:0e"], "peer");
}

TEST_F(JsonTest, APortShowsWhatItWasGiven) {
    make_bridge();
    cli_ok({"port", "set", "br0", "v2", "--learning", "off", "--mac-quota", "9"});
    const auto rows = json({"port", "show", "br0"});
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0]["learning"], true);
    EXPECT_EQ(rows[0]["mac_quota"], 0);
    EXPECT_EQ(rows[0]["hook"], "tc");
    EXPECT_EQ(rows[0]["mode"], "-");
    EXPECT_EQ(rows[0]["kind"], "veth");
    EXPECT_EQ(rows[1]["device"], "v2");
    EXPECT_EQ(rows[1]["learning"], false);
    EXPECT_EQ(rows[1]["mac_quota"], 9);
    cli_ok({"port", "set", "br0", "v2", "--learning", "on"});
    EXPECT_EQ(json({"port", "show", "br0", "v2"})[0]["mac_quota"], 9) << "what is not named stays";
}

TEST_F(JsonTest, StatsNameEveryReason) {
    make_bridge();
    const auto row = json({"stats", "br0", "v1"})[0];
    for (const char* reason : {"truncated", "src_multicast", "src_zero", "reserved", "hairpin"})
        EXPECT_TRUE(row["dropped"].contains(reason)) << reason;
    for (const char* reason : {"queue_full", "no_receiver", "down", "mtu", "unsupported", "other"})
        EXPECT_TRUE(row["refused"].contains(reason)) << reason;
}

TEST_F(JsonTest, StatsWatchPrintsTheChange) {
    make_bridge();
    const auto out = cli_ok({"stats", "br0", "--watch", "--interval", "0.05", "--count", "2"});
    EXPECT_EQ(lines(out), 8U) << out; // twice a title, the headings and two ports
}

} // namespace
} // namespace xdpbridge::test
