// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// in_vm --kernel DIR --results DIR COMMAND...: runs a command on another kernel, in a VM that sees
// this machine's files. What it writes is lost with the VM, except below the folder for results.
// Ends with the command's exit code; 100 if the VM did not get as far.
#include "sandbox/initramfs.h"
#include "sandbox/vm.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iostream>

namespace {

using namespace xdpbridge;
namespace fs = std::filesystem;

constexpr int kNoVm = 100;

// What the kernel would load by itself if its modules were where it looks for them.
constexpr const char* kModules[] = {"virtio_pci", "crc32c_generic",
                                    "9p",         "9pnet_virtio",
                                    "overlay",    "veth",
                                    "tun",        "macvtap",
                                    "bridge",     "br_netfilter",
                                    "vxlan",      "8021q",
                                    "bonding",    "vrf",
                                    "dummy",      "sch_ingress",
                                    "cls_bpf",    "cls_matchall",
                                    "cls_flower", "cls_u32",
                                    "act_mirred", "act_gact",
                                    "act_police", "sch_prio",
                                    "sch_tbf",    "sch_netem",
                                    "nf_tables",  "nft_compat",
                                    "ip_tables",  "openvswitch",
                                    "vhost_net",  "sch_mqprio",
                                    "inet_diag",  "tcp_diag",
                                    "af_packet"};

// Quoted for the shell.
std::string quoted(const std::string& word) {
    std::string text = "'";
    for (const char c : word)
        text += c == '\'' ? "'\\''" : std::string(1, c);
    return text + "'";
}

std::string script(const std::vector<std::string>& command, const std::string& results) {
    std::vector<std::string> words;
    words.reserve(command.size());
    for (const std::string& word : command)
        words.push_back(quoted(word));
    return fmt::format(R"(
share=trans=virtio,version=9p2000.L,msize=262144
mkdir -p /machine /changes /new
mount -t 9p -o ro,cache=loose,$share machine /machine
mount -t tmpfs changes /changes
mkdir /changes/upper /changes/work
mount -t overlay -o lowerdir=/machine,upperdir=/changes/upper,workdir=/changes/work overlay /new
for type in proc sysfs devtmpfs; do
    case $type in proc) at=proc;; sysfs) at=sys;; devtmpfs) at=dev;; esac
    mount -t $type $type /new/$at
done
for at in tmp run var/tmp; do mount -t tmpfs tmpfs /new/$at; done
mkdir -p /new/run/netns /new/run/lock /new/dev/shm /new/dev/pts
mount -t tmpfs tmpfs /new/dev/shm
mount -t devpts devpts /new/dev/pts
mount -t bpf bpf /new/sys/fs/bpf
mount -t tracefs tracefs /new/sys/kernel/tracing
mkdir -p /new{results}
mount -t 9p -o $share results /new{results}
ip link set lo up
ulimit -l unlimited
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
chroot /new sh -c 'cd "$0" && exec "$@"' {folder} {command} </dev/null
echo "COMMAND ENDED $?"
)",
                       fmt::arg("results", results), fmt::arg("folder", quoted(fs::current_path())),
                       fmt::arg("command", fmt::join(words, " ")));
}

int run(int argc, char** argv) {
    CLI::App app("Runs a command in a VM that sees this machine's files.", "in_vm");
    std::string kernel_folder, results;
    std::vector<std::string> command;
    unsigned timeout = 3600;
    sandbox::VmOptions options{.memory_mb = 2048, .cpus = 2};
    app.add_option("--kernel", kernel_folder, "where sandbox/fetch-vm-kernel put it")->required();
    app.add_option("--results", results, "folder that the command may write to")->required();
    app.add_option("--timeout", timeout, "seconds")->capture_default_str();
    app.add_option("--memory", options.memory_mb, "MB")->capture_default_str();
    app.add_option("--cpus", options.cpus)->capture_default_str();
    app.add_option("command", command)->required();
    app.positionals_at_end();
    CLI11_PARSE(app, argc, argv);

    results = fs::absolute(results);
    options.kernel = sandbox::find_vm_kernel(kernel_folder);
    options.folders = {{"/", "machine"}, {results, "results", true}};
    sandbox::Initramfs initramfs;
    for (const char* module : kModules)
        initramfs.add_module(options.kernel, module);
    initramfs.set_script(script(command, results));
    options.initramfs = initramfs.finish();

    sandbox::Vm vm(options);
    const std::string ended = "COMMAND ENDED ";
    const bool in_time = vm.wait_for(ended, std::chrono::seconds(timeout));
    const std::string console = vm.console();
    std::cout << console << "\n";
    if (in_time)
        return std::atoi(console.c_str() + console.find(ended) + ended.size());
    std::cerr << fmt::format("in_vm: {} did not end within {} s\n", command.front(), timeout);
    return kNoVm;
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "in_vm: " << error.what() << "\n";
        return kNoVm;
    }
}
