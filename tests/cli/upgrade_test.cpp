// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// `xdp-bridge upgrade` as a user sees it; what it does to the programs, tests/library and
// tests/netns ask.
#include "cli_test.h"

#include <filesystem>

namespace xdpbridge::test {
namespace {

class UpgradeTest : public CliTest {
  protected:
    static void take_away(const std::string& pin) {
        ASSERT_TRUE(std::filesystem::remove("/sys/fs/bpf/xdp-bridge/" + pin));
    }
};

TEST_F(UpgradeTest, SaysWhatItHasDone) {
    make_bridge();
    take_away("br0/latency_entry");
    EXPECT_EQ(
        json({"upgrade", "br0"}),
        nlohmann::json::parse(R"([{"bridge": "br0", "ports": 2, "new_maps": ["latency_entry"]}])"));
    EXPECT_EQ(cli_ok({"upgrade", "br0"}), "BRIDGE  PORTS  NEW-MAPS\n"
                                          "br0         2  -\n");
}

TEST_F(UpgradeTest, WithoutANameAllThatAreHere) {
    make_bridge();
    cli_ok({"add", "br1"});
    sandbox_.add_namespace("blue");
    cli_ok({"-n", "blue", "add", "br2"});
    const auto rows = json({"upgrade"});
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0]["bridge"], "br0");
    EXPECT_EQ(rows[1]["bridge"], "br1");
    expect_error({"upgrade", "br2"}, 1, {"'br2'", "another network namespace", "-n"});
    EXPECT_EQ(json({"-n", "blue", "upgrade", "br2"}).size(), 1U);
}

TEST_F(UpgradeTest, OneThatIsRefusedIsInNoOthersWay) {
    make_bridge("br1");
    cli_ok({"add", "br0"});
    take_away("br0/bridge");
    const auto result = cli({"-j", "upgrade"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr("cannot upgrade bridge 'br0': it has no map 'bridge'"));
    const auto rows = nlohmann::json::parse(result.out);
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0]["bridge"], "br1");
    EXPECT_EQ(rows[0]["ports"], 2);
    cli_ok({"del", "br0"});
}

} // namespace
} // namespace xdpbridge::test
