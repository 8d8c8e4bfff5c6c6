// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "folder.h"

#include <sandbox/files.h>
#include <sandbox/process.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace xdpbridge {
namespace {

using nlohmann::json;

// Some attacks in a tiny form. What they do to the FDB is told, whatever is said of speed.
class BenchHostile : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto result = sandbox::run(
            {XDPB_BENCH_HOSTILE, "--rounds", "1", "--share", "0.001", "--cells",
             "spoofed/(quota|fdb:16384)|flapping/(unprotected|source_guard)|collisions/seed_known$",
             "--json", folder_.file("json"), "--markdown", folder_.file("md")},
            {.timeout = std::chrono::seconds(200)});
        ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
        EXPECT_EQ(result.out, sandbox::read_file(folder_.file("md")));
        document_ = json::parse(sandbox::read_file(folder_.file("json")));
    }
    double figure(const std::string& cell, const std::string& name) {
        for (const auto& one : document_.at("cells"))
            if (one.at("cell") == cell)
                return one.at("median").at(name);
        ADD_FAILURE() << "no cell " << cell;
        return -1;
    }

    Folder folder_;
    json document_;
};

TEST_F(BenchHostile, TellsWhatBecomesOfTheNeighbours) {
    EXPECT_EQ(document_.at("cells").size(), 5U);
    for (const std::string cell :
         {"spoofed/quota:64", "spoofed/fdb:16384", "flapping/source_guard"}) {
        SCOPED_TRACE(cell);
        EXPECT_EQ(figure(cell, "in_place"), figure(cell, "neighbours"));
        EXPECT_EQ(figure(cell, "lost"), 0);
        EXPECT_GT(figure(cell, "refused"), 0);
        EXPECT_EQ(figure(cell, "refused"), figure(cell, "counted"));
        EXPECT_GT(figure(cell, "kept_per_cpu_second"), 0);
    }
    EXPECT_EQ(figure("flapping/unprotected", "in_place"), 0);
    EXPECT_GT(figure("flapping/unprotected", "lost"), 0);
    EXPECT_GT(figure("collisions/seed_known", "longest_chain"), 8000);
}

} // namespace
} // namespace xdpbridge
