// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "device_check.h"

#include "bridge_state.h"
#include "device_settings.h"
#include "hook_choice.h"
#include "netns.h"
#include "program.h"
#include "tc_program.h"
#include "xdp_program.h"

#include <xdpbridge/error.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <memory>
#include <sys/socket.h>
#include <thread>

namespace xdpbridge {

namespace {

// The bridges whose ports live in the calling thread's namespace.
std::vector<std::shared_ptr<BridgeState>> bridges_here(const Where& where) {
    std::vector<std::shared_ptr<BridgeState>> all;
    for (const auto& name : Bridge::list(where)) {
        try {
            auto state = BridgeState::open(name, root_folder(where) / name, where);
            if (state->bridge().netns_cookie == netns_cookie())
                all.push_back(std::move(state));
        } catch (const Error&) {
            // Of another version, or deleted meanwhile.
        }
    }
    return all;
}

std::string feature_command(const Link& link, const char* feature, bool on) {
    return fmt::format("ethtool -K {} {} {}", link.name, feature, on ? "on" : "off");
}

void require(int err, const std::string& doing) {
    if (err != 0)
        throw Error(err, doing);
}

// One device on its way through the checks, each of which is a member.
class DeviceCheck {
  public:
    DeviceCheck(const Link& link, const Where& where)
        : link_(link),
          xdp_(xdp_features(link.ifindex)),
          features_(active_features(link.ifindex)),
          bridges_(bridges_here(where)) {}

    std::vector<Finding> run() {
        state();
        native_xdp();
        xdp_transmit();
        offloads();
        merging("rx-lro", "lro");
        merging("rx-gro-hw", "rx-gro-hw");
        rx_vlan();
        promiscuity();
        mtu();
        queues();
        addresses();
        foreign_xdp();
        foreign_tc();
        return std::move(findings_);
    }

  private:
    Finding& add(const char* check, Severity severity, std::string found, std::string effect = {}) {
        return findings_.emplace_back(Finding{.device = link_.name,
                                              .check = check,
                                              .severity = severity,
                                              .found = std::move(found),
                                              .effect = std::move(effect)});
    }
    [[nodiscard]] std::optional<std::uint16_t> port_in(const BridgeState& state) const {
        const auto port = state.port_by_ifindex.lookup(link_.ifindex);
        if (!port || *port >= XDPB_MAX_PORTS)
            return std::nullopt;
        return static_cast<std::uint16_t>(*port);
    }
    [[nodiscard]] bool is_port() const {
        return std::any_of(bridges_.begin(), bridges_.end(),
                           [&](const auto& state) { return port_in(*state).has_value(); });
    }

    // Of the router: it is the host's own, and gets frames for its MAC alone.
    [[nodiscard]] bool is_routed() const {
        return std::any_of(bridges_.begin(), bridges_.end(), [&](const auto& state) {
            const auto port = port_in(*state);
            return port && state->ports[*port].features & XDPB_FEATURE_ROUTED;
        });
    }

    void state() {
        const auto driver = driver_of(link_.name);
        add("driver", Severity::ok, driver.empty() ? link_.kind : driver);
        if (link_.up)
            add("state", Severity::ok, "up");
        else
            add("state", Severity::warning, "down", "no frame comes or goes").fix =
                fmt::format("ip link set dev {} up", link_.name);
    }

    void native_xdp() {
        if (!xdp_)
            add("native-xdp", Severity::note, "this kernel does not tell",
                "`port add` tries, and takes tc where the driver refuses");
        else if (xdp_->native)
            add("native-xdp", Severity::ok, "the driver has it");
        else
            add("native-xdp", Severity::warning, "the driver has none",
                "the port is served at tc, after the driver has made an skb");
    }

    void xdp_transmit() {
        if (!xdp_)
            return;
        if (xdp_->xmit) {
            add("xdp-transmit", Severity::ok, "takes frames from XDP");
            if (!xdp_->xmit_frags)
                add("xdp-frags", Severity::note, "takes frames of one buffer only",
                    "those that are longer than a page go by tc");
            return;
        }
        auto& finding =
            add(link_.kind == "veth" ? "veth-peer-napi" : "xdp-transmit", Severity::warning,
                link_.kind == "veth" ? "its peer has neither GRO nor an XDP program"
                                     : "the driver takes no frames from XDP",
                "frames for it go by tc; a port with --hook xdp cannot send to it");
        if (link_.kind == "veth")
            finding.fix = "in the peer's namespace: ethtool -K PEER gro on; then "
                          "`xdp-bridge port set` looks again";
    }

