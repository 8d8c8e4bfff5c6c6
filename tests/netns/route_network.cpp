// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "route_network.h"

#include "sandbox/process.h"

#include <fmt/format.h>
#include <numeric>

namespace xdpbridge::test {

RouteNetworkTest::RouteNetworkTest(const BridgeOptions& options, Hook hook)
    : NetworkTest(options, hook) {
    forwarding(true);
}

void RouteNetworkTest::set_sysctl(const std::string& netns, const std::string& name,
                                  const std::string& value) {
    sandbox::check({"sysctl", "-qw", name + "=" + value}, {.netns = netns});
}

void RouteNetworkTest::forwarding(bool on) {
    set_sysctl("switch", "net.ipv4.ip_forward", on ? "1" : "0");
    set_sysctl("switch", "net.ipv6.conf.all.forwarding", on ? "1" : "0");
}

Lan RouteNetworkTest::add_lan(std::uint16_t vlan, const SviOptions& options) {
    Lan lan{.vlan = vlan, .svi = fmt::format("vlan{}", vlan)};
    SviOptions with_vlan = options;
    with_vlan.vlan = vlan;
    bridge_->svis().add(lan.svi, with_vlan);
    sandbox_.ip("switch", {"address", "add", fmt::format("10.0.{}.254/24", vlan), "dev", lan.svi});
    sandbox_.ip("switch", {"address", "add", fmt::format("fd00:{}::fe/64", vlan), "dev", lan.svi});
    for (const auto& svi : bridge_->svis().list())
        if (svi.device == lan.svi)
            lan.mac = svi.mac.to_string();
    return lan;
}

void RouteNetworkTest::move_host(Host& host, const Lan& lan, const std::string& device) {
    sandbox_.ip(host.netns, {"address", "flush", "dev", "eth0", "scope", "global"});
    host.ipv4 = fmt::format("10.0.{}.{}", lan.vlan, hosts_);
    host.ipv6 = fmt::format("fd00:{}::{}", lan.vlan, hosts_);
    const auto add = [&](const std::string& address, const std::string& family,
                         const std::string& router) {
        sandbox_.ip(host.netns, {"address", "add", address, "dev", device});
        sandbox_.ip(host.netns, {family, "route", "add", "default", "via", router});
    };
    add(host.ipv4 + "/24", "-4", fmt::format("10.0.{}.254", lan.vlan));
    add(host.ipv6 + "/64", "-6", fmt::format("fd00:{}::fe", lan.vlan));
}

Host RouteNetworkTest::add_lan_host(const std::string& name, const Lan& lan, PortOptions options) {
    Host host = add_host(name, std::move(options));
    if (lan.vlan != 0)
        bridge_->vlans().add(host.port, {lan.vlan, lan.vlan}, {.pvid = true, .untagged = true});
    move_host(host, lan);
    return host;
}

bool RouteNetworkTest::pings(const Host& from, const Host& to, int size) const {
    return sandbox::ping(from.netns, to.ipv4, 3, size).received == 3 &&
           sandbox::ping(from.netns, to.ipv6, 3, size).received == 3;
}

std::uint64_t RouteNetworkTest::routed(const Host& from) const {
    return counters(from.port).routed;
}

std::uint64_t RouteNetworkTest::to_stack(const Host& from, xdpb_stack_reason reason) const {
    return counters(from.port).to_stack[reason];
}

std::uint64_t RouteNetworkTest::to_stack(const Host& from) const {
    const auto c = counters(from.port);
    return std::accumulate(std::begin(c.to_stack), std::end(c.to_stack), std::uint64_t{0});
}

void RouteNetworkTest::warm_up(const Host& a, const Host& b) const {
    for (const auto& address : {b.ipv4, b.ipv6})
        EXPECT_TRUE(eventually([&] { return sandbox::ping(a.netns, address, 1).received == 1; }))
            << a.name << " to " << address;
}

IpView view_ip(const Frame& frame) {
    const auto mac_at = [&](std::size_t at) {
        return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", frame[at], frame[at + 1],
                           frame[at + 2], frame[at + 3], frame[at + 4], frame[at + 5]);
    };
    IpView view;
    if (frame.size() < 14)
        return view;
    view.dst_mac = mac_at(0);
    view.src_mac = mac_at(6);
    std::size_t ip = 14;
    if (sandbox::load16(frame, 12) == 0x8100) {
        const auto tci = sandbox::load16(frame, 14);
        view.tags = fmt::format("{}/{}", tci & 0xfff, tci >> 13);
        ip = 18;
    }
    const auto type = sandbox::load16(frame, ip - 2);
    const auto rest = std::span(frame).subspan(ip);
    if (type == 0x0800 && rest.size() >= 20) {
        view.ttl = rest[8];
        view.checksum_is_right = sandbox::internet_checksum(rest.first(20)) == 0;
    } else if (type == 0x86dd && rest.size() >= 40) {
        view.ttl = rest[7];
        view.checksum_is_right = true; // there is none
    }
    return view;
}

} // namespace xdpbridge::test
