#include "sandbox/sandbox.h"

#include "sandbox/ethtool.h"
#include "sandbox/netns_scope.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <tuple>

namespace fs = std::filesystem;

namespace xdpbridge::sandbox {
namespace {

void mount_fresh(const char* type, const char* path) {
    if (mount(type, path, type, 0, nullptr) != 0)
        throw system_error(fmt::format("mount a fresh {} on {}", type, path));
}

// The mounts are ours alone, so these only cover what the machine has there.
void cover_mounts() {
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        throw system_error("make all mounts private");

    // A sysfs shows the devices of the namespace it was mounted in. The old one is of the machine
    // itself.
    mount_fresh("sysfs", "/sys");
    mount_fresh("bpf", "/sys/fs/bpf");
    if (fs::exists("/sys/kernel/tracing")) // the fresh sysfs covers the one that was there
        mount_fresh("tracefs", "/sys/kernel/tracing");

    // If no `ip netns add` was ever run here, a /run/netns made for the mount would stay: cover all
    // of /run instead.
    if (fs::exists("/run/netns")) {
        mount_fresh("tmpfs", "/run/netns");
    } else {
        mount_fresh("tmpfs", "/run");
        fs::create_directory("/run/netns");
    }
}

} // namespace

// /proc/sys/net shows the namespace of the thread that opens it.
void write_sysctl(const std::string& netns, const std::string& path, const std::string& value) {
    NetnsScope scope(netns);
    std::ofstream file("/proc/sys/" + path);
    if (!(file << value << std::flush))
        throw system_error(fmt::format("set {} in network namespace {}", path, netns));
}

void disable_ipv6(const std::string& netns) {
    for (const char* scope : {"all", "default"})
        write_sysctl(netns, fmt::format("net/ipv6/conf/{}/disable_ipv6", scope), "1");
}

Sandbox::WayBack::WayBack() {
    auto threads = std::distance(fs::directory_iterator("/proc/self/task"), {});
    if (threads != 1)
        throw std::logic_error(fmt::format("a sandbox must be made before the program's first "
                                           "thread; it has {} now",
                                           threads));
    mounts_ = Fd(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), "open the mount namespace");
    network_ = Fd(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "open the network namespace");
    directory_ = Fd(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), "open the working directory");
    if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0)
        throw system_error("create namespaces for a sandbox (run as root)");
}

// If it fails (a thread is left), the sandbox lasts until the process ends, and nothing is lost.
Sandbox::WayBack::~WayBack() {
    if (setns(mounts_.get(), CLONE_NEWNS) == 0 && setns(network_.get(), CLONE_NEWNET) == 0)
        std::ignore = fchdir(directory_.get()); // entering a mount namespace moves to its root
}

Sandbox::Sandbox(CommandHook on_command) : on_command_(std::move(on_command)) {
    cover_mounts();
}

void Sandbox::add_namespace(const std::string& name) {
    command({"ip", "netns", "add", name});

    // Duplicate address detection keeps an address unusable for its first second or two. Both must
    // be off.
    for (const char* scope : {"all", "default"})
        write_sysctl(name, fmt::format("net/ipv6/conf/{}/accept_dad", scope), "0");

    ip(name, {"link", "set", "lo", "up"});
}

void Sandbox::del_namespace(const std::string& name) {
    command({"ip", "netns", "del", name});
}

Host Sandbox::add_host(const std::string& switch_netns, const std::string& name, int index,
                       const HostOptions& options) {
    if (name.size() > 10)
        throw std::invalid_argument(
            fmt::format("host name '{}' is too long: veth-NAME must fit into 15 characters", name));
    if (index < 1 || index > 254)
        throw std::invalid_argument(
            fmt::format("host index {} is not between 1 and 254 (it ends an address)", index));

    Host host{.name = name,
              .netns = name,
              .port = "veth-" + name,
              .device = "eth0",
              .mac = fmt::format("02:00:00:00:00:{:02x}", index),
              .ipv4 = fmt::format("10.77.0.{}", index),
              .ipv6 = fmt::format("fd00:77::{}", index)};
    std::string mtu = std::to_string(options.mtu);

    add_namespace(host.netns);
    ip(switch_netns, {"link", "add", host.port, "mtu", mtu, "type", "veth", "peer", "name",
                      host.device, "netns", host.netns, "address", host.mac, "mtu", mtu});

    if (!options.offloads) {
        offloads_off(switch_netns, host.port);
        offloads_off(host.netns, host.device);
        // An XDP_REDIRECT into the port is dropped unless the other end has NAPI, which GRO
        // brings.
        set_gro(host.netns, host.device, true);
    }

    ip(host.netns, {"address", "add", host.ipv4 + "/24", "dev", host.device});
    ip(host.netns, {"address", "add", host.ipv6 + "/64", "dev", host.device});
    ip(switch_netns, {"link", "set", host.port, "up"});
    ip(host.netns, {"link", "set", host.device, "up"});
    return host;
}

void Sandbox::add_tap(const std::string& netns, const std::string& name) {
    ip(netns, {"tuntap", "add", name, "mode", "tap"});
    ip(netns, {"link", "set", name, "up"});
}

Result Sandbox::ip(const std::string& netns, const Argv& arguments) {
    Argv argv{"ip", "-n", netns};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return command(argv);
}

Result Sandbox::command(const Argv& argv) {
    if (on_command_)
        on_command_(command_line(argv));
    return check(argv);
}

} // namespace xdpbridge::sandbox
