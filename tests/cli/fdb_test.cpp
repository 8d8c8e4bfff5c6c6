// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli_test.h"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>

namespace xdpbridge::test {
namespace {

class FdbCliTest : public CliTest {
  protected:
    void SetUp() override { make_bridge(); }
    void TearDown() override {
        std::filesystem::remove(file_);
        CliTest::TearDown();
    }
    void write(const std::string& text) const { std::ofstream(file_) << text; }
    static std::size_t entries() { return json({"fdb", "show", "br0"}).size(); }

    const std::string file_ = fmt::format("/tmp/xdp-bridge-cli-test-{}.fdb", ::getpid());
};

TEST_F(FdbCliTest, EntriesComeAndGo) {
    cli_ok({"fdb", "add", "br0", "02:00:00:00:00:0A", "--port", "v1", "--static"});
    cli_ok({"fdb", "add", "br0", "02:00:00:00:00:0b", "--port", "v2"});
    auto rows = json({"fdb", "show", "br0", "--port", "v1"});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0]["mac"], "02:00:00:00:00:0a");
    EXPECT_EQ(rows[0]["device"], "v1");
    EXPECT_EQ(rows[0]["type"], "static");
    EXPECT_EQ(json({"fdb", "show", "br0", "--static"}).size(), 1U);
    EXPECT_EQ(entries(), 2U);

    cli_ok({"fdb", "add", "br0", "02:00:00:00:00:0a", "--port", "v2"}); // replaces
    rows = json({"fdb", "show", "br0"});
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0]["type"], "dynamic");
    EXPECT_EQ(rows[1]["type"], "dynamic");

    cli_ok({"fdb", "del", "br0", "02:00:00:00:00:0a"});
    EXPECT_EQ(entries(), 1U);
    expect_error({"fdb", "del", "br0", "02:00:00:00:00:0a"}, 1,
                 {"02:00:00:00:00:0a", "br0", "no such entry"});
}

TEST_F(FdbCliTest, FlushSparesStaticEntriesAndOtherPorts) {
    for (const char* mac : {"02:00:00:00:00:01", "02:00:00:00:00:02"})
        cli_ok({"fdb", "add", "br0", mac, "--port", "v1"});
    cli_ok({"fdb", "add", "br0", "02:00:00:00:00:03", "--port", "v2"});
    cli_ok({"fdb", "add", "br0", "02:00:00:00:00:04", "--port", "v1", "--static"});
    EXPECT_EQ(cli_ok({"fdb", "flush", "br0", "--port", "v1"}), "2 entries deleted\n");
    EXPECT_EQ(entries(), 2U);
    EXPECT_EQ(json({"fdb", "flush", "br0"})[0]["deleted"], 1);
    EXPECT_EQ(json({"fdb", "flush", "br0", "--static"})[0]["deleted"], 1);
    EXPECT_EQ(entries(), 0U);
}

TEST_F(FdbCliTest, SaveAndLoadAreInverse) {
    cli_ok({"fdb", "add", "br0", "02:00:00:00:00:01", "--port", "v1", "--static"});
    cli_ok({"fdb", "add", "br0", "02:00:00:00:00:02", "--port", "v2"});
    EXPECT_EQ(cli_ok({"fdb", "save", "br0", file_}), "2 entries saved\n");
    cli_ok({"fdb", "flush", "br0", "--static"});
    EXPECT_EQ(cli_ok({"fdb", "load", "br0", file_}), "2 entries loaded\n");
    const auto rows = json({"fdb", "show", "br0"});
    ASSERT_EQ(rows.size(), 2U);
    for (const auto& row : rows) {
        const bool first = row["mac"] == "02:00:00:00:00:01";
        EXPECT_EQ(row["device"], first ? "v1" : "v2");
        EXPECT_EQ(row["type"], first ? "static" : "dynamic");
    }
}

TEST_F(FdbCliTest, ABadLineIsNamedAndNothingIsLoaded) {
    std::string text = "# hosts\n";
    for (int i = 2; i <= 5000; i++)
        text += i == 4711 ? "02:00:00:00:00:zz dev v1\n"
                          : fmt::format("02:00:00:00:{:02x}:{:02x} dev v1\n", i >> 8, i & 255);
    write(text);
    expect_error({"fdb", "load", "br0", file_}, 1,
                 {"line 4711", "'02:00:00:00:00:zz'", "nothing was loaded"});
    EXPECT_EQ(entries(), 0U);
}

TEST_F(FdbCliTest, EveryKindOfBadLineIsNamed) {
    const std::vector<std::pair<std::string, std::string>> lines = {
        {"hello", "'hello' is no MAC address"},
        {"02:00:00:00:00:01", "no 'dev DEVICE'"},
        {"02:00:00:00:00:01 dev", "'' is no port"},
        {"02:00:00:00:00:01 dev nope", "'nope' is no port"},
        {"02:00:00:00:00:01 dev v1 statik", "unknown word 'statik'"},
        {"02:00:00:00:00:01 dev v1 vlan 5000", "'5000' is no VLAN id"},
        {"02:00:00:00:00:01 dev v1 vlan 7", "VLAN 7 on a bridge that is not VLAN-aware"},
        {"01:00:5e:00:00:01 dev v1", "'01:00:5e:00:00:01' is no host's address"},
        {"00:00:00:00:00:00 dev v1", "'00:00:00:00:00:00' is no host's address"},
    };
    for (const auto& [line, reason] : lines) {
        write("02:00:00:00:00:10 dev v1\n\n" + line + "\n");
        expect_error({"fdb", "load", "br0", file_}, 1, {"line 3", reason});
        EXPECT_EQ(entries(), 0U) << line;
    }
}

TEST_F(FdbCliTest, WhatDoesNotFitIsNotLoadedAtAll) {
    cli_ok({"add", "small", "--fdb-size", "10"});
    make_veth("v3");
    cli_ok({"port", "add", "small", "v3"});
    cli_ok({"fdb", "add", "small", "02:00:00:00:00:01", "--port", "v3", "--static"});
    const auto before = json({"fdb", "show", "small"});
    std::string text;
    for (int i = 1; i <= 11; i++)
        text += fmt::format("02:00:00:00:00:{:02x} dev v3\n", i);
    write(text);
    expect_error({"fdb", "load", "small", file_}, 1, {"small", "full (10 entries)", "--fdb-size"});
    EXPECT_EQ(json({"fdb", "show", "small"}), before);
    EXPECT_EQ(json({"port", "show", "small"})[0]["learned"], 0);
}

TEST_F(FdbCliTest, AFullFdbSaysSo) {
    cli_ok({"add", "small", "--fdb-size", "1"});
    make_veth("v3");
    cli_ok({"port", "add", "small", "v3"});
    cli_ok({"fdb", "add", "small", "02:00:00:00:00:01", "--port", "v3"});
    expect_error({"fdb", "add", "small", "02:00:00:00:00:02", "--port", "v3"}, 1,
                 {"full (1 entries)", "--fdb-size"});
    cli_ok({"fdb", "add", "small", "02:00:00:00:00:01", "--port", "v3", "--static"});
}

TEST_F(FdbCliTest, AFailedSaveKeepsTheOldFile) {
    expect_error({"fdb", "save", "br0", "/nowhere/x.fdb"}, 1, {"/nowhere/x.fdb", "No such file"});
    expect_error({"fdb", "load", "br0", "/nowhere/x.fdb"}, 1, {"/nowhere/x.fdb", "No such file"});
}

} // namespace
} // namespace xdpbridge::test
