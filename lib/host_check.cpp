// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "host_check.h"

#include "capabilities.h"
#include "libbpf_log.h"

#include <xdpbridge/error.h>

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <linux/magic.h>
#include <sched.h>
#include <sys/vfs.h>
#include <thread>

namespace xdpbridge {

namespace {

Finding check_bpffs(const Where& where) {
    struct statfs fs {};
    const std::string path = where.bpffs.string();
    if (::statfs(path.c_str(), &fs) == 0 && fs.f_type == BPF_FS_MAGIC)
        return {.device = {}, .check = "bpffs", .found = "mounted on " + path};
    return {.device = {},
            .check = "bpffs",
            .severity = Severity::problem,
            .found = "no BPF file system on " + path,
            .effect = "a bridge has nowhere to live",
            .fix = fmt::format("mount -t bpf bpf {}", path),
            .undo = fmt::format("umount {}", path),
            .repair = [where] { mount_bpffs(where); }};
}

Finding check_capabilities() {
    const auto missing = missing_capabilities();
    Finding finding{.device = {}, .check = "capabilities", .found = "all that it takes"};
    if (missing.empty())
        return finding;
    finding.severity = Severity::problem;
    finding.found = fmt::format("without {}", fmt::join(missing, ", "));
    finding.effect = "no program can be loaded or attached";
    finding.fix = "run it as root (sudo)";
    return finding;
}

Finding check_lockdown() {
    std::string line;
    std::ifstream file("/sys/kernel/security/lockdown");
    std::getline(file, line);
    const auto open = line.find('['), close = line.find(']');
    const std::string mode = open == std::string::npos || close == std::string::npos
                                 ? "none"
                                 : line.substr(open + 1, close - open - 1);
    Finding finding{.device = {}, .check = "lockdown", .found = mode};
    if (mode == "confidentiality") {
        finding.severity = Severity::warning;
        finding.effect = "programs may not read kernel memory: refused frames are not counted";
        finding.fix = "boot with lockdown=integrity";
    }
    return finding;
}

Finding check_btf() {
    if (std::ifstream("/sys/kernel/btf/vmlinux"))
        return {.device = {}, .check = "btf", .found = "the kernel has it"};
    return {.device = {},
            .check = "btf",
            .severity = Severity::warning,
            .found = "the kernel has none",
            .effect = "frames that the kernel refuses after a redirect are not counted",
            .fix = "boot a kernel with CONFIG_DEBUG_INFO_BTF"};
}

// Each is tried with a program, or a map, of one instruction or element.
Finding check_kernel() {
    const LibbpfLog quiet;
    std::string missing;
    const auto want = [&](int answer, const char* name) {
        if (answer != 1)
            missing += fmt::format("{}{}", missing.empty() ? "" : ", ", name);
    };
    want(libbpf_probe_bpf_map_type(BPF_MAP_TYPE_DEVMAP, nullptr), "devmap");
    want(libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, nullptr), "ringbuf");
    want(libbpf_probe_bpf_map_type(BPF_MAP_TYPE_QUEUE, nullptr), "queue");
    want(libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_XDP, nullptr), "XDP");
    want(libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SCHED_CLS, nullptr), "tc");
    want(libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, nullptr),
         "XDP frags");
    want(libbpf_probe_bpf_helper(BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_loop, nullptr), "bpf_loop");
    want(libbpf_probe_bpf_helper(BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_check_mtu, nullptr),
         "bpf_check_mtu");
    if (missing.empty())
        return {.device = {}, .check = "kernel", .found = "has all that the programs use"};
    return {.device = {},
            .check = "kernel",
            .severity = Severity::problem,
            .found = "without " + missing,
            .effect = "the programs do not load",
            .fix = "boot Linux 6.1 or later, with CONFIG_BPF_SYSCALL and CONFIG_NET_CLS_BPF"};
}

// Tried on the loopback of a network namespace that goes with its thread.
Finding check_clsact() {
    int err = 0;
    std::thread([&err] {
        const LibbpfLog quiet;
        if (::unshare(CLONE_NEWNET) != 0)
            return; // not allowed to try
        bpf_tc_hook hook{};
        hook.sz = sizeof(hook);
        hook.ifindex = 1;
        hook.attach_point = BPF_TC_INGRESS;
        err = -bpf_tc_hook_create(&hook);
    }).join();
    if (err == 0)
        return {.device = {}, .check = "clsact", .found = "the kernel has it"};
    return {.device = {},
            .check = "clsact",
            .severity = Severity::problem,
            .found = "no clsact qdisc: " + std::generic_category().message(err),
            .effect = "no port can be at tc, where veths and VMs with offloads have to be",
            .fix = "modprobe -a sch_ingress cls_bpf"};
}

Finding check_dispatcher() {
    const LibbpfLog quiet;
    if (libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_EXT, nullptr) == 1)
        return {.device = {}, .check = "dispatcher", .found = "the kernel takes freplace programs"};
    return {.device = {},
            .check = "dispatcher",
            .severity = Severity::note,
            .found = "the kernel takes no freplace programs",
            .effect = "a device runs our XDP program or somebody else's, not both"};
}

} // namespace

std::vector<Finding> check_host(const Where& where) {
    return {check_bpffs(where), check_capabilities(), check_lockdown(),  check_btf(),
            check_kernel(),     check_clsact(),       check_dispatcher()};
}

} // namespace xdpbridge
