// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Many at once: processes and threads that change one bridge, and traffic that goes on meanwhile.
#include "support/switch_test.h"

#include <algorithm>
#include <atomic>
#include <bpf/libbpf.h>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <list>
#include <set>
#include <sys/file.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

namespace xdpbridge::test {
namespace {

using namespace std::chrono_literals;
using ::testing::UnorderedElementsAre;

class ConcurrencyTest : public SwitchTest {
  protected:
    std::set<std::uint16_t> port_numbers() {
        std::set<std::uint16_t> numbers;
        for (const auto& port : ports_.list())
            numbers.insert(port.number);
        return numbers;
    }
};

TEST_F(ConcurrencyTest, ProcessesAddPorts) {
    for (const char* device : {"eth0", "eth1", "eth2", "eth3", "eth4", "eth5"})
        make_veth(device);
    {
        std::list<Child> children;
        for (int first : {0, 2, 4})
            children.emplace_back([first] {
                for (int i = first; i < first + 2; i++)
                    Bridge::open("switch").ports().add(fmt::format("eth{}", i));
            });
        for (auto& child : children)
            EXPECT_TRUE(child.wait());
    }
    EXPECT_EQ(port_numbers(), (std::set<std::uint16_t>{1, 2, 3, 4, 5, 6}));
    for (const auto& port : ports_.list())
        EXPECT_EQ(port.state, PortState::down) << port.device;
}

TEST_F(ConcurrencyTest, ThreadsAddPorts) {
    for (const char* device : {"eth0", "eth1", "eth2", "eth3"})
        make_veth(device);
    std::atomic<int> failures = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; i++)
            threads.emplace_back([i, &failures] {
                failures += error_of([i] {
                                Bridge::open("switch").ports().add(fmt::format("eth{}", i));
                            }).code() != std::error_code(0, std::generic_category());
            });
    }
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(port_numbers(), (std::set<std::uint16_t>{1, 2, 3, 4}));
}

// Runs action as often as there are codes, at the same time, and returns the errno of each.
std::vector<int> race(int runners, const std::function<void(int)>& action) {
    std::vector<int> codes(static_cast<std::size_t>(runners));
    std::vector<std::jthread> threads;
    for (int i = 0; i < runners; i++)
        threads.emplace_back([i, &action, &codes] {
            codes[static_cast<std::size_t>(i)] = error_of([&] { action(i); }).code().value();
        });
    threads.clear();
    return codes;
}

TEST_F(ConcurrencyTest, ADeviceIsAddedByOneOfThem) {
    make_veth("eth0");
    const auto codes = race(3, [](int) { Bridge::open("switch").ports().add("eth0", at_xdp); });
    EXPECT_THAT(codes, UnorderedElementsAre(0, EEXIST, EEXIST));
    EXPECT_EQ(ports_.list().size(), 1U);
}

TEST_F(ConcurrencyTest, ADeviceIsAddedToOneOfTwoBridges) {
    Bridge::create("other");
    make_veth("eth0");
    const auto codes =
        race(2, [](int i) { Bridge::open(i ? "other" : "switch").ports().add("eth0", at_xdp); });
    EXPECT_THAT(codes, UnorderedElementsAre(0, EBUSY));
    EXPECT_EQ(ports_.list().size() + Bridge::open("other").ports().list().size(), 1U);
    EXPECT_NE(xdp_program_on("eth0"), 0U);
}

TEST_F(ConcurrencyTest, ABridgeIsCreatedByOneOfThem) {
    const auto codes = race(3, [](int) { Bridge::create("other"); });
    EXPECT_THAT(codes, UnorderedElementsAre(0, EEXIST, EEXIST));
    EXPECT_EQ(Bridge::open("other").info().ports, 0U);
}

TEST_F(ConcurrencyTest, ABridgeIsRemovedByOneOfThem) {
    Bridge::create("other");
    const auto codes = race(3, [](int) { Bridge::remove("other"); });
    EXPECT_THAT(codes, UnorderedElementsAre(0, ENOENT, ENOENT));
}