    void offloads() {
        if (may_carry_offloads(link_, false))
            add("offloads", Severity::note, "frames may come in with a partial checksum, or as GSO",
                "at tc they keep that; --hook xdp drops them, counted");
        else
            add("offloads", Severity::ok, "frames come in complete");
    }

    // Frames that the device has merged are longer than a buffer, and no longer what was sent.
    void merging(const char* feature, const char* option) {
        if (!features_.contains(feature))
            return;
        auto& finding = add(option, Severity::warning, fmt::format("{} is on", feature),
                            "native XDP is refused, or sees merged frames");
        finding.fix = feature_command(link_, option, false);
        finding.undo = feature_command(link_, option, true);
        finding.repair = [link = link_, feature] {
            require(set_feature(link.ifindex, feature, false),
                    fmt::format("turn {} of '{}' off", feature, link.name));
        };
    }

    void rx_vlan() {
        if (!features_.contains(rx_vlan_feature)) {
            add("rx-vlan", Severity::ok, "VLAN tags stay in the frame");
            return;
        }
        auto& finding = add("rx-vlan", Severity::note, "the device takes VLAN tags out of frames",
                            "XDP would not see them; `port add` with XDP turns that off");
        finding.fix = feature_command(link_, "rxvlan", false);
        finding.undo = feature_command(link_, "rxvlan", true);
        finding.repair = [link = link_] {
            require(set_feature(link.ifindex, rx_vlan_feature, false),
                    fmt::format("turn rxvlan of '{}' off", link.name));
        };
    }

    void promiscuity() {
        if (is_routed()) {
            add("promiscuity", Severity::ok, "not needed by a routed port");
            return;
        }
        if (link_.promiscuous) {
            add("promiscuity", Severity::ok, "on");
            return;
        }
        auto& finding =
            add("promiscuity", is_port() ? Severity::warning : Severity::note, "off",
                is_port() ? "frames for hosts behind other ports do not come in"
                          : "the device drops frames for others; `port add` turns it on");
        finding.fix = fmt::format("ip link set dev {} promisc on", link_.name);
        finding.undo = fmt::format("ip link set dev {} promisc off", link_.name);
        finding.repair = [link = link_] {
            require(set_promiscuous(link.ifindex, true),
                    fmt::format("make '{}' promiscuous", link.name));
        };
    }

    void mtu() {
        if (link_.mtu > page_mtu && xdp_ && !xdp_->xmit_frags)
            add("mtu", Severity::note, std::to_string(link_.mtu),
                "XDP cannot send frames longer than a page to it; they go by tc");
        else
            add("mtu", Severity::ok, std::to_string(link_.mtu));
    }

    void queues() {
        const unsigned cpus = std::thread::hardware_concurrency();
        const auto found =
            fmt::format("{} receive, {} transmit, {} CPUs", link_.rx_queues, link_.tx_queues, cpus);
        if (link_.tx_queues >= cpus || link_.kind == "veth")
            add("queues", Severity::ok, found);
        else
            add("queues", Severity::note, found,
                "CPUs that send at the same time share a queue and its lock")
                .fix = link_.kind == "tun"
                           ? "make the tap multi-queue (`ip tuntap add ... multi_queue`, QEMU's "
                             "queues=N)"
                           : fmt::format("ethtool -L {} combined {}", link_.name, cpus);
    }

    // At both hooks frames for the host's own address go into the switch, not up the stack.
    void addresses() {
        ifaddrs* list = nullptr;
        if (is_routed() || ::getifaddrs(&list) != 0)
            return;
        const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> all(list, ::freeifaddrs);
        for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next)
            if (each->ifa_addr != nullptr && link_.name == each->ifa_name &&
                each->ifa_addr->sa_family == AF_INET) {
                add("addresses", Severity::warning, "the host has an IPv4 address on it",
                    "as a port it is no longer how the host is reached")
                    .fix = "give the address to a veth whose other end is a port";
                return;
            }
    }

