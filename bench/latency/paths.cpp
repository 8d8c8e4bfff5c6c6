// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "our_path.h"
#include "path.h"

#include <sandbox/macvtap.h>
#include <sandbox/netns_scope.h>
#include <sandbox/tap.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <floor_redirect.skel.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

namespace xdpbridge::bench {

namespace {

// Nothing behind uplink: the least that a frame costs here.
class VethPath : public Path {
  public:
    using Path::Path;
    std::vector<sandbox::Fd> open() override {
        const sandbox::NetnsScope scope(switch_netns);
        std::vector<sandbox::Fd> fds;
        fds.emplace_back(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                         "open a packet socket");
        sockaddr_ll address{};
        address.sll_family = AF_PACKET;
        address.sll_protocol = htons(ETH_P_ALL);
        address.sll_ifindex = static_cast<int>(::if_nametoindex(uplink.c_str()));
        if (::bind(fds[0].get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw sandbox::system_error("bind a packet socket to " + uplink);
        return fds;
    }
};

class BridgePath : public Path {
  public:
    BridgePath(Net& net, const Target& target) : Path(net, target) {
        box().ip(switch_netns, {"link", "add", "kbr", "type", "bridge"});
        box().ip(switch_netns, {"link", "set", "dev", "kbr", "addrgenmode", "none", "up"});
        for (const auto& device : {uplink, target.tap})
            box().ip(switch_netns, {"link", "set", "dev", device, "master", "kbr"});
        sandbox::check({"bridge", "-n", switch_netns, "fdb", "add", target.mac, "dev", target.tap,
                        "master", "static"});
    }
    ~BridgePath() override { sandbox::run({"ip", "-n", switch_netns, "link", "del", "kbr"}); }
};

class MacvtapPath : public Path {
  public:
    MacvtapPath(Net& net, const Target& target) : Path(net, target) {
        box().ip(switch_netns, {"link", "add", "link", uplink, "name", device, "address",
                                target.mac, "type", "macvtap", "mode", "bridge"});
        box().ip(switch_netns, {"link", "set", "dev", device, "addrgenmode", "none", "up"});
    }
    ~MacvtapPath() override { sandbox::run({"ip", "-n", switch_netns, "link", "del", device}); }
    std::vector<sandbox::Fd> open() override {
        std::vector<sandbox::Fd> fds;
        fds.push_back(sandbox::open_macvtap(switch_netns, device));
        return fds;
    }

  private:
    static inline const std::string device = "macvtap0";
};

// bpf/floor.bpf.c on both devices, one for each direction.
class RedirectPath : public Path {
  public:
    RedirectPath(Net& net, const Target& target)
        : Path(net, target), there_(uplink, target.tap), back_(target.tap, uplink) {}

  private:
    class OneWay {
      public:
        OneWay(const std::string& from, const std::string& to)
            : scope_(switch_netns),
              from_(static_cast<int>(::if_nametoindex(from.c_str()))),
              skeleton_(floor_redirect::open_and_load(), floor_redirect::destroy) {
            if (!skeleton_)
                throw sandbox::system_error("load the redirect program");
            const std::uint32_t key = 1, ifindex = ::if_nametoindex(to.c_str());
            if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.devices), &key, &ifindex,
                                    BPF_ANY) != 0)
                throw sandbox::system_error("name the device to redirect to");
            if (bpf_xdp_attach(from_, bpf_program__fd(skeleton_->progs.floor_redirect),
                               XDP_FLAGS_DRV_MODE, nullptr) != 0)
                throw sandbox::system_error("attach the redirect program to " + from);
        }
        ~OneWay() { bpf_xdp_detach(from_, XDP_FLAGS_DRV_MODE, nullptr); }
        OneWay(const OneWay&) = delete;
        OneWay& operator=(const OneWay&) = delete;

      private:
        sandbox::NetnsScope scope_;
        int from_;
        std::unique_ptr<floor_redirect, void (*)(floor_redirect*)> skeleton_;
    };
    OneWay there_, back_;
};

template <typename Kind>
std::unique_ptr<Path> make(Net& net, const Target& target) {
    return std::make_unique<Kind>(net, target);
}
template <Hook hook, bool classes>
std::unique_ptr<Path> make_ours(Net& net, const Target& target) {
    return std::make_unique<OurPath>(net, target, hook, classes);
}
template <Tried tried>
std::unique_ptr<Path> make_tried_one(Net& net, const Target& target) {
    return make_tried(net, target, tried);
}
template <OvsPorts ports>
std::unique_ptr<Path> make_ovs_with(Net& net, const Target& target) {
    return make_ovs(net, target, ports);
}

constexpr std::array kinds{
    PathKind{"veth", "the floor: nothing behind uplink; a packet socket on it", make<VethPath>,
             false},
    PathKind{"bridge", "the kernel's bridge", make<BridgePath>, true},
    PathKind{"macvtap", "a macvtap on uplink, mode bridge; its own queue instead of the tap's",
             make<MacvtapPath>, false},
    PathKind{"ovs", "Open vSwitch, userspace datapath, ports by packet socket",
             make_ovs_with<OvsPorts::system>, true},
    PathKind{"ovs-afxdp", "Open vSwitch, userspace datapath, uplink by AF_XDP",
             make_ovs_with<OvsPorts::afxdp>, true},
    PathKind{"redirect", "one XDP redirect, no look at the frame", make<RedirectPath>, true},
    PathKind{"ours-xdp", "xdp-bridge, --hook xdp", make_ours<Hook::xdp, false>, true},
    PathKind{"ours-tc", "xdp-bridge, --hook tc", make_ours<Hook::tc, false>, true},
    PathKind{"ours-xdp-classes",
             "the same, --hook xdp, latency classes on, the load's UDP port bulk",
             make_ours<Hook::xdp, true>, true},
    PathKind{"ours-tc-classes", "the same, --hook tc, latency classes on, the load's UDP port bulk",
             make_ours<Hook::tc, true>, true},
    PathKind{"tried-short-ring", "ours-xdp, and txqueuelen 8 on the tap",
             make_tried_one<Tried::short_ring>, true},
    PathKind{"tried-police", "ours-xdp, and UDP policed at 75,000 frames a second",
             make_tried_one<Tried::police>, true},
    PathKind{"tried-htb", "ours-tc, and all but probes shaped at 75,000 frames a second by HTB",
             make_tried_one<Tried::htb>, true},
    PathKind{"tried-queues", "an XDP program with a queue of the tap for each class, by a cpumap",
             make_tried_one<Tried::queues>, false},
};

} // namespace

std::vector<sandbox::Fd> Path::open() {
    std::vector<sandbox::Fd> fds;
    fds.push_back(sandbox::open_tap(switch_netns, target_.tap));
    return fds;
}

std::span<const PathKind> all_paths() {
    return kinds;
}

} // namespace xdpbridge::bench
