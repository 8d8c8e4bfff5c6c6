// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The switch on other kernels than this one: each is booted in a VM, and runs the program there,
// beside other XDP programs, which takes libxdp's dispatcher.
#include "kernels.h"
#include "sandbox/files.h"
#include "sandbox/initramfs.h"
#include "sandbox/vm.h"
#include "support/sandbox_test.h"

#include <filesystem>
#include <iostream>

namespace xdpbridge::test {
namespace {

using namespace std::chrono_literals;

class KernelTest : public SandboxTest, public ::testing::WithParamInterface<std::string> {};

// A script of tests/vm/guest, after the one that all of them start with.
std::string guest_script(const std::string& name) {
    const std::filesystem::path folder = XDPB_VM_GUEST;
    return "export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin OBJECTS=/objects\n"
           "mount -t bpf bpf /sys/fs/bpf\n" +
           sandbox::read_file(folder / "common.sh") + sandbox::read_file(folder / (name + ".sh")) +
           "echo SCRIPT DONE\n";
}

// The quickest of them; tests/vm/kernels runs the others.
TEST_P(KernelTest, BesideOtherPrograms) {
    const auto kernel = sandbox::find_vm_kernel(GetParam());
    sandbox::Initramfs initramfs;
    for (const char* module : {"veth", "virtio_pci", "sch_ingress", "cls_bpf"})
        initramfs.add_module(kernel, module);
    for (const char* program : {"/usr/sbin/ip", "/usr/sbin/ethtool", "/usr/sbin/bpftool",
                                "/usr/sbin/xdp-loader", "/usr/bin/ping", XDPB_CLI})
        initramfs.add_program(program);
    initramfs.add_symlink("/usr/local/bin/xdp-bridge", XDPB_CLI);
    const std::string dispatcher = "/usr/lib/x86_64-linux-gnu/bpf/xdp-dispatcher.o";
    initramfs.add_file(dispatcher, dispatcher);
    for (const auto& object : std::filesystem::directory_iterator(XDPB_OBJECTS))
        if (object.path().extension() == ".o")
            initramfs.add_file(object.path(), "/objects" / object.path().filename());
    initramfs.set_script(guest_script("dispatcher"));

    sandbox_.add_namespace("vm");
    sandbox::Vm vm(
        {.kernel = kernel, .initramfs = initramfs.finish(), .netns = "vm", .memory_mb = 1024});
    EXPECT_TRUE(vm.wait_for("SCRIPT DONE", 400s)) << kernel.version;
    const std::string console = vm.console();
    EXPECT_NE(console.find("PASS ping"), std::string::npos) << kernel.version;
    EXPECT_EQ(console.find("FAIL "), std::string::npos) << kernel.version;
    std::cout << kernel.version << "\n" << console; // ctest shows it if the test failed
}

INSTANTIATE_TEST_SUITE_P(Kernels, KernelTest, ::testing::ValuesIn(vm_kernels()), test_name);

} // namespace
} // namespace xdpbridge::test
