// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "folder.h"

#include <sandbox/files.h>
#include <sandbox/process.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace xdpbridge {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

sandbox::Result bench(const Folder& folder, const sandbox::Argv& options) {
    sandbox::Argv argv{XDPB_BENCH_LATENCY,  "--rounds",   "1",
                       "--seconds",         "0.1",        "--json",
                       folder.file("json"), "--markdown", folder.file("md")};
    argv.insert(argv.end(), options.begin(), options.end());
    return sandbox::run(argv);
}

TEST(BenchLatency, MeasuresEachPathInEachCell) {
    const Folder folder;
    const auto result = bench(folder, {"--paths", "bridge,ours-xdp,ours-tc-classes", "--receivers",
                                       "reader,slow", "--loads", "none,above", "--period-us",
                                       "1000", "--plots", folder.file("plots")});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const json document = json::parse(sandbox::read_file(folder.file("json")));

    EXPECT_THAT(document.at("machine").at("kernel").get<std::string>(), HasSubstr("Linux"));
    std::vector<std::string> paths;
    for (const auto& path : document.at("paths")) {
        paths.push_back(path.at("name"));
        EXPECT_TRUE(path.at("ran").get<bool>()) << path.at("failed");
    }
    EXPECT_THAT(paths, UnorderedElementsAre("bridge", "ours-xdp", "ours-tc-classes"));

    // Three of each: the reader alone, the slow one alone, the slow one with load.
    ASSERT_EQ(document.at("cells").size(), 9U);
    for (const auto& cell : document.at("cells")) {
        SCOPED_TRACE(cell.at("path").get<std::string>() + cell.at("receiver").get<std::string>() +
                     cell.at("load").get<std::string>());
        const int sent = cell.at("sent"), lost = cell.at("lost");
        EXPECT_GT(sent, 10);
        const bool idle = cell.at("load") == "none";
        EXPECT_LT(lost, sent);
        EXPECT_EQ(idle, cell.at("load_offered").get<double>() == 0);
        if (!idle) {
            EXPECT_GT(cell.at("load_delivered").get<double>(), 0);
        }
        int in_histogram = 0;
        for (const auto& bucket : cell.at("histogram_ns"))
            in_histogram += bucket.at(2).get<int>();
        EXPECT_EQ(in_histogram, sent - lost);
        EXPECT_GT(cell.at("us").at("min").get<double>(), 0);
        EXPECT_LE(cell.at("us").at("p50"), cell.at("us").at("p99.9"));
        EXPECT_EQ(cell.at("rounds").size(), 1U);
    }
    EXPECT_FALSE(document.at("verdicts").empty());
    EXPECT_EQ(result.out, sandbox::read_file(folder.file("md")));
    for (const char* plot : {"cdf-slow-above-1000us.png", "histogram-reader-none-1000us.png"})
        EXPECT_GT(fs::file_size(folder.file("plots/") + plot), 1000U);
}

TEST(BenchLatency, AsksAGuest) {
    const Folder folder;
    const auto result = bench(
        folder, {"--paths", "ours-tc", "--receivers", "guest", "--loads", "none", "--plots", ""});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const json document = json::parse(sandbox::read_file(folder.file("json")));
    ASSERT_EQ(document.at("cells").size(), 1U) << document.at("guest") << document.at("paths");
    const auto& cell = document.at("cells")[0];
    EXPECT_LT(cell.at("lost").get<int>(), cell.at("sent").get<int>());
    EXPECT_GT(cell.at("us").at("max").get<double>(), 0);
    EXPECT_GT(document.at("guest").at("clock_error_us").get<double>(), 0);
}

// A path that cannot run is told, and is no failure of the others.
TEST(BenchLatency, SaysWhyAPathCannotRun) {
    const Folder folder;
    const auto result = bench(folder, {"--paths", "veth,macvtap,redirect", "--receivers", "reader",
                                       "--loads", "none", "--plots", "", "--drain-us", "5"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const json document = json::parse(sandbox::read_file(folder.file("json")));
    std::size_t ran = 0;
    for (const auto& path : document.at("paths"))
        if (path.at("ran").get<bool>())
            ran++;
        else
            EXPECT_NE(path.at("failed"), "");
    EXPECT_EQ(document.at("cells").size(), 2 * ran); // a probe each ms, and ten
    EXPECT_GE(ran, 2U) << document.at("paths");
}

TEST(BenchLatency, UnknownNamesAreWrongUsage) {
    const Folder folder;
    EXPECT_NE(bench(folder, {"--paths", "bridge,no-such-path"}).exit_code, 0);
    EXPECT_FALSE(fs::exists(folder.file("json")));
}

} // namespace
} // namespace xdpbridge
