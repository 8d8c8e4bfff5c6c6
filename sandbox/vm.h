#pragma once

#include "sandbox/process.h"
#include "sandbox/vm_kernel.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace xdpbridge::sandbox {

// A virtio network card on a tap that exists already (Sandbox::add_tap).
struct VmNic {
    std::string tap;
    std::string mac;
    bool offloads = false; // checksums and segmentation left to the host, in both directions
};

// A folder of this machine, for the VM to `mount -t 9p -o trans=virtio,version=9p2000.L TAG`.
// Debian's cloud kernels cannot.
struct VmFolder {
    std::string path;
    std::string tag;
    bool writable = false;
};

struct VmOptions {
    VmKernel kernel = {};
    std::string initramfs = {};   // Initramfs::finish()
    std::string netns = {};       // where the taps are
    std::vector<VmNic> nics = {}; // eth0, eth1, ...
    std::vector<VmFolder> folders = {};
    int memory_mb = 512;
    int cpus = 1;
};

// A virtual machine in QEMU. By KVM if the CPU can, else emulated: a boot takes 2 to 5 seconds
// then. Killed by the destructor.
class Vm {
  public:
    explicit Vm(const VmOptions& options);

    pid_t pid() const { return qemu_.pid(); }

    // All it has printed so far.
    std::string console() const;

    // False if it has not printed `text` in time, or ended without.
    bool wait_for(std::string_view text, std::chrono::milliseconds timeout);

    // Throws, with the end of the console, if it is not off in time or QEMU failed.
    void wait_for_power_off(std::chrono::milliseconds timeout);

  private:
    Fd initramfs_;
    Process qemu_;
};

// Whether VMs run on the CPU itself.
bool have_kvm();

} // namespace xdpbridge::sandbox
