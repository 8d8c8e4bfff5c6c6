// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli_test.h"

#include "sandbox/frames.h"
#include "sandbox/packet_socket.h"

#include <csignal>
#include <thread>

namespace xdpbridge::test {
namespace {

using namespace std::chrono_literals;

class LatencyCliTest : public CliTest {
  protected:
    void SetUp() override {
        make_bridge();
        move_peers_to_hosts();
        cli_ok({"fdb", "add", "br0", "02:00:00:00:00:02", "--port", "v2", "--static"});
    }
    static void send_frame() {
        const sandbox::Frame frame =
            sandbox::Ethernet{.dst = "02:00:00:00:00:02", .src = "02:00:00:00:00:01"} /
            sandbox::IPv4{.src = "10.0.0.1", .dst = "10.0.0.2"} / sandbox::Udp{} /
            sandbox::Payload{20};
        sandbox::PacketSocket("hosts", "v1-peer").send(frame);
    }
    // Sends frames until it ends.
    static void feed(sandbox::Process& process) {
        for (int i = 0; i < 500 && process.running(); i++, std::this_thread::sleep_for(10ms))
            send_frame();
    }
    static bool measuring() {
        return json({"show", "br0"})[0]["features"].dump().find("latency") != std::string::npos;
    }
    static bool eventually(const std::function<bool()>& condition) {
        for (int i = 0; i < 100; i++, std::this_thread::sleep_for(20ms))
            if (condition())
                return true;
        return false;
    }
};

TEST_F(LatencyCliTest, PrintsATableForEachInterval) {
    sandbox::Process process(
        {XDPB_CLI, "-j", "latency", "br0", "--interval", "0.5", "--count", "2"});
    feed(process);
    ASSERT_EQ(process.wait(5000ms), 0) << process.err();
    const std::string out = process.out();
    const auto second = out.find("\n]\n") + 3; // the first interval may have begun late
    const auto rows = nlohmann::json::parse(out.substr(second));
    ASSERT_EQ(rows.size(), 2U) << out;
    EXPECT_EQ(rows[0]["device"], "v2");
    EXPECT_EQ(rows[0]["class"], "normal");
    EXPECT_EQ(rows[0]["part"], "switch");
    EXPECT_GE(rows[0]["frames"], 10);
    EXPECT_GT(rows[0]["max_ns"], 0);
    EXPECT_GE(rows[0]["buckets"].size(), 1U);
    EXPECT_EQ(rows[1]["part"], "transmit");
    EXPECT_FALSE(measuring());
}

TEST_F(LatencyCliTest, DrawsHistogramsForAPerson) {
    sandbox::Process process(
        {XDPB_CLI, "latency", "br0", "--interval", "0.5", "--count", "1", "--histogram"});
    feed(process);
    ASSERT_EQ(process.wait(5000ms), 0) << process.err();
    EXPECT_THAT(process.out(), HasSubstr("v2 normal switch"));
    EXPECT_THAT(process.out(), HasSubstr("####"));
}

TEST_F(LatencyCliTest, EndsInOrderWhenInterrupted) {
    sandbox::Process process({XDPB_CLI, "latency", "br0"});
    ASSERT_TRUE(eventually(measuring));
    expect_error({"latency", "br0"}, 1, {"somebody else measures"});
    process.signal(SIGINT);
    ASSERT_EQ(process.wait(5000ms), 0) << process.err();
    EXPECT_FALSE(measuring());
}

TEST_F(LatencyCliTest, WhatAKilledOneLeftGoesWithTheNextChange) {
    sandbox::Process process({XDPB_CLI, "latency", "br0"});
    ASSERT_TRUE(eventually(measuring));
    process.kill_and_wait();
    cli_ok({"set", "br0", "--ageing", "20"});
    EXPECT_FALSE(measuring());
    EXPECT_EQ(cli({"latency", "br0", "--interval", "0.1", "--count", "1"}).exit_code, 0);
}

TEST_F(LatencyCliTest, SaysWhatIsWrong) {
    expect_error({"latency"}, 2, {"bridge"});
    expect_error({"latency", "br9"}, 1, {"'br9'", "no such bridge"});
    expect_error({"latency", "br0", "--port", "v9"}, 1, {"'v9' is no port"});
    expect_error({"latency", "br0", "--interval", "0"}, 2, {"--interval"});
}

} // namespace
} // namespace xdpbridge::test