TEST_F(ConcurrencyTest, AChangeWaitsForTheLock) {
    const Fd folder(::open(bridge_.info().folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_EQ(::flock(folder.get(), LOCK_EX), 0);
    std::atomic<bool> released = false;
    std::jthread holder([&] {
        std::this_thread::sleep_for(100ms);
        released = true;
        ::flock(folder.get(), LOCK_UN);
    });
    bridge_.set_ageing(50s);
    EXPECT_TRUE(released);
}

int print_of_application(libbpf_print_level, const char*, va_list) {
    return 0;
}

// The library keeps libbpf's messages to itself while it works. What the application had set has to
// be back afterwards, whichever thread comes first and whichever goes last.
TEST_F(ConcurrencyTest, TheApplicationKeepsItsPrintFunction) {
    Bridge::create("other"); // each bridge has a lock of its own, so that the threads do meet
    make_veth("eth0");
    make_veth("eth1");
    libbpf_set_print(print_of_application);
    const auto codes = race(2, [](int i) {
        auto ports = Bridge::open(i ? "other" : "switch").ports();
        for (int round = 0; round < 10; round++) {
            ports.add(fmt::format("eth{}", i));
            ports.remove(fmt::format("eth{}", i));
        }
    });
    EXPECT_THAT(codes, UnorderedElementsAre(0, 0));
    EXPECT_EQ(libbpf_set_print(nullptr), print_of_application);
}

// Lets new hosts send as fast as they can, from a process of its own, until it is destroyed.
class Traffic {
  public:
    Traffic(std::vector<int> programs, std::uint32_t hosts)
        : child_([programs = std::move(programs), hosts] {
              std::vector<std::uint8_t> frame(64, 0);
              for (std::uint32_t i = 0;; i++) {
                  const Mac source = host(1 + (i * 2654435761U) % hosts);
                  std::copy(broadcast.octets.begin(), broadcast.octets.end(), frame.begin());
                  std::copy(source.octets.begin(), source.octets.end(), frame.begin() + 6);
                  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                              .data_size_in = static_cast<std::uint32_t>(frame.size()),
                              .repeat = 1);
                  bpf_prog_test_run_opts(programs[(i >> 3) % programs.size()], &options);
              }
          }) {}

  private:
    Child child_;
};

// A count that drifts ends as a quota that is never free again.
class LearnedInStepTest : public ConcurrencyTest {
  protected:
    static constexpr std::uint32_t hosts = 4000;
    const Port a_ = add_port();
    const Port b_ = add_port();
    const Map<std::uint32_t, xdpb_bridge> map_{
        Fd(bpf_obj_get((bridge_.info().folder / "bridge").c_str()))};

    // What a command after a killed one does: it counts anew.
    void TearDown() override {
        auto bridge = map_.lookup(0).value();
        bridge.fdb_changing = 1;
        map_.update(0, bridge);
        bridge_.set_ageing(bridge_.info().ageing);
        SwitchTest::TearDown();
    }

    // Lets hosts appear and move while action runs, several times, and compares after each.
    void during_traffic(const std::function<void()>& action) {
        for (int round = 0; round < 10; round++) {
            const auto before = counters(a_).rx_packets;
            {
                const Traffic traffic({a_.program.get(), b_.program.get()}, hosts);
                while (counters(a_).rx_packets == before)
                    std::this_thread::yield();
                action();
            }
            for (const Port* port : {&a_, &b_})
                // A host that moves in the very instant in which its entry is taken out by hand may
                // be counted off the port that it left: there is no atomic "take" for a BPF
                // program.
                ASSERT_NEAR(learned(*port), static_cast<double>(learned_in_table(port->number)), 8)
                    << port->device << ", round " << round;
        }
    }
};

TEST_F(LearnedInStepTest, WhileEntriesAreChangedOneByOne) {
    during_traffic([&] {
        for (std::uint32_t i = 0; i < 500; i++) {
            fdb_.add({.mac = host(1 + i), .port = a_.number, .is_static = i % 3 == 0});
            fdb_.remove(host(1 + (i * 7) % hosts));
        }
    });
}

TEST_F(LearnedInStepTest, WhileEntriesAreFlushed) {
    during_traffic([&] {
        for (int i = 0; i < 10; i++)
            fdb_.flush({.port = b_.number});
    });
}

TEST_F(LearnedInStepTest, WhileEntriesAreLoaded) {
    std::vector<FdbEntry> entries;
    for (std::uint32_t i = 1; i <= hosts / 2; i++)
        entries.push_back({.mac = host(i), .port = a_.number});
    during_traffic([&] { fdb_.load(entries); });
}

} // namespace
} // namespace xdpbridge::test