    void foreign_xdp() {
        if (link_.xdp_prog_id == 0)
            return;
        for (const auto& state : bridges_)
            if (const auto port = port_in(*state);
                port && attached_xdp_id(*state, *port, link_.ifindex) == link_.xdp_prog_id)
                return;
        const Fd program(bpf_prog_get_fd_by_id(link_.xdp_prog_id));
        const auto name = program_info(program.get()).name;
        if (name == "xdp_dispatcher")
            add("foreign-xdp", Severity::ok, "programs behind libxdp's dispatcher");
        else
            add("foreign-xdp", Severity::warning,
                fmt::format("runs the XDP program '{}' (id {})", name, link_.xdp_prog_id),
                "there is no room for ours; the port can be at tc only, behind it")
                .fix = fmt::format("ip link set dev {} xdp off", link_.name);
    }

    void foreign_tc() {
        unsigned foreign = count_tc_filters(link_.ifindex);
        for (const auto& state : bridges_)
            if (const auto port = port_in(*state);
                foreign > 0 && port && attached_tc_id(*state, *port, link_.ifindex) != 0)
                foreign--;
        if (foreign > 0)
            add("foreign-tc", Severity::warning,
                fmt::format("{} other tc filter{}", foreign, foreign == 1 ? "" : "s"),
                "a filter before ours may decide about a frame without us")
                .fix = fmt::format("tc filter show dev {0} ingress; tc filter del dev {0} ingress "
                                   "pref N",
                                   link_.name);
    }

    const Link& link_;
    std::optional<XdpFeatures> xdp_;
    std::set<std::string> features_;
    std::vector<std::shared_ptr<BridgeState>> bridges_;
    std::vector<Finding> findings_;
};

} // namespace

std::vector<Finding> find_obstacles(const Link& link, const Where& where,
                                    const std::string& not_of) {
    std::vector<Finding> findings;
    const auto add = [&](const char* check, std::string found, std::string fix) {
        findings.push_back({.device = link.name,
                            .check = check,
                            .severity = Severity::problem,
                            .found = std::move(found),
                            .effect = "it cannot become a port",
                            .fix = std::move(fix)});
    };
    if (link.loopback)
        add("loopback", "the loopback interface cannot be a port", {});
    if (link.master != 0) {
        const auto master = link_by_index(link.master);
        add("master",
            fmt::format("'{}' belongs to '{}'", link.name,
                        master ? master->name : "another device"),
            fmt::format("ip link set {} nomaster", link.name));
    }
    for (const auto& state : bridges_here(where))
        if (state->name != not_of && state->port_by_ifindex.lookup(link.ifindex))
            add("port", fmt::format("'{}' is a port of bridge '{}'", link.name, state->name),
                fmt::format("xdp-bridge port del {} {}", state->name, link.name));
    return findings;
}

std::vector<Finding> check_device(const Link& link, const Where& where) {
    auto findings = DeviceCheck(link, where).run();
    for (auto& obstacle : find_obstacles(link, where, {})) {
        if (obstacle.check == "port") { // as it should be
            obstacle.severity = Severity::ok;
            obstacle.effect.clear();
            obstacle.fix.clear();
        }
        findings.insert(findings.begin(), std::move(obstacle));
    }
    return findings;
}

std::vector<Finding> check_together(const std::vector<Link>& links) {
    std::vector<Finding> findings;
    const auto by_mtu = [](const Link& a, const Link& b) { return a.mtu < b.mtu; };
    const auto [least, most] = std::minmax_element(links.begin(), links.end(), by_mtu);
    if (!links.empty() && least->mtu != most->mtu)
        findings.push_back(
            {.device = {},
             .check = "mtu",
             .severity = Severity::warning,
             .found = fmt::format("'{}' has {}, '{}' {}", least->name, least->mtu, most->name,
                                  most->mtu),
             .effect = "longer frames for the smaller one are refused, and counted as mtu",
             .fix = fmt::format("ip link set dev {} mtu {}", most->name, least->mtu)});
    return findings;
}

} // namespace xdpbridge
