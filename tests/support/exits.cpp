// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/exits.h"

#include <xdpbridge/port.h>
#include <xdpbridge/stats.h>

#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>

namespace xdpbridge::test {

namespace {

class Recorder {
  public:
    Recorder(const char* hook, std::string test) : hook_(hook), test_(std::move(test)) {}

    void count(std::string_view kind, std::string_view name, std::uint64_t frames) {
        if (frames != 0)
            lines_ += fmt::format("{} {} {} {}\n", hook_, kind, name, test_);
    }
    template <typename Reason>
    void count_reasons(std::string_view kind, const auto& frames) {
        for (std::size_t i = 0; i < std::size(frames); i++)
            count(kind, name_of(static_cast<Reason>(i)), frames[i]);
    }
    [[nodiscard]] const std::string& lines() const { return lines_; }

  private:
    const char* hook_;
    std::string test_;
    std::string lines_;
};

std::string lines_of(const PortCounters& port, const char* hook, const std::string& test) {
    Recorder recorder(hook, test);
    recorder.count("exit", "forwarded", port.forwarded);
    recorder.count("exit", "flooded", port.flooded);
    recorder.count("exit", "passed", port.passed);
    recorder.count("exit", "answered", port.answered);
    recorder.count("exit", "handed", port.handed_total());
    recorder.count("exit", "dropped", port.dropped_total());
    recorder.count("way", "routed", port.routed);
    recorder.count("way", "mirrored", port.mirrored);
    recorder.count("way", "moved_here", port.moved_here);
    recorder.count("way", "quota_exceeded", port.quota_exceeded);
    recorder.count("way", "fdb_full", port.fdb_full);
    recorder.count_reasons<xdpb_drop_reason>("drop", port.dropped);
    recorder.count_reasons<xdpb_hand_reason>("hand", port.handed);
    recorder.count_reasons<xdpb_stack_reason>("to_stack", port.to_stack);
    recorder.count_reasons<xdpb_filter_reason>("filter", port.filtered);
    recorder.count_reasons<xdpb_refusal_reason>("refused", port.refused);
    return recorder.lines();
}

} // namespace

void record_exits(const Bridge& bridge) {
    const char* file = std::getenv("XDPB_EXITS");
    if (file == nullptr)
        return;
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    const std::string name = fmt::format("{}.{}", test->test_suite_name(), test->name());
    std::string lines;
    for (const auto& port : bridge.ports().list()) {
        lines += lines_of(bridge.stats().port(port.number, XDPB_HOOK_XDP), "xdp", name);
        lines += lines_of(bridge.stats().port(port.number, XDPB_HOOK_TC), "tc", name);
    }
    // One write, which other tests' do not get between (O_APPEND).
    std::ofstream out(file, std::ios::app);
    out << lines << std::flush;
    EXPECT_TRUE(out) << file;
}

} // namespace xdpbridge::test
