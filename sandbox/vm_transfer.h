#pragma once

#include "sandbox/traffic.h"
#include "sandbox/vm_kernel.h"

#include <string>

namespace xdpbridge::sandbox {

struct VmTransferOptions {
    VmKernel kernel;
    std::string netns; // of the tap, which exists already (Sandbox::add_tap)
    std::string tap;
    std::string mac = "02:00:00:00:01:01";
    std::string ipv4 = "10.77.0.200"; // in 10.77.0.0/24, like the hosts
    bool offloads = true;             // checksums and segmentation left to the host

    std::string server_netns; // a host of the sandbox,
    std::string server_ipv4;  // and its address

    int pings = 10;
    uint64_t bytes = 50'000'000;
};

struct VmTransfer {
    Ping ping;           // from the VM to the server
    Transfer download;   // to the VM: `received` and `received_cksum` are what the VM counted
    Transfer upload;     // from the VM: it sends back what it got
    std::string console; // all the VM printed
};

// A real VM pings a host, downloads random bytes by TCP and uploads them again. What the network
// loses is a result; a VM that does not boot is an error.
VmTransfer vm_transfer(const VmTransferOptions& options);

} // namespace xdpbridge::sandbox
