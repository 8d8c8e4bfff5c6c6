// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The programs that are measured side by side. Each is a switch with two ports; the frames come in
// on the first.
#pragma once
#include "lab.h"

#include <sandbox/frames.h>

#include <xdpbridge/bridge.h>
#include <xdpbridge/fdb.h>
#include <xdpbridge/stats.h>

#include <fib_forward.skel.h>
#include <floor_redirect.skel.h>
#include <plain_learning.skel.h>
#include <restore.skel.h>
#include <sink.skel.h>
#include <vary.skel.h>

#include <cstdint>
#include <linux/bpf.h>
#include <memory>

namespace xdpbridge::bench {

// Hosts come in pairs: source(n) is behind the first port, destination(n) behind the second.
// vary.bpf.c makes the same addresses.
Mac source(std::uint32_t n);
Mac destination(std::uint32_t n);

// Destroys a BPF skeleton of bpftool.
struct Destroy {
    template <typename Skeleton>
    void operator()(Skeleton* skeleton) const noexcept {
        Skeleton::destroy(skeleton);
    }
};
template <typename Skeleton>
using Loaded = std::unique_ptr<Skeleton, Destroy>;

class Contender {
  public:
    virtual ~Contender() = default;
    [[nodiscard]] virtual int program() const = 0;
    // That it was loaded with: a program that calls it has to have the same.
    [[nodiscard]] virtual std::uint32_t load_flags() const { return 0; }
    // From now on the hosts of this many pairs are known, and no others.
    virtual void know(std::uint32_t pairs) = 0;
};

// bpf/floor.bpf.c
class Floor : public Contender {
  public:
    explicit Floor(const Devices& devices);
    [[nodiscard]] int program() const override;
    void know(std::uint32_t) override {}

  private:
    Loaded<floor_redirect> skeleton_;
};

// bpf/plain_learning.bpf.c
class Plain : public Contender {
  public:
    Plain(const Devices& devices, std::uint32_t fdb_size);
    [[nodiscard]] int program() const override;
    void know(std::uint32_t pairs) override;

  private:
    Devices devices_;
    Loaded<plain_learning> skeleton_;
};

// bpf/fib_forward.bpf.c
class FibForward : public Contender {
  public:
    explicit FibForward(const Devices& devices);
    [[nodiscard]] int program() const override;
    void know(std::uint32_t) override {}

  private:
    Loaded<fib_forward> skeleton_;
};

// A bridge of this project, as `xdp-bridge add` makes it; it goes with the object. Without offloads
// its ports are as those of network cards: the program does not look for partial checksums. Its
// first port is devices.in.
class Ours : public Contender {
  public:
    Ours(const Devices& devices, BridgeOptions options, bool offloads,
         const std::string& name = "bench");
    ~Ours() override;
    [[nodiscard]] int program() const override;
    [[nodiscard]] std::uint32_t load_flags() const override { return BPF_F_XDP_HAS_FRAGS; }
    void know(std::uint32_t pairs) override;
    [[nodiscard]] Bridge& bridge() { return bridge_; }
    [[nodiscard]] PortCounters counters() const; // of the port that the frames come in on
    [[nodiscard]] std::uint32_t learned() const; // there

  private:
    void clear_offloads();

    Devices devices_;
    Bridge bridge_;
    int program_ = -1;
};

// Any of them with vary.bpf.c in front of it.
class Varied {
  public:
    Varied(const Contender& contender, std::uint32_t pairs);
    [[nodiscard]] int program() const;

  private:
    Loaded<vary> skeleton_;
};

// Any of them with restore.bpf.c in front of it.
class Restored {
  public:
    Restored(const Contender& contender, const sandbox::Frame& frame);
    [[nodiscard]] int program() const;

  private:
    Loaded<restore> skeleton_;
};

// Takes the frames that leave by a port, the second one of a Lab, at the far end of its veth.
class Sink {
  public:
    explicit Sink(const std::string& device = "out-peer");
    [[nodiscard]] std::uint64_t frames() const { return skeleton_->bss->frames; } // so far

  private:
    Loaded<sink> skeleton_;
    std::unique_ptr<bpf_link, int (*)(bpf_link*)> link_;
};

} // namespace xdpbridge::bench
