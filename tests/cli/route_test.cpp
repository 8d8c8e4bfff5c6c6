// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The bridge's own routes as a user writes them.
#include "cli_test.h"

#include <fmt/format.h>
#include <fstream>

namespace xdpbridge::test {
namespace {

class RouteCliTest : public CliTest {
  protected:
    void SetUp() override {
        cli_ok({"add", "br0", "--vlan-aware"});
        cli_ok({"svi", "add", "br0", "vlan10", "--vlan", "10"});
        cli_ok({"svi", "add", "br0", "vlan20", "--vlan", "20"});
    }
    void TearDown() override {
        std::filesystem::remove(file_);
        CliTest::TearDown();
    }
    void write(const std::string& text) const { std::ofstream(file_) << text; }
    static std::size_t count() { return json({"route", "show", "br0"}).size(); }

    const std::string file_ =
        std::filesystem::temp_directory_path() / fmt::format("routes-{}", ::getpid());
};

TEST_F(RouteCliTest, ComeAndGo) {
    cli_ok({"route", "add", "br0", "10.1.0.0/16", "--dev", "vlan20", "--via", "10.0.20.2"});
    cli_ok({"route", "add", "br0", "2001:db8::/32", "--dev", "vlan20", "--via", "fd00:20::2"});
    cli_ok({"route", "add", "br0", "10.0.10.0/24", "--dev", "vlan10"});
    cli_ok({"route", "add", "br0", "0.0.0.0/0", "--blackhole"});
    cli_ok({"route", "add", "br0", "10.0.10.254", "--local"});
    const auto rows = json({"route", "show", "br0"});
    ASSERT_EQ(rows.size(), 5U);
    EXPECT_EQ(rows[0],
              (nlohmann::json{
                  {"prefix", "0.0.0.0/0"}, {"type", "blackhole"}, {"via", "-"}, {"device", "-"}}));
    EXPECT_EQ(rows[2]["prefix"], "10.0.10.254/32");
    EXPECT_EQ(rows[2]["type"], "local");
    EXPECT_EQ(rows[3], (nlohmann::json{{"prefix", "10.1.0.0/16"},
                                       {"type", "unicast"},
                                       {"via", "10.0.20.2"},
                                       {"device", "vlan20"}}));
    EXPECT_EQ(rows[4]["via"], "fd00:20::2");
    cli_ok({"route", "add", "br0", "10.1.0.0/16", "--dev", "vlan10"});
    EXPECT_EQ(json({"route", "show", "br0"})[3]["device"], "vlan10") << "replaced";
    cli_ok({"route", "del", "br0", "10.1.0.0/16"});
    expect_error({"route", "del", "br0", "10.1.0.0/16"}, 1, {"no such route", "route show br0"});
    EXPECT_EQ(count(), 4U) << "the default route is another one";
    EXPECT_EQ(cli_ok({"route", "flush", "br0"}), "4 routes deleted\n");
    EXPECT_EQ(json({"route", "show", "br0"}), nlohmann::json::array());
}

TEST_F(RouteCliTest, RoutesGoWithTheirInterface) {
    cli_ok({"route", "add", "br0", "10.1.0.0/16", "--dev", "vlan20", "--via", "10.0.20.2"});
    cli_ok({"route", "add", "br0", "10.2.0.0/16", "--dev", "vlan10"});
    cli_ok({"svi", "del", "br0", "vlan20"});
    ASSERT_EQ(count(), 1U);
    EXPECT_EQ(json({"route", "show", "br0"})[0]["prefix"], "10.2.0.0/16");
}

TEST_F(RouteCliTest, TheModeIsTheBridges) {
    EXPECT_EQ(json({"show", "br0"})[0]["routing"], "kernel");
    cli_ok({"set", "br0", "--routing", "static"});
    EXPECT_EQ(json({"show", "br0"})[0]["routing"], "static");
    cli_ok({"set", "br0", "--ageing", "20"});
    EXPECT_EQ(json({"show", "br0"})[0]["routing"], "static") << "what is not named stays";
    cli_ok({"set", "br0", "--routing", "kernel"});
    EXPECT_EQ(json({"show", "br0"})[0]["routing"], "kernel");
    expect_error({"set", "br0", "--routing", "none"}, 2, {"--routing", "none"});
}

TEST_F(RouteCliTest, SaysWhatIsWrong) {
    make_veth("v1");
    cli_ok({"port", "add", "br0", "v1"});
    expect_error({"route", "add", "br0", "10.1.0.0/16", "--dev", "v1"}, 1,
                 {"'v1' is neither an SVI nor a routed port", "svi show br0"});
    expect_error({"route", "add", "br0", "10.1.0.1/16", "--dev", "vlan10"}, 2, {"10.1.0.1/16"});
    expect_error({"route", "add", "br0", "10.1.0.0/33", "--dev", "vlan10"}, 2, {"10.1.0.0/33"});
    expect_error({"route", "add", "br0", "10.1.0.0/16"}, 2, {"--dev"});
    expect_error({"route", "add", "br0", "10.1.0.0/16", "--dev", "vlan10", "--blackhole"}, 2, {});
    expect_error({"route", "add", "br0", "10.1.0.0/16", "--via", "10.0.0.1", "--blackhole"}, 2, {});
    expect_error({"route", "add", "br0", "10.1.0.0/16", "--dev", "vlan10", "--via", "x"}, 2,
                 {"'x' is no IP address"});
    expect_error({"route", "add", "br0", "fd00::/64", "--dev", "vlan10", "--via", "10.0.0.1"}, 1,
                 {"IPv4 gateway of an IPv6 route"});
    expect_error({"route", "add", "br0", "10.1.0.0/16", "--dev", "vlan10", "--via", "224.0.0.1"}, 1,
                 {"224.0.0.1 is no gateway's address"});
    EXPECT_EQ(count(), 0U);
}

TEST_F(RouteCliTest, AFileIsLoadedWholeOrNotAtAll) {
    write("# a comment\n"
          "10.1.0.0/16 via 10.0.20.2 dev vlan20\n"
          "default via fd00:20::2 dev vlan20   # IPv6, by its gateway\n"
          "\n"
          "blackhole 192.0.2.0/24\n"
          "local 10.0.10.254\n"
          "default dev vlan10\n");
    EXPECT_EQ(cli_ok({"route", "load", "br0", file_}), "5 routes loaded\n");
    const auto saved = cli_ok({"route", "save", "br0", "-"});
    EXPECT_THAT(saved, HasSubstr("10.1.0.0/16 via 10.0.20.2 dev vlan20\n"));
    EXPECT_THAT(saved, HasSubstr("::/0 via fd00:20::2 dev vlan20\n"));
    EXPECT_THAT(saved, HasSubstr("0.0.0.0/0 dev vlan10\n"));
    EXPECT_THAT(saved, HasSubstr("blackhole 192.0.2.0/24\n"));
    EXPECT_THAT(saved, HasSubstr("local 10.0.10.254/32\n"));
    EXPECT_EQ(json({"route", "save", "br0", file_})[0]["saved"], 5);
    cli_ok({"route", "flush", "br0"});
    EXPECT_EQ(json({"route", "load", "br0", file_})[0]["loaded"], 5);
    EXPECT_EQ(cli_ok({"route", "save", "br0", "-"}), saved);

    for (const auto& [line, said] : std::vector<std::pair<std::string, std::string>>{
             {"10.1.0.0/16 dev v9", "'v9' is neither"},
             {"10.1.0.0/16", "no 'dev DEVICE'"},
             {"10.1.0.0/16 dev", "'' is neither"},
             {"10.1.2.3/16 dev vlan10", "'10.1.2.3/16' is no prefix"},
             {"10.1.0.0/16 via dev vlan10", "'dev' is no IP address"},
             {"10.1.0.0/16 dev vlan10 metric 5", "unknown word 'metric'"},
             {"blackhole 10.98.0.0/16 dev vlan10", "leads nowhere"}}) {
        write("10.99.0.0/16 dev vlan10\n" + line + "\n");
        expect_error({"route", "load", "br0", file_}, 1, {"line 2", said, "nothing was loaded"});
    }
    EXPECT_EQ(cli_ok({"route", "save", "br0", "-"}), saved) << "nothing has changed";
    expect_error({"route", "load", "br0", "/no/such/file"}, 1, {"/no/such/file", "No such file"});
}

// XDPB_ROUTES=1000000 in the environment for the most there can be.
TEST_F(RouteCliTest, ManyRoutes) {
    const char* wanted = std::getenv("XDPB_ROUTES");
    const std::size_t many = wanted ? std::stoul(wanted) : 20'000;
    {
        std::ofstream out(file_);
        for (std::size_t i = 0; i < many; i++)
            out << fmt::format("{}.{}.{}.0/24 via 10.0.20.2 dev vlan20\n", 1 + i / 65536,
                               i / 256 % 256, i % 256)
                << fmt::format("2001:{:x}:{:x}::/48 via fd00:20::2 dev vlan20\n", i / 65536,
                               i % 65536);
    }
    const auto start = std::chrono::steady_clock::now();
    const auto seconds = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    EXPECT_EQ(cli_ok({"route", "load", "br0", file_}), fmt::format("{} routes loaded\n", 2 * many));
    RecordProperty("load_seconds", std::to_string(seconds()));
    EXPECT_EQ(cli_ok({"route", "load", "br0", file_}), fmt::format("{} routes loaded\n", 2 * many))
        << "again, over themselves";
    cli_ok({"route", "add", "br0", "1.2.3.4", "--dev", "vlan10"});
    cli_ok({"route", "del", "br0", "1.2.3.4"});
    EXPECT_EQ(cli_ok({"route", "flush", "br0"}), fmt::format("{} routes deleted\n", 2 * many));
    if (wanted)
        fmt::print("loaded after {} s, all done after {:.1f} s\n",
                   ::testing::UnitTest::GetInstance()
                       ->current_test_info()
                       ->result()
                       ->GetTestProperty(0)
                       .value(),
                   seconds());
}

} // namespace
} // namespace xdpbridge::test
