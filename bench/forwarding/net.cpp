// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net.h"

#include <sandbox/ethtool.h>

#include <fmt/format.h>
#include <net/if.h>

#include <chrono>
#include <thread>

namespace xdpbridge::bench {

namespace {

const std::string forwarding_netns = "forwarding";

sandbox::NetnsScope enter_forwarding(sandbox::Sandbox& sandbox, std::size_t ports) {
    sandbox.add_namespace(forwarding_netns);
    sandbox::disable_ipv6(forwarding_netns); // whose frames would be learned and counted
    for (std::size_t n = 0; n < ports; n++) {
        const std::string port = fmt::format("p{}", n);
        const std::string peer = port + "-peer";
        sandbox.ip(forwarding_netns, {"link", "add", port, "type", "veth", "peer", "name", peer});
        sandbox::set_gro(forwarding_netns, peer, true); // else the veth takes no frames from XDP
        for (const auto& device : {port, peer})
            sandbox.ip(forwarding_netns, {"link", "set", device, "mtu", "1504", "up"});
    }
    return sandbox::NetnsScope(forwarding_netns);
}

} // namespace

ForwardingNet::ForwardingNet(std::size_t ports) : scope_(enter_forwarding(sandbox_, ports)) {
    for (std::size_t n = 0; n < ports; n++) {
        const std::string port = fmt::format("p{}", n);
        ports_.push_back({port, if_nametoindex(port.c_str())});
        sinks_.push_back(std::make_unique<Sink>(port + "-peer"));
    }
}

sandbox::Result ForwardingNet::ip(const sandbox::Argv& arguments) {
    return sandbox_.ip(forwarding_netns, arguments);
}

std::uint64_t ForwardingNet::left_by(std::size_t port) const {
    std::uint64_t before = sinks_.at(port)->frames();
    while (true) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        const std::uint64_t now = sinks_.at(port)->frames();
        if (now == before)
            return now;
        before = now;
    }
}

} // namespace xdpbridge::bench
