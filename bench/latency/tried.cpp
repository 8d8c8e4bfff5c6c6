// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Other ways to keep urgent frames from waiting, as plainly as each can be had. docs/latency.md
// says what came of them.
#include "our_path.h"
#include "placement.h"

#include <sandbox/netns_scope.h>
#include <sandbox/tap.h>
#include <xdpbridge/xdpbridge.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <queue_per_class.skel.h>

#include <stdexcept>

namespace xdpbridge::bench {

namespace {

// A quarter less than what the slow reader takes by default.
constexpr std::uint64_t below_drain_pps = 75'000;
constexpr std::uint64_t below_drain_bits = below_drain_pps * 1400 * 8;

// A tap with room for 8 frames, for all of them.
class ShortRing : public OurPath {
  public:
    ShortRing(Net& net, const Target& target) : OurPath(net, target, Hook::xdp, false) {
        set_length(8);
    }
    ~ShortRing() override {
        sandbox::run(
            {"ip", "-n", switch_netns, "link", "set", "dev", target().tap, "txqueuelen", "1000"});
    }

  private:
    void set_length(int frames) {
        box().ip(switch_netns,
                 {"link", "set", "dev", target().tap, "txqueuelen", std::to_string(frames)});
    }
};

// A token bucket by hand: all UDP policed below what the reader takes.
class Police : public OurPath {
  public:
    Police(Net& net, const Target& target) : OurPath(net, target, Hook::xdp, false) {
        AclRule rule;
        rule.protocol = 17;
        rule.action = AclAction::police;
        rule.rate = {.packets = below_drain_pps, .packet_burst = 8};
        bridge().acl().add(rule);
    }
};

// By tc, and a qdisc on the tap that shapes all but PTP below what the reader takes.
class Htb : public OurPath {
  public:
    Htb(Net& net, const Target& target) : OurPath(net, target, Hook::tc, false) {
        tc({"qdisc", "add", "dev", target.tap, "root", "handle", "1:", "htb", "default", "20"});
        add_class("1:10", 10 * below_drain_bits);
        add_class("1:20", below_drain_bits);
        tc({"filter", "add", "dev", target.tap, "parent", "1:", "bpf", "bytecode",
            "4,40 0 0 12,21 0 1 35063,6 0 0 65552,6 0 0 0"}); // ethertype 0x88f7: 1:10
    }
    ~Htb() override {
        sandbox::run({"tc", "-n", switch_netns, "qdisc", "del", "dev", target().tap, "root"});
    }

  private:
    static void tc(sandbox::Argv words) {
        words.insert(words.begin(), {"tc", "-n", switch_netns});
        sandbox::check(words);
    }
    void add_class(const std::string& id, std::uint64_t bits) {
        tc({"class", "add", "dev", target().tap, "parent", "1:", "classid", id, "htb", "rate",
            fmt::format("{}bit", bits), "burst", "16k", "cburst", "16k"});
    }
};

// A queue of the tap for each class: bpf/queue_per_class.bpf.c.
class Queues : public Path {
  public:
    Queues(Net& net, const Target& target)
        : Path(net, target), skeleton_(queue_per_class::open(), queue_per_class::destroy) {
        if (!skeleton_)
            throw sandbox::system_error("open the program with a queue for each class");
        box().ip(switch_netns, {"tuntap", "add", tap, "mode", "tap", "multi_queue"});
        box().ip(switch_netns, {"link", "set", "dev", tap, "addrgenmode", "none", "up"});
        try {
            attach();
        } catch (...) {
            remove_tap();
            throw;
        }
    }
    ~Queues() override {
        sandbox::run({"ip", "-n", switch_netns, "link", "set", "dev", uplink, "xdpdrv", "off"});
        remove_tap();
    }
    std::vector<sandbox::Fd> open() override {
        std::vector<sandbox::Fd> fds;
        for (int queue = 0; queue < 2; queue++)
            fds.push_back(sandbox::open_tap(switch_netns, tap, true));
        return fds;
    }

  private:
    static void remove_tap() { sandbox::run({"ip", "-n", switch_netns, "link", "del", tap}); }
    void attach() {
        const auto other_cpu =
            static_cast<std::uint32_t>(placement().receiver); // probes come in on another
        skeleton_->rodata->other_cpu = other_cpu;
        bpf_map__set_max_entries(skeleton_->maps.cpus,
                                 static_cast<__u32>(libbpf_num_possible_cpus()));
        bpf_program__set_expected_attach_type(skeleton_->progs.other_queue, BPF_XDP_CPUMAP);
        const sandbox::NetnsScope scope(switch_netns);
        const std::uint32_t zero = 0, ifindex = ::if_nametoindex(tap.c_str());
        if (queue_per_class::load(skeleton_.get()) != 0)
            throw sandbox::system_error("load the program with a queue for each class");
        bpf_cpumap_val value{.qsize = 1000,
                             .bpf_prog = {.fd = bpf_program__fd(skeleton_->progs.other_queue)}};
        if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.tap), &zero, &ifindex, BPF_ANY) != 0 ||
            bpf_map_update_elem(bpf_map__fd(skeleton_->maps.cpus), &other_cpu, &value, BPF_ANY) !=
                0)
            throw sandbox::system_error("name the CPU of what is not urgent");
        if (bpf_xdp_attach(static_cast<int>(::if_nametoindex(uplink.c_str())),
                           bpf_program__fd(skeleton_->progs.queue_per_class), XDP_FLAGS_DRV_MODE,
                           nullptr) != 0)
            throw sandbox::system_error("attach the program with a queue for each class");
    }

    static inline const std::string tap = "queues";
    std::unique_ptr<queue_per_class, void (*)(queue_per_class*)> skeleton_;
};

} // namespace

std::unique_ptr<Path> make_tried(Net& net, const Target& target, Tried tried) {
    switch (tried) {
    case Tried::short_ring:
        return std::make_unique<ShortRing>(net, target);
    case Tried::police:
        return std::make_unique<Police>(net, target);
    case Tried::htb:
        return std::make_unique<Htb>(net, target);
    case Tried::queues:
        break;
    }
    return std::make_unique<Queues>(net, target);
}

} // namespace xdpbridge::bench
