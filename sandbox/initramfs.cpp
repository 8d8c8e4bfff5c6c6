#include "sandbox/initramfs.h"

#include "sandbox/files.h"
#include "sandbox/process.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <sstream>
#include <stdexcept>

namespace fs = std::filesystem;

namespace xdpbridge::sandbox {
namespace {

// Static, so that it needs nothing else in the VM.
constexpr const char* kBusybox = "/bin/busybox";

} // namespace

Initramfs::Initramfs() {
    if (!fs::exists(kBusybox))
        throw std::runtime_error(fmt::format("{} is missing: install busybox-static", kBusybox));
    for (const char* path : {"/dev", "/proc", "/sys", "/tmp"})
        add_directory(path);
    add_device("/dev/console", 5, 1); // the kernel opens it for /init, before /dev is mounted
    add_file(kBusybox, kBusybox);
}

void Initramfs::add_directory(const fs::path& path) {
    add(path, {.mode = S_IFDIR | 0755});
}

void Initramfs::add_text(const fs::path& path, std::string_view content, int mode) {
    add(path, {.mode = S_IFREG | static_cast<unsigned>(mode), .data = content});
}

void Initramfs::add_file(const fs::path& host_path, const fs::path& path) {
    add_text(path, read_file(host_path), 0755);
}

void Initramfs::add_symlink(const fs::path& path, const std::string& target) {
    add(path, {.mode = S_IFLNK | 0777, .data = target});
}

void Initramfs::add_device(const fs::path& path, int major, int minor) {
    add(path, {.mode = S_IFCHR | 0600,
               .major = static_cast<unsigned>(major),
               .minor = static_cast<unsigned>(minor)});
}

void Initramfs::add_program(const fs::path& host_path) {
    add_file(host_path, host_path);
    // Lines like "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x...)"; nothing for a static
    // program.
    std::istringstream words(run({"ldd", host_path}).out);
    for (std::string word; words >> word;) {
        if (word.starts_with('/'))
            add_file(word, word);
    }
}

void Initramfs::add_module(const VmKernel& kernel, const std::string& name) {
    for (const Module& module : load_module(kernel, name)) {
        fs::path path = "/modules/" + module.name + ".ko";
        if (paths_.contains(path))
            continue;
        add_text(path, module.image);
        load_modules_ += fmt::format("insmod {}\n", path.string());
    }
}

void Initramfs::set_script(std::string_view script) {
    std::string init = fmt::format(R"(#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
{}
{}
poweroff -f
)",
                                   load_modules_, script);
    add_text("/init", init, 0755);
}

std::string Initramfs::finish() {
    write_entry("TRAILER!!!", {.mode = 0});
    return std::move(archive_);
}

void Initramfs::add(const fs::path& path, const Entry& entry) {
    if (path.has_parent_path() && path.parent_path() != path.root_path())
        add_directory(path.parent_path());
    std::string name = path.relative_path();
    if (paths_.insert(path).second)
        write_entry(name, entry);
}

// Documentation/driver-api/early-userspace/buffer-format.rst in the kernel's source.
void Initramfs::write_entry(const std::string& name, const Entry& entry) {
    auto pad = [this] { archive_.resize((archive_.size() + 3) / 4 * 4); };
    const size_t fields[] = {++inode_,
                             entry.mode,
                             0, // user
                             0, // group
                             1, // links
                             0, // time
                             entry.data.size(),
                             0, // the file system's device, major
                             0, // and minor
                             entry.major,
                             entry.minor,
                             name.size() + 1,
                             0}; // checksum, not used
    archive_ += "070701";
    for (size_t field : fields)
        archive_ += fmt::format("{:08x}", field);
    archive_ += name;
    archive_ += '\0';
    pad();
    archive_ += entry.data;
    pad();
}

} // namespace xdpbridge::sandbox
