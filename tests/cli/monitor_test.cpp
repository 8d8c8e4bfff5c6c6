// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli_test.h"

#include "sandbox/frames.h"
#include "sandbox/packet_socket.h"

#include <csignal>
#include <fmt/format.h>
#include <thread>

namespace xdpbridge::test {
namespace {

using namespace std::chrono_literals;

class MonitorTest : public CliTest {
  protected:
    void SetUp() override {
        make_bridge();
        move_peers_to_hosts();
    }
    static void send(const std::string& device, const std::string& src) {
        const sandbox::Frame frame =
            sandbox::Ethernet{.dst = "02:00:00:00:00:77", .src = src, .type = 0x88b5} /
            sandbox::Payload{.size = 46};
        sandbox::PacketSocket("hosts", device).send(frame);
    }
    // Until it has printed the text; false after some seconds.
    static bool prints(const sandbox::Process& monitor, const std::string& text) {
        for (int i = 0; i < 300; i++) {
            if (monitor.out().find(text) != std::string::npos)
                return true;
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }
    // A monitor that is listening.
    static sandbox::Process start(const Argv& options) {
        Argv argv = {XDPB_CLI};
        argv.insert(argv.end(), options.begin(), options.end());
        sandbox::Process monitor(argv);
        std::this_thread::sleep_for(500ms);
        return monitor;
    }
};

TEST_F(MonitorTest, TellsWhatIsLearnedAndWhatMoves) {
    auto monitor = start({"monitor", "br0"});
    send("v1-peer", "02:00:00:00:00:50");
    EXPECT_TRUE(prints(monitor, "learn 02:00:00:00:00:50 on v1")) << monitor.out();
    send("v2-peer", "02:00:00:00:00:50");
    EXPECT_TRUE(prints(monitor, "move  02:00:00:00:00:50 to v2 from v1")) << monitor.out();
    monitor.signal(SIGINT);
    EXPECT_EQ(monitor.wait(5s), 0) << "an interrupt is how one ends it, not a failure";
}

TEST_F(MonitorTest, TellsOfALimit) {
    cli_ok({"port", "set", "br0", "v1", "--mac-quota", "1"});
    cli_ok({"fdb", "flush", "br0"});
    cli_ok({"fdb", "add", "br0", "02:00:00:00:00:01", "--port", "v1"});
    auto monitor = start({"monitor", "br0"});
    send("v1-peer", "02:00:00:00:00:50");
    EXPECT_TRUE(prints(monitor, "limit 02:00:00:00:00:50 on v1")) << monitor.out();
    EXPECT_GE(json({"stats", "br0", "v1"})[0]["quota_exceeded"], 1);
}

TEST_F(MonitorTest, PrintsAnObjectALine) {
    auto monitor = start({"-j", "monitor", "br0"});
    send("v1-peer", "02:00:00:00:00:50");
    ASSERT_TRUE(prints(monitor, "02:00:00:00:00:50"));
    std::istringstream lines(monitor.out());
    std::string line;
    bool found = false;
    while (std::getline(lines, line)) {
        const auto event = nlohmann::json::parse(line);
        found =
            found || (event["event"] == "learn" && event["mac"] == "02:00:00:00:00:50" &&
                      event["device"] == "v1" && event["vlan"] == 0 && event["time"].is_number());
    }
    EXPECT_TRUE(found) << monitor.out();
}

TEST_F(MonitorTest, OneAtATime) {
    const auto monitor = start({"monitor", "br0"});
    expect_error({"monitor", "br0"}, 1, {"br0", "somebody else reads them"});
}

// A reader that stands still costs nobody a frame.
TEST_F(MonitorTest, AStalledReaderLosesEventsAndNoFrames) {
    constexpr unsigned hosts = 12'000; // more than there is room for
    sandbox::PacketSocket from("hosts", "v1-peer");
    auto monitor = start({"monitor", "br0"});
    send("v2-peer", "02:00:00:00:00:77"); // whom all of them write to
    ASSERT_TRUE(prints(monitor, "learn 02:00:00:00:00:77"));
    monitor.signal(SIGSTOP);
    const auto frames = [] {
        const auto row = json({"stats", "br0", "v2"});
        std::uint64_t sent = 0;
        for (const auto& hook : row)
            sent += hook["tx_packets"].get<std::uint64_t>();
        return sent;
    };
    const auto before = frames();
    for (unsigned i = 0; i < hosts; i++) {
        const sandbox::Frame frame =
            sandbox::Ethernet{.dst = "02:00:00:00:00:77",
                              .src = fmt::format("02:00:00:01:{:02x}:{:02x}", i >> 8, i & 255),
                              .type = 0x88b5} /
            sandbox::Payload{46};
        from.send(frame);
    }
    for (int i = 0; i < 200 && frames() - before < hosts; i++)
        std::this_thread::sleep_for(20ms);
    EXPECT_EQ(frames() - before, hosts);
    EXPECT_EQ(json({"port", "show", "br0", "v1"})[0]["learned"], hosts);
    const auto lost = json({"show"})[0]["events_lost"].get<unsigned>();
    EXPECT_GT(lost, 0U);
    EXPECT_LT(lost, hosts);
    monitor.signal(SIGCONT);
    EXPECT_TRUE(prints(monitor, fmt::format("{} events lost", lost)));
    const auto text = monitor.out();
    std::size_t told = 0;
    for (auto at = text.find("learn 02:00:00:01:"); at != std::string::npos;
         at = text.find("learn 02:00:00:01:", at + 1))
        told++;
    EXPECT_EQ(told + lost, hosts);
}

} // namespace
} // namespace xdpbridge::test
