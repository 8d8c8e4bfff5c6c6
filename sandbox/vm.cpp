#include "sandbox/vm.h"

#include "sandbox/files.h"

#include <fmt/format.h>

#include <stdexcept>
#include <thread>

using namespace std::chrono_literals;

namespace xdpbridge::sandbox {
namespace {

Argv qemu_command(const VmOptions& options, const Fd& initramfs) {
    Argv argv{"qemu-system-x86_64", "-cpu", "max", "-accel",
              have_kvm() ? "kvm" : "tcg,thread=multi"};
    auto add = [&](std::initializer_list<std::string> arguments) {
        argv.insert(argv.end(), arguments);
    };
    add({"-m", std::to_string(options.memory_mb), "-smp", std::to_string(options.cpus)});
    add({"-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot"});
    add({"-kernel", options.kernel.vmlinuz});
    add({"-initrd", fmt::format("/proc/{}/fd/{}", getpid(), initramfs.get())});
    add({"-append", "console=ttyS0 quiet panic=-1"});

    for (size_t i = 0; i < options.nics.size(); i++) {
        const VmNic& nic = options.nics[i];
        std::string device = fmt::format("virtio-net-pci,netdev=n{},mac={},romfile=", i, nic.mac);
        if (!nic.offloads) {
            for (const char* feature :
                 {"csum", "gso", "guest_csum", "guest_tso4", "guest_tso6", "guest_ecn", "guest_ufo",
                  "host_tso4", "host_tso6", "host_ecn", "host_ufo"})
                device += fmt::format(",{}=off", feature);
        }
        add({"-netdev", fmt::format("tap,id=n{},ifname={},script=no,downscript=no", i, nic.tap)});
        add({"-device", device});
    }
    for (const VmFolder& folder : options.folders)
        add({"-virtfs",
             fmt::format(
                 "local,path={},mount_tag={},security_model=none,multidevs=remap,readonly={}",
                 folder.path, folder.tag, folder.writable ? "off" : "on")});
    return argv;
}

// The last lines of a console, for messages.
std::string tail(const std::string& text) {
    constexpr size_t kLength = 2000;
    return text.size() <= kLength ? text : "..." + text.substr(text.size() - kLength);
}

} // namespace

Vm::Vm(const VmOptions& options)
    : initramfs_(memory_file("the initramfs", options.initramfs)),
      qemu_(qemu_command(options, initramfs_), {.netns = options.netns}) {}

std::string Vm::console() const {
    std::string text = qemu_.out();
    std::erase(text, '\r'); // a serial line ends with \r\n
    return text;
}

bool Vm::wait_for(std::string_view text, std::chrono::milliseconds timeout) {
    auto deadline = std::chrono::steady_clock::now() + timeout;
    while (true) {
        bool ended = !qemu_.running(); // before looking: its last words count
        if (console().find(text) != std::string::npos)
            return true;
        if (ended || std::chrono::steady_clock::now() >= deadline)
            return false;
        std::this_thread::sleep_for(20ms);
    }
}

void Vm::wait_for_power_off(std::chrono::milliseconds timeout) {
    std::optional<int> exit_code = qemu_.wait(timeout);
    if (exit_code == 0)
        return;
    std::string problem = exit_code ? fmt::format("QEMU failed with exit code {}", *exit_code)
                                    : fmt::format("not off after {} ms", timeout.count());
    throw std::runtime_error(
        fmt::format("VM: {}: {}\nits console:\n{}", problem, qemu_.err(), tail(console())));
}

bool have_kvm() {
    if (access("/dev/kvm", R_OK | W_OK) != 0)
        return false;
    // Where a hypervisor offers /dev/kvm without these, it emulates, and a kernel does not get far.
    std::string cpu = read_file("/proc/cpuinfo");
    return cpu.find(" vmx ") != std::string::npos || cpu.find(" svm ") != std::string::npos;
}

} // namespace xdpbridge::sandbox
