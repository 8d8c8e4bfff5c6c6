// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Upgrades under traffic: every frame is counted. XDPB_UPGRADES=1000 makes it the long run.
#include "network_test.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <thread>

namespace xdpbridge::test {
namespace {

unsigned upgrades() {
    const char* text = std::getenv("XDPB_UPGRADES");
    return text ? static_cast<unsigned>(std::atoi(text)) : 5;
}

// As many frames as the path takes, but never so many on their way that a queue overflows: what is
// lost then is lost by the switch.
class FullLoad {
  public:
    FullLoad(const Host& from, const Host& to, std::vector<Frame> frames)
        : frames_(std::move(frames)),
          in_(to.netns, to.device),
          out_(from.netns, from.device),
          receiver_([this] { receive(); }),
          sender_([this] { send(); }) {}
    ~FullLoad() { stop(); }

    void stop() {
        stopped_ = true;
        if (sender_.joinable())
            sender_.join();
        if (receiver_.joinable())
            receiver_.join();
    }
    [[nodiscard]] std::uint64_t sent() const { return sent_; }
    [[nodiscard]] std::uint64_t received() const { return received_; }

  private:
    static constexpr std::uint64_t window = 64;

    void send() {
        while (!stopped_) {
            if (sent_ - received_ >= window) {
                std::this_thread::yield();
                continue;
            }
            const Frame& frame = frames_[sent_++ % frames_.size()];
            out_.send(frame);
        }
        all_sent_ = true;
    }
    // Until all have come, or none has for a while after the last was sent.
    void receive() {
        while (!all_sent_ || received_ < sent_) {
            const auto frame = in_.receive(soon);
            if (!frame && all_sent_)
                return;
            if (frame && std::find(frames_.begin(), frames_.end(), *frame) != frames_.end())
                received_++;
        }
    }
    std::vector<Frame> frames_;
    PacketSocket in_, out_;
    std::atomic<std::uint64_t> sent_{0}, received_{0};
    std::atomic<bool> stopped_{false}, all_sent_{false};
    std::thread receiver_, sender_;
};

class UpgradeTest : public HookNetworkTest {
  protected:
    const Host h1_ = add_host("h1");
    const Host h2_ = add_host("h2");
};

TEST_P(UpgradeTest, NoFrameIsLost) {
    for (const char* netns : {"switch", "h1", "h2"})
        sandbox::disable_ipv6(netns);
    bridge_->set_ageing(Bridge::max_ageing); // h2 is heard of once only, and the long run is long
    send(h2_, datagram(h2_.mac, h1_.mac));   // learned
    const auto learned = bridge_->fdb().entries().size();
    FullLoad load(h1_, h2_, {datagram(h1_.mac, h2_.mac), datagram(h1_.mac, "02:00:00:00:00:77")});
    std::uint64_t before = 0;
    for (unsigned i = 0; i < upgrades(); i++) {
        ASSERT_TRUE(eventually([&] { return load.received() > before + 100; })) << "upgrade " << i;
        before = load.received();
        EXPECT_EQ(Bridge::upgrade(bridge_->name(), in_switch).ports, 2U);
    }
    ASSERT_TRUE(eventually([&] { return load.received() > before + 100; }));
    load.stop();
    EXPECT_EQ(load.received(), load.sent());
    EXPECT_GE(bridge_->fdb().entries().size(), learned);
    std::cout << upgrades() << " upgrades, " << load.sent() << " frames sent, "
              << load.sent() - load.received() << " lost\n";
}

XDPB_AT_EACH_HOOK(UpgradeTest);

} // namespace
} // namespace xdpbridge::test
