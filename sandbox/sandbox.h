#pragma once

#include "sandbox/fd.h"
#include "sandbox/process.h"

#include <functional>
#include <string>
#include <string_view>

namespace xdpbridge::sandbox {

struct HostOptions {
    // The veth as it comes: checksum and segmentation left to the device. Else the host is made fit
    // for XDP: every frame is complete, and its end takes what XDP redirects to it.
    bool offloads = false;
    int mtu = 1500;
};

// A computer on the network: a namespace with one veth into the switch's namespace.
struct Host {
    std::string name;
    std::string netns;  // NAME
    std::string port;   // its end in the switch's namespace: veth-NAME
    std::string device; // its own end: eth0
    std::string mac;    // 02:00:00:00:00:INDEX
    std::string ipv4;   // 10.77.0.INDEX, in 10.77.0.0/24
    std::string ipv6;   // fd00:77::INDEX, in fd00:77::/64
};

// A setting of one namespace: path is below /proc/sys, "net/...".
void write_sysctl(const std::string& netns, const std::string& path, const std::string& value);

// From here on a namespace sends no frames by itself: what IPv6 would send unasked.
void disable_ipv6(const std::string& netns);

// Throwaway networks that touch nothing of the machine they run on.
//
// The constructor moves this process into a mount namespace and a network namespace of its own,
// with a fresh bpffs, and a fresh /run/netns for the namespaces made here. Every program started
// from here sees those. They exist only as long as a process lives in them, so nothing is left
// behind even by kill -9; the destructor moves the process back.
//
// The process must have no other threads when a Sandbox is made or destroyed: a thread that exists
// already would stay outside.
class Sandbox {
  public:
    // Is told each command before it runs.
    using CommandHook = std::function<void(std::string_view)>;

    explicit Sandbox(CommandHook on_command = {});

    // A namespace with lo up, in which an IPv6 address is usable at once.
    void add_namespace(const std::string& name);
    void del_namespace(const std::string& name);

    Host add_host(const std::string& switch_netns, const std::string& name, int index,
                  const HostOptions& options = {});

    // A persistent tap that is up, for a program that opens it by name (QEMU).
    void add_tap(const std::string& netns, const std::string& name);

    // Runs `ip -n NETNS ARGUMENTS...`
    Result ip(const std::string& netns, const Argv& arguments);

  private:
    // Where the process was before; its destructor goes back there.
    class WayBack {
      public:
        WayBack();
        ~WayBack();

      private:
        Fd mounts_, network_, directory_;
    };

    Result command(const Argv& argv);

    WayBack way_back_;
    CommandHook on_command_;
};

} // namespace xdpbridge::sandbox
