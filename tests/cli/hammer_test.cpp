// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Several users at one bridge at once, each in a hurry: every command does what it says, or says in
// one line why not, and in the end the bridge is whole.
#include "cli_test.h"

#include <algorithm>
#include <fmt/format.h>
#include <random>
#include <thread>

namespace xdpbridge::test {
namespace {

class HammerTest : public CliTest {
  protected:
    // What a command may be refused for while others are at work.
    static bool allowed(const std::string& line) {
        for (const char* reason : {"another process has held the lock", " already",
                                   "is no port of bridge", "is in none of them"})
            if (line.find(reason) != std::string::npos)
                return true;
        return false;
    }
    static Argv any_command(std::mt19937& random) {
        const auto number = [&](unsigned below) {
            return std::uniform_int_distribution<unsigned>(0, below - 1)(random);
        };
        const std::string device = fmt::format("h{}", number(3));
        const std::string mac = fmt::format("02:00:00:00:00:{:02x}", number(8));
        const std::string vid = std::to_string(2 + number(3));
        switch (number(9)) {
        case 0:
        case 1:
            return {"port", "add", "br0", device};
        case 2:
            return {"port", "del", "br0", device};
        case 3:
            return {"fdb", "add", "br0", mac, "--port", device, "--vlan", "1", "--static"};
        case 4:
            return {"fdb", "flush", "br0", "--static"};
        case 5:
            return {"vlan", "add", "br0", device, vid};
        case 6:
            return {"vlan", "del", "br0", device, vid};
        case 7:
            return {"upgrade", "br0"};
        default:
            return {"set", "br0", "--ageing", std::to_string(100 + number(100))};
        }
    }
    // Runs so many commands, and returns what was wrong.
    static std::vector<std::string> hammer(unsigned seed, int commands) {
        std::mt19937 random(seed);
        std::vector<std::string> wrong;
        for (int i = 0; i < commands; i++) {
            const Argv words = any_command(random);
            const Result result = cli(words);
            const bool one_line = std::count(result.err.begin(), result.err.end(), '\n') == 1;
            const bool fine = result.exit_code == 0
                                  ? result.err.empty()
                                  : result.exit_code == 1 && one_line && allowed(result.err);
            if (!fine)
                wrong.push_back(fmt::format("{}: exit code {}, {}", sandbox::command_line(words),
                                            result.exit_code, result.err));
        }
        return wrong;
    }
};

TEST_F(HammerTest, TheBridgeIsWholeInTheEnd) {
    cli_ok({"add", "br0", "--vlan-aware"});
    for (const char* device : {"h0", "h1", "h2"}) {
        make_veth(device);
        sandbox::check({"ip", "link", "set", device, "up"});
    }
    std::vector<std::vector<std::string>> wrong(3);
    {
        std::vector<std::jthread> users;
        const unsigned seed = std::random_device{}();
        for (unsigned i = 0; i < wrong.size(); i++)
            users.emplace_back([&wrong, i, seed] { wrong[i] = hammer(seed + i, 15); });
    }
    for (const auto& each : wrong)
        EXPECT_THAT(each, ::testing::IsEmpty());

    cli_ok({"set", "br0", "--ageing", "300"});
    std::vector<std::string> ports;
    for (const auto& row : json({"port", "show", "br0"})) {
        EXPECT_EQ(row["state"], "forwarding") << row;
        ports.push_back(row["device"]);
    }
    for (const std::string device : {"h0", "h1", "h2"}) {
        const bool is_port = std::find(ports.begin(), ports.end(), device) != ports.end();
        EXPECT_EQ(std::count(ports.begin(), ports.end(), device), is_port ? 1 : 0);
        const auto filters = sandbox::check({"tc", "filter", "show", "dev", device, "ingress"}).out;
        EXPECT_EQ(filters.empty(), !is_port) << device;
    }
    for (const char* noun : {"fdb", "vlan"})
        for (const auto& row : json({noun, "show", "br0"}))
            EXPECT_THAT(ports, ::testing::Contains(row["device"].get<std::string>())) << row;
    for (const char* device : {"h0", "h1", "h2"}) {
        if (std::find(ports.begin(), ports.end(), device) == ports.end())
            cli_ok({"port", "add", "br0", device});
        cli_ok({"port", "del", "br0", device});
    }
}

} // namespace
} // namespace xdpbridge::test
