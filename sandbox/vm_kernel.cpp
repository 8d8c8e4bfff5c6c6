#include "sandbox/vm_kernel.h"

#include "sandbox/files.h"
#include "sandbox/process.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <stdexcept>

namespace fs = std::filesystem;

namespace xdpbridge::sandbox {
namespace {

constexpr const char* kCache = "/var/cache/xdp-bridge/vm";

// The last one by version, among those whose name ends in `suffix`.
std::optional<VmKernel> newest_kernel(const fs::path& dir, const std::string& suffix) {
    const std::string prefix = "vmlinuz-";
    std::optional<VmKernel> newest;
    if (!fs::is_directory(dir / "boot"))
        return newest;
    for (const auto& entry : fs::directory_iterator(dir / "boot")) {
        std::string name = entry.path().filename();
        if (!name.starts_with(prefix) || !name.ends_with(suffix))
            continue;
        std::string version = name.substr(prefix.size());
        for (const char* modules : {"lib/modules", "usr/lib/modules"}) {
            fs::path folder = dir / modules / version;
            if (fs::is_directory(folder) &&
                (!newest || strverscmp(newest->version.c_str(), version.c_str()) < 0))
                newest = VmKernel{entry.path(), folder, version};
        }
    }
    return newest;
}

// virtio-net.ko.xz and virtio_net are the same module.
std::string module_name(const fs::path& file) {
    std::string name = file.filename();
    name = name.substr(0, name.find(".ko"));
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

bool is_built_in(const VmKernel& kernel, const std::string& name) {
    std::istringstream lines(read_file(kernel.modules / "modules.builtin"));
    for (std::string line; std::getline(lines, line);) {
        if (module_name(line) == name)
            return true;
    }
    return false;
}

fs::path find_module(const VmKernel& kernel, const std::string& name) {
    for (const auto& entry : fs::recursive_directory_iterator(kernel.modules)) {
        if (entry.path().filename().string().find(".ko") != std::string::npos &&
            module_name(entry.path()) == name)
            return entry.path();
    }
    throw std::runtime_error(fmt::format("kernel {} has no module {} in {}", kernel.version, name,
                                         kernel.modules.string()));
}

std::string read_module(const fs::path& file) {
    if (file.extension() == ".xz")
        return check({"xz", "-dc", file}).out;
    if (file.extension() == ".zst")
        return check({"zstd", "-dc", file}).out;
    return read_file(file);
}

// The names it depends on, from its own "depends=a,b". (A package that was only extracted has no
// modules.dep.)
std::vector<std::string> dependencies(const std::string& image) {
    using namespace std::literals;
    const std::string key = "\0depends="s;
    size_t start = image.find(key);
    if (start == std::string::npos)
        return {};
    std::istringstream list(image.c_str() + start + key.size()); // up to the 0 at its end
    std::vector<std::string> names;
    for (std::string name; std::getline(list, name, ',');)
        names.push_back(name);
    return names;
}

void add_with_dependencies(const VmKernel& kernel, const std::string& name,
                           std::vector<Module>& modules) {
    auto same = [&](const Module& m) { return m.name == name; };
    if (std::any_of(modules.begin(), modules.end(), same) || is_built_in(kernel, name))
        return;
    std::string image = read_module(find_module(kernel, name));
    for (const std::string& dependency : dependencies(image))
        add_with_dependencies(kernel, module_name(dependency), modules);
    modules.push_back({name, std::move(image)});
}

} // namespace

VmKernel find_vm_kernel(const std::optional<fs::path>& dir) {
    const char* from_env = std::getenv("XDPB_VM_KERNEL");
    if (dir || from_env) {
        fs::path folder = dir ? *dir : fs::path(from_env);
        if (auto kernel = newest_kernel(folder, ""))
            return *kernel;
        throw std::runtime_error(fmt::format(
            "no kernel in {}: it should hold boot/vmlinuz-VERSION and lib/modules/VERSION, like an "
            "extracted linux-image package (make vm-kernel fetches one into {})",
            folder.string(), kCache));
    }
    if (auto kernel = newest_kernel(kCache, ""))
        return *kernel;
    if (auto kernel = newest_kernel("/", "-cloud-amd64"))
        return *kernel;
    throw std::runtime_error(
        fmt::format("no kernel for the VM: run 'make vm-kernel', which fetches "
                    "one into {}, or set XDPB_VM_KERNEL to a folder with "
                    "boot/vmlinuz-VERSION and lib/modules/VERSION",
                    kCache));
}

std::vector<Module> load_module(const VmKernel& kernel, const std::string& name) {
    std::vector<Module> modules;
    add_with_dependencies(kernel, module_name(name), modules);
    return modules;
}

} // namespace xdpbridge::sandbox
