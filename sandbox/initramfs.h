#pragma once

#include "sandbox/vm_kernel.h"

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

namespace xdpbridge::sandbox {

// The root file system of a VM, in the kernel's own format (a cpio archive, "newc"). It has busybox
// in /bin.
class Initramfs {
  public:
    Initramfs();

    // Folders above a path are added as needed; a path that is there already is left alone.
    void add_directory(const std::filesystem::path& path);
    void add_text(const std::filesystem::path& path, std::string_view content, int mode = 0644);
    void add_file(const std::filesystem::path& host_path, const std::filesystem::path& path);
    void add_symlink(const std::filesystem::path& path, const std::string& target);
    void add_device(const std::filesystem::path& path, int major, int minor); // a character device

    // At the same path as here, with the shared libraries it needs.
    void add_program(const std::filesystem::path& host_path);

    // Loaded by /init before the script, after those it depends on.
    void add_module(const VmKernel& kernel, const std::string& name);

    // What the VM does: a script for busybox sh. /proc, /sys and /dev are mounted before it, and
    // the VM is powered off after it.
    void set_script(std::string_view script);

    // The archive; nothing can be added after that.
    std::string finish();

  private:
    struct Entry {
        unsigned mode;
        std::string_view data{};
        unsigned major = 0, minor = 0;
    };
    void add(const std::filesystem::path& path, const Entry& entry);
    void write_entry(const std::string& name, const Entry& entry);

    std::string archive_;
    std::set<std::string> paths_;
    std::string load_modules_; // lines for /init
    unsigned inode_ = 0;
};

} // namespace xdpbridge::sandbox
