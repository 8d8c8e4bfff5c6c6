// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A switch with four ports: good neighbours behind the first two, an attacker behind the third, and
// a host of the attacker's own behind the fourth. The neighbours have the first CPU and the
// attacker the second, as if each had a network card with a queue of its own.
#pragma once
#include "../contenders.h"

#include <xdpbridge/xdpbridge.h>

#include <attack.skel.h>
#include <witness.skel.h>

#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace xdpbridge::bench {

// What comes in at the third port.
struct Traffic {
    sandbox::Frame frame;
    std::optional<std::vector<Mac>> sources = {}; // in turn; empty: a new one in each frame
    std::uint32_t frames = 0;                     // in all; 0: until it is stopped
};

struct BedOptions {
    std::uint32_t fdb_size = 16384;
    std::uint32_t pairs = 1000;     // of neighbours who talk with each other
    std::uint32_t mac_quota = 0;    // of the attacker's port
    PortSettings settings = {};     // likewise
    std::vector<Mac> bound = {};    // likewise: whom its source guard lets send
    bool static_neighbours = false; // their entries are
};

// Of the neighbours, in some time.
struct Measured {
    double seconds = 0;     // of the clock, from the first frame to the last of each run
    double cpu_seconds = 0; // of the thread that serves their ports
    std::uint64_t sent = 0, arrived = 0;
    [[nodiscard]] double rate() const { return static_cast<double>(arrived) / seconds; }
    [[nodiscard]] double per_cpu() const { return static_cast<double>(arrived) / cpu_seconds; }
};

// Frames at the far end of a port.
class Witness {
  public:
    explicit Witness(const std::string& device);
    [[nodiscard]] std::uint64_t good() const { return skeleton_->bss->good; }
    [[nodiscard]] std::uint64_t others() const { return skeleton_->bss->others; }
    [[nodiscard]] static std::uint8_t mark() { return 0x55; }

  private:
    Loaded<witness> skeleton_;
    std::unique_ptr<bpf_link, int (*)(bpf_link*)> link_;
};

// Sends on the second CPU as long as it lives.
class Attacker {
  public:
    Attacker(const Contender& port, std::uint32_t ifindex, Traffic traffic);
    ~Attacker();
    Attacker(const Attacker&) = delete;
    Attacker& operator=(const Attacker&) = delete;
    void wait_for_first() const;
    [[nodiscard]] bool done() const { return done_; } // all frames are sent
    [[nodiscard]] std::uint64_t sent() const { return skeleton_->bss->frames; } // so far
    std::uint64_t stop(); // how many frames it sent; throws what went wrong

  private:
    void run();

    Loaded<attack> skeleton_;
    std::uint32_t ifindex_;
    Traffic traffic_;
    std::exception_ptr error_;
    std::atomic<bool> stop_ = false, done_ = false;
    std::thread thread_;
};

class Bed {
  public:
    Bed(const Lab& lab, const BedOptions& options);
    Bed(const Bed&) = delete;
    Bed& operator=(const Bed&) = delete;

    // Lets the neighbours send so many frames at full speed, half of them each way; if all_of is
    // given as many times as it takes until its frames are sent.
    Measured talk(std::uint32_t frames, const Attacker* all_of = nullptr);
    [[nodiscard]] std::unique_ptr<Attacker> attack(Traffic traffic) const;

    // Of the neighbours' entries, those that are where they were.
    [[nodiscard]] std::size_t neighbours_in_place();
    [[nodiscard]] std::size_t neighbours() const { return std::size_t{2} * options_.pairs; }
    [[nodiscard]] Bridge& bridge() { return ours_.bridge(); }
    [[nodiscard]] PortCounters attacker_port() { return bridge().stats().port(third_.number()); }
    [[nodiscard]] std::uint32_t learned(); // at the attacker's port

    // 60 bytes from the attacker's own host to that behind the fourth port.
    static sandbox::Frame frame_of_attacker(const std::string& dst = mac_of(4, 0).to_string());
    static Mac attacker() { return mac_of(3, 0); }

  private:
    // A port of the bridge as Varied calls it.
    class PortOf : public Contender {
      public:
        PortOf(Bridge& bridge, const std::string& device);
        [[nodiscard]] int program() const override { return program_.get(); }
        [[nodiscard]] std::uint32_t load_flags() const override { return BPF_F_XDP_HAS_FRAGS; }
        void know(std::uint32_t) override {}
        [[nodiscard]] std::uint16_t number() const { return number_; }

      private:
        std::uint16_t number_;
        sandbox::Fd program_;
    };
    [[nodiscard]] std::uint64_t arrived() const;

    Devices neighbours_, attackers_;
    BedOptions options_;
    Ours ours_;
    PortOf first_, second_, third_;
    Varied from_first_, from_second_;
    Witness at_first_{"in-peer"}, at_second_{"out-peer"}, at_third_{"in2-peer"},
        at_fourth_{"out2-peer"};
};

} // namespace xdpbridge::bench
