// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net.h"

#include <sandbox/ethtool.h>
#include <sandbox/process.h>
#include <sandbox/tap.h>

#include <fmt/format.h>
#include <net/if.h>
#include <sched.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <thread>

namespace xdpbridge::bench {

namespace {

namespace fs = std::filesystem;

const std::string forwarding_netns = "forwarding";
const std::string tap_name = "tap0";

std::string port_name(std::size_t port) {
    return fmt::format("p{}", port);
}

sandbox::NetnsScope enter_forwarding(sandbox::Sandbox& sandbox,
                                     const ForwardingNetOptions& options) {
    sandbox.add_namespace(forwarding_netns);
    sandbox::disable_ipv6(forwarding_netns); // whose frames would be learned and counted
    for (const std::string table : {"arp", "ip", "ip6"}) {
        const auto call = fmt::format("net/bridge/bridge-nf-call-{}tables", table);
        if (fs::exists("/proc/sys/" + call)) // a kernel with br_netfilter
            sandbox::write_sysctl(forwarding_netns, call, options.netfilter ? "1" : "0");
    }
    for (std::size_t n = 0; n < options.ports; n++) {
        const std::string port = port_name(n), peer = ForwardingNet::far_end(n);
        sandbox.ip(forwarding_netns, {"link", "add", port, "type", "veth", "peer", "name", peer});
        sandbox::set_gro(forwarding_netns, peer, true); // else the veth takes no frames from XDP
        const int mtu = n == 1 && options.second_mtu > 0 ? options.second_mtu : options.mtu;
        for (const auto& device : {port, peer})
            sandbox.ip(forwarding_netns, {"link", "set", device, "mtu", std::to_string(mtu), "up"});
    }
    if (options.tap)
        sandbox.add_tap(forwarding_netns, tap_name);
    return sandbox::NetnsScope(forwarding_netns);
}

// The kernel's threads that poll the device.
std::set<pid_t> napi_threads(const std::string& device) {
    std::set<pid_t> found;
    for (const auto& process : fs::directory_iterator("/proc")) {
        std::ifstream comm(process.path() / "comm");
        std::string name;
        if (std::getline(comm, name) && name.starts_with("napi/" + device + "-"))
            found.insert(std::stoi(process.path().filename()));
    }
    return found;
}

// sysfs shows the devices of the namespace in which it was mounted, as `ip netns exec` does.
void set_threaded(const std::string& device, bool on) {
    sandbox::check({"ip", "netns", "exec", forwarding_netns, "sh", "-c",
                    fmt::format("echo {} > /sys/class/net/{}/threaded", on ? 1 : 0, device)});
}

} // namespace

std::string ForwardingNet::far_end(std::size_t port) {
    return port_name(port) + "-peer";
}

ForwardingNet::ForwardingNet(const ForwardingNetOptions& options)
    : scope_(enter_forwarding(sandbox_, options)), mtu_(options.mtu) {
    for (std::size_t n = 0; n < options.ports; n++) {
        ports_.push_back({port_name(n), if_nametoindex(port_name(n).c_str())});
        sinks_.push_back(std::make_unique<Sink>(far_end(n)));
    }
    if (options.tap) {
        tap_ = sandbox::open_tap(forwarding_netns, tap_name);
        ports_.push_back({tap_name, if_nametoindex(tap_name.c_str())});
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

std::string ForwardingNet::mac_of(const std::string& device) {
    const std::string line = sandbox::check({"ip", "-o", "link", "show", "dev", device}).out;
    const std::string before = "link/ether ";
    return line.substr(line.find(before) + before.size(), 17);
}

void ForwardingNet::receive_on(std::size_t port, int cpu) const {
    const std::string& device = ports_.at(port).name;
    sandbox::set_gro(forwarding_netns, device, true); // else there is nothing to poll before XDP
    set_threaded(device, false); // so that the thread of a former switch is gone
    const auto others = napi_threads(device);
    set_threaded(device, true);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(cpu), &set);
    const sched_param first{.sched_priority = 50};
    unsigned placed = 0;
    for (const pid_t thread : napi_threads(device))
        if (!others.contains(thread) && ::sched_setaffinity(thread, sizeof set, &set) == 0 &&
            ::sched_setscheduler(thread, SCHED_FIFO, &first) == 0)
            placed++;
    if (placed == 0)
        throw std::runtime_error("no thread of the kernel's polls " + device);
}

} // namespace xdpbridge::bench
