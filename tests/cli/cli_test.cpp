// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli_test.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace xdpbridge::test {

CliTest::CliTest() {
    std::ofstream("/proc/sys/net/ipv6/conf/default/disable_ipv6") << 1;
}

Result CliTest::cli(const Argv& words, const sandbox::RunOptions& options) {
    Argv argv = {XDPB_CLI};
    argv.insert(argv.end(), words.begin(), words.end());
    return sandbox::run(argv, options);
}

std::string CliTest::cli_ok(const Argv& words) {
    const Result result = cli(words);
    EXPECT_EQ(result.exit_code, 0) << sandbox::command_line(words) << "\n" << result.err;
    EXPECT_EQ(result.err, "") << sandbox::command_line(words);
    return result.out;
}

nlohmann::json CliTest::json(Argv words) {
    words.insert(words.begin(), "-j");
    return nlohmann::json::parse(cli_ok(words));
}

void CliTest::expect_error(const Argv& words, int exit_code, const std::vector<std::string>& said,
                           const sandbox::RunOptions& options) {
    const Result result = cli(words, options);
    const std::string what = sandbox::command_line(words);
    EXPECT_EQ(result.exit_code, exit_code) << what << "\n" << result.err;
    EXPECT_EQ(result.out, "") << what;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << what << "\n"
                                                                         << result.err;
    EXPECT_TRUE(result.err.starts_with("xdp-bridge: ")) << result.err;
    for (const auto& text : said)
        EXPECT_THAT(result.err, HasSubstr(text)) << what;
}

void CliTest::make_bridge(const std::string& name) {
    for (const char* device : {"v1", "v2"}) {
        make_veth(device);
        sandbox::check({"ip", "link", "set", device, "up"});
        sandbox::check({"ip", "link", "set", std::string(device) + "-peer", "up"});
    }
    cli_ok({"add", name});
    cli_ok({"port", "add", name, "v1"});
    cli_ok({"port", "add", name, "v2"});
}

void CliTest::move_peers_to_hosts() {
    sandbox_.add_namespace("hosts");
    sandbox::disable_ipv6("hosts");
    for (const char* peer : {"v1-peer", "v2-peer"}) {
        sandbox::check({"ip", "link", "set", peer, "netns", "hosts"});
        sandbox_.ip("hosts", {"link", "set", peer, "up"});
    }
}

void CliTest::TearDown() {
    for (const auto& row : json({"show"})) {
        const auto name = row["bridge"].get<std::string>();
        leaks_.watch(std::filesystem::path("/sys/fs/bpf/xdp-bridge") / name);
        cli_ok({"del", name});
    }
    leaks_.expect_nothing_left();
}

} // namespace xdpbridge::test
