#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace xdpbridge::sandbox {

// A kernel for VMs and its modules. It need not be installed: an extracted package will do.
struct VmKernel {
    std::filesystem::path vmlinuz;
    std::filesystem::path modules; // the folder /lib/modules/VERSION
    std::string version;
};

// Looks into `dir` if given, else $XDPB_VM_KERNEL if set, else where `make vm-kernel` puts it, else
// into the system itself (only for a cloud kernel, which has the virtio drivers a VM needs and
// little else). A folder holds boot/ and lib/modules/. Throws, saying how to get one.
VmKernel find_vm_kernel(const std::optional<std::filesystem::path>& dir = {});

struct Module {
    std::string name;  // virtio_net
    std::string image; // the .ko, not compressed
};

// A module and all it depends on, in the order of loading. Nothing for what is built into the
// kernel.
std::vector<Module> load_module(const VmKernel& kernel, const std::string& name);

} // namespace xdpbridge::sandbox
