// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "folder.h"

#include <sandbox/files.h>
#include <sandbox/process.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace xdpbridge {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

// Each section in a tiny form. What is said of speed is not looked at.
class BenchForwarding : public ::testing::Test {
  protected:
    json measure(const std::string& cells, const std::string& plots = "") {
        const auto result = sandbox::run({XDPB_BENCH_FORWARDING, "--rounds", "1", "--share", "0.01",
                                          "--cells", cells, "--json", folder_.file("json"),
                                          "--markdown", folder_.file("md"), "--plots", plots},
                                         {.timeout = std::chrono::seconds(200)});
        EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
        EXPECT_EQ(result.out, sandbox::read_file(folder_.file("md")));
        json document = json::parse(sandbox::read_file(folder_.file("json")));
        EXPECT_THAT(document.at("machine").at("kernel").get<std::string>(), HasSubstr("Linux"));
        EXPECT_NE(document.at("load_average").at("before"), "");
        return document;
    }
    // What the switch has in that cell; sections may have cells of the same name.
    static json entry(const json& document, const std::string& cell, const std::string& side,
                      const std::string& section = "") {
        for (const auto& one : document.at("cells"))
            if (one.at("cell") == cell && one.at("switch") == side &&
                (section.empty() || one.at("section") == section))
                return one;
        ADD_FAILURE() << "no " << cell << " of " << side;
        return {};
    }
    static double figure(const json& document, const std::string& cell, const std::string& side,
                         const std::string& name, const std::string& section = "") {
        return entry(document, cell, side, section).at("median").at(name);
    }

    Folder folder_;
    const std::vector<std::string> sides_{"kernel", "tc", "xdp"};
};

TEST_F(BenchForwarding, CarriesAllFramesAndPlotsCosts) {
    const json document =
        measure("26.1/L2/(by_socket/)?size:(64|9000)$|5.10/.*ports:2$|5.7/macs:(2|100)$|5.8/",
                folder_.file("plots"));
    const std::vector<std::string> cells{"L2/size:64",
                                         "L2/by_socket/size:64",
                                         "L2/by_socket/size:9000",
                                         "broadcast/ports:2",
                                         "unknown/ports:2",
                                         "macs:2",
                                         "macs:100",
                                         "learning"};
    EXPECT_EQ(document.at("cells").size(), cells.size() * sides_.size());
    for (const auto& cell : cells)
        for (const auto& side : sides_) {
            SCOPED_TRACE(::testing::Message() << cell << ' ' << side);
            EXPECT_GT(figure(document, cell, side, "ns"), 0);
            EXPECT_GT(figure(document, cell, side, "mframes"), 0);
            // A socket's frames may overrun the queue of a busy machine.
            if (cell.find("socket") == std::string::npos) {
                EXPECT_EQ(figure(document, cell, side, "arrived"), 1);
            }
        }
    EXPECT_GE(figure(document, "learning", "xdp", "learned"), 999);
    EXPECT_GT(std::filesystem::file_size(folder_.file("plots/cost-by-macs.png")), 1000U);
}

TEST_F(BenchForwarding, Routes) {
    const json document = measure("26.1/L3/.*size:(64|9000)$");
    for (const std::string kind : {"L3/svis/", "L3/routed_ports/"})
        for (const std::string cell : {"size:64", "by_socket/size:64", "by_socket/size:9000"})
            for (const auto& side : sides_)
                EXPECT_GT(figure(document, kind + cell, side, "arrived"), 0);
    EXPECT_EQ(figure(document, "L3/svis/size:64", "xdp", "routed_by_itself"), 1);
}

TEST_F(BenchForwarding, LosesWhatIsTooMuch) {
    const json document = measure("26.3/size:64$");
    for (const auto& side : sides_) {
        const double lost = figure(document, "size:64/offered:100%", side, "lost");
        EXPECT_GE(lost, 0);
        EXPECT_LT(lost, 1);
        EXPECT_GT(figure(document, "size:64/offered:100%", side, "offered_mframes"), 0);
        EXPECT_GT(figure(document, "size:64", side, "mframes", "rfc2889_5.6"), 0);
        EXPECT_GE(figure(document, "size:64", side, "frames", "rfc2544_26.4"), 0);
    }
}

TEST_F(BenchForwarding, CongestionOfOnePortIsNotTheOthers) {
    const json document = measure("5.5/");
    for (const auto& side : sides_) {
        SCOPED_TRACE(side);
        EXPECT_EQ(figure(document, "two_to_two", side, "lost_free"), 0);
        EXPECT_GE(figure(document, "two_to_two", side, "lost_congested"), 0);
    }
}

TEST_F(BenchForwarding, TellsWhatBecomesOfErroredFrames) {
    const json document = measure("5.9/");
    for (const auto& side : sides_) {
        SCOPED_TRACE(side);
        EXPECT_EQ(figure(document, "none (a good frame)", side, "arrived"), 10);
        for (const std::string kind : {"truncated in its VLAN tag", "source is a group",
                                       "source is zero", "oversize for the egress port"})
            EXPECT_EQ(figure(document, kind, side, "arrived"), 0) << kind;
    }
    for (const std::string side : {"tc", "xdp"}) {
        const auto note = [&](const std::string& kind) {
            return entry(document, kind, side).at("note").get<std::string>();
        };
        EXPECT_THAT(note("source is a group"), HasSubstr("src_multicast +10"));
        EXPECT_THAT(note("source is zero"), HasSubstr("src_zero +10"));
        EXPECT_THAT(note("oversize for the egress port"), HasSubstr("mtu +10"));
        EXPECT_THAT(note("VLAN that the port is not in"), HasSubstr("vlan +10"));
        EXPECT_THAT(note("VLAN id 4095"), HasSubstr("vlan +10"));
    }
}

TEST_F(BenchForwarding, ACellThatIsNoExpressionIsWrongUsage) {
    const auto result = sandbox::run(
        {XDPB_BENCH_FORWARDING, "--cells", "(", "--json", folder_.file("json"), "--plots", ""});
    EXPECT_NE(result.exit_code, 0);
    EXPECT_FALSE(std::filesystem::exists(folder_.file("json")));
}

} // namespace
} // namespace xdpbridge
