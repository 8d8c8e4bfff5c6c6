// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "switches.h"

#include <sandbox/process.h>
#include <xdpbridge/port.h>
#include <xdpbridge/svi.h>
#include <xdpbridge/vlan.h>

#include <fstream>

namespace xdpbridge::bench {

namespace {

// The addresses, routes and neighbours are the kernel's in each router: ours asks it.
void give_addresses(ForwardingNet& net, const std::string& first, const std::string& second) {
    std::ofstream("/proc/sys/net/ipv4/ip_forward") << "1";
    net.ip({"address", "add", "10.1.0.1/24", "dev", first});
    net.ip({"address", "add", "10.2.0.1/24", "dev", second});
    net.ip({"neigh", "replace", routed_to, "lladdr", destination(0).to_string(), "dev", second,
            "nud", "permanent"});
}

// From the devices, which stay.
void take_addresses() {
    for (const std::string device : {"p0", "p1"})
        for (const std::string what : {"address", "neigh"})
            sandbox::run({"ip", what, "flush", "dev", device});
}

class KernelRouter : public Router {
  public:
    KernelRouter(ForwardingNet& net, Routed routed) : routed_(routed), pass_(pass_program()) {
        if (routed == Routed::by_ports) {
            give_addresses(net, "p0", "p1");
            return;
        }
        for (const std::string bridge : {"kbr0", "kbr1"}) {
            net.ip({"link", "add", bridge, "type", "bridge", "mcast_snooping", "0"});
            net.ip({"link", "set", "dev", "p" + bridge.substr(3), "master", bridge});
            net.ip({"link", "set", bridge, "addrgenmode", "none", "up"});
        }
        give_addresses(net, "kbr0", "kbr1");
    }
    ~KernelRouter() override {
        if (routed_ == Routed::by_ports)
            take_addresses();
        for (const std::string bridge : {"kbr0", "kbr1"})
            sandbox::run({"ip", "link", "del", bridge});
    }
    KernelRouter(const KernelRouter&) = delete;
    KernelRouter& operator=(const KernelRouter&) = delete;
    [[nodiscard]] int program(std::size_t) const override { return pass_.get(); }
    [[nodiscard]] std::uint64_t learned() const override { return 0; }
    [[nodiscard]] std::string mac() const override {
        return ForwardingNet::mac_of(routed_ == Routed::by_ports ? "p0" : "kbr0");
    }

  private:
    Routed routed_;
    sandbox::Fd pass_;
};

class OurRouter : public Router {
  public:
    OurRouter(ForwardingNet& net, Hook hook, Routed routed)
        : routed_(routed),
          bridge_(Bridge::create(
              "bench", {.ageing = std::chrono::hours(24), .vlan_aware = true, .default_pvid = 0})) {
        const bool svis = routed == Routed::by_svis;
        std::uint16_t vlan = 10;
        for (const std::string device : {"p0", "p1"}) {
            bridge_.ports().add(device, {.hook = hook, .routed = !svis});
            programs_.push_back(hook == Hook::tc ? pass_program()
                                                 : sandbox::Fd(bridge_.ports().program_fd(device),
                                                               "get a port's program"));
            if (svis) {
                bridge_.vlans().add(device, {vlan, vlan}, {.pvid = true, .untagged = true});
                bridge_.svis().add("svi" + device.substr(1), {.vlan = vlan});
                vlan += 10;
            }
        }
        if (svis)
            set_mtu(net);
        give_addresses(net, svis ? "svi0" : "p0", svis ? "svi1" : "p1");
        flags_ = hook == Hook::tc ? 0 : BPF_F_XDP_HAS_FRAGS;
    }
    ~OurRouter() override {
        programs_.clear();
        Bridge::remove("bench");
        take_addresses();
    }
    OurRouter(const OurRouter&) = delete;
    OurRouter& operator=(const OurRouter&) = delete;
    [[nodiscard]] int program(std::size_t port) const override { return programs_.at(port).get(); }
    [[nodiscard]] std::uint32_t load_flags() const override { return flags_; }
    [[nodiscard]] std::uint64_t learned() const override { return 0; }
    [[nodiscard]] std::string mac() const override {
        return routed_ == Routed::by_ports ? ForwardingNet::mac_of("p0")
                                           : bridge_.svis().list().at(0).mac.to_string();
    }
    [[nodiscard]] std::uint64_t routed_by_itself() const override {
        return bridge_.stats().port(bridge_.ports().get("p0").number).routed;
    }

  private:
    // An SVI comes with 1,500 bytes.
    void set_mtu(ForwardingNet& net) {
        for (const std::string device : {"svi0", "svi0-br", "svi1", "svi1-br"})
            net.ip({"link", "set", "dev", device, "mtu", std::to_string(net.mtu())});
        bridge_.ports().set("p0", {}); // finds it
    }

    Routed routed_;
    Bridge bridge_;
    std::vector<sandbox::Fd> programs_;
    std::uint32_t flags_ = 0;
};

} // namespace

std::unique_ptr<Router> make_router(Side side, ForwardingNet& net, Routed routed) {
    if (side == Side::kernel)
        return std::make_unique<KernelRouter>(net, routed);
    return std::make_unique<OurRouter>(net, side == Side::tc ? Hook::tc : Hook::xdp, routed);
}

} // namespace xdpbridge::bench
