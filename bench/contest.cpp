// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "contest.h"

#include "lab.h"
#include "prog_run.h"

#include <sandbox/initramfs.h>
#include <sandbox/process.h>
#include <sandbox/tap.h>
#include <sandbox/vm.h>
#include <xdpbridge/xdpbridge.h>

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <net/if.h>
#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace xdpbridge::bench {

using namespace std::chrono_literals;

namespace {

constexpr const char* switch_netns = "switch";

// The devices of the namespace "switch" joined, for as long as it lives.
class KernelBridge {
  public:
    KernelBridge(sandbox::Sandbox& box, const std::vector<std::string>& devices) : box_(box) {
        box_.ip(switch_netns, {"link", "add", "kbr", "up", "type", "bridge"});
        for (const auto& device : devices)
            box_.ip(switch_netns, {"link", "set", "dev", device, "master", "kbr"});
    }
    ~KernelBridge() { sandbox::run({"ip", "-n", switch_netns, "link", "del", "kbr"}); }
    KernelBridge(const KernelBridge&) = delete;
    KernelBridge& operator=(const KernelBridge&) = delete;

  private:
    sandbox::Sandbox& box_;
};

class Ours {
  public:
    Ours(const std::vector<std::string>& devices, Side side, Hook hook = Hook::automatic)
        : bridge_(Bridge::create("bench", {}, where)) {
        for (const auto& device : devices)
            bridge_.ports().add(device,
                                {.hook = hook, .settings = {.classes = side == Side::classes}});
    }
    ~Ours() { Bridge::remove("bench", where); }
    Ours(const Ours&) = delete;
    Ours& operator=(const Ours&) = delete;
    Bridge& bridge() { return bridge_; }

  private:
    static inline const Where where{.netns = switch_netns};
    Bridge bridge_;
};

// Gbit/s that the server received in two seconds.
double iperf3(const std::string& client_netns, const std::string& server_ipv4) {
    const nlohmann::json::json_pointer received("/end/sum_received/bits_per_second");
    for (int attempt = 0; attempt < 20; attempt++) { // until the server is ready again
        const auto report = nlohmann::json::parse(
            sandbox::run({"iperf3", "--client", server_ipv4, "--time", "2", "--json"},
                         {.netns = client_netns})
                .out,
            nullptr, false);
        if (!report.is_discarded() && report.contains(received))
            return report.at(received).get<double>() / 1e9;
        std::this_thread::sleep_for(200ms);
    }
    throw std::runtime_error("iperf3 got no answer from " + server_ipv4);
}

double iperf3_over(Side side, sandbox::Sandbox& box, const std::vector<std::string>& devices,
                   const std::string& server_ipv4) {
    if (side == Side::kernel_bridge) {
        const KernelBridge bridge(box, devices);
        return iperf3("h1", server_ipv4);
    }
    const Ours bridge(devices, side);
    return iperf3("h1", server_ipv4);
}

// TCP between two hosts on veths that nobody has touched: all offloads on.
class TcpVeth : public Contest {
  public:
    double measure(Side side) override { return iperf3_over(side, box_, devices_, "10.77.0.2"); }

  private:
    static sandbox::Sandbox& with_hosts(sandbox::Sandbox& box) {
        box.add_namespace(switch_netns);
        for (int i = 1; i <= 2; i++)
            box.add_host(switch_netns, fmt::format("h{}", i), i, {.offloads = true});
        return box;
    }
    sandbox::Sandbox box_own_;
    sandbox::Sandbox& box_ = with_hosts(box_own_);
    std::vector<std::string> devices_{"veth-h1", "veth-h2"};
    sandbox::Process server_{{"iperf3", "--server"}, {.netns = "h2"}};
};

// TCP from a host on a veth to a VM on a tap, all offloads on.
class TcpVm : public Contest {
  public:
    double measure(Side side) override { return iperf3_over(side, box_, devices_, "10.77.0.200"); }

  private:
    static std::string guest(const sandbox::VmKernel& kernel) {
        sandbox::Initramfs initramfs;
        for (const char* module : {"virtio_pci", "virtio_net"})
            initramfs.add_module(kernel, module);
        initramfs.add_program("/usr/bin/iperf3");
        initramfs.add_symlink("/bin/iperf3", "/usr/bin/iperf3");
        initramfs.set_script("ip address add 10.77.0.200/24 dev eth0\n"
                             "ip link set eth0 up\nip link set lo up\n"
                             "echo ready\n/usr/bin/iperf3 --server\n");
        return initramfs.finish();
    }
    static sandbox::VmOptions vm_options(sandbox::Sandbox& box) {
        box.add_namespace(switch_netns);
        box.add_host(switch_netns, "h1", 1, {.offloads = true});
        box.add_tap(switch_netns, "vm0");
        const auto kernel = sandbox::find_vm_kernel(std::filesystem::path(XDPB_VM_KERNEL));
        return {.kernel = kernel,
                .initramfs = guest(kernel),
                .netns = switch_netns,
                .nics = {{"vm0", "02:00:00:00:01:01", true}}};
    }
    sandbox::Sandbox box_;
    std::vector<std::string> devices_{"veth-h1", "vm0"};
    sandbox::Vm vm_{vm_options(box_)};
    bool ready_ = vm_.wait_for("ready", 60s);
};

// Frames of 60 bytes that come in at a device one after the other (BPF_PROG_RUN, live frames), as
// many as a program gets that reads a tap, and that takes so long for each.
class SmallFrames : public Contest {
  public:
    explicit SmallFrames(std::chrono::nanoseconds drain) : drain_(drain) {
        box_.add_namespace(switch_netns);
        box_.add_host(switch_netns, "h1", 1);
        tap_ = std::make_unique<sandbox::Tap>(switch_netns, "tap0");
        box_.ip(switch_netns, {"link", "set", "dev", "tap0", "addrgenmode", "none"});
    }
    double measure(Side side) override {
        return side == Side::kernel_bridge ? over_kernel_bridge() : over_ours(side);
    }

  private:
    double over_kernel_bridge() {
        const KernelBridge bridge(box_, devices_);
        sandbox::check(
            {"bridge", "-n", switch_netns, "fdb", "add", mac, "dev", "tap0", "master", "static"});
        const std::array<bpf_insn, 2> pass{bpf_insn{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_PASS},
                                           bpf_insn{BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
        const int program =
            bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", pass.data(), pass.size(), nullptr);
        return run(program);
    }
    double over_ours(Side side) {
        Ours bridge(devices_, side, Hook::both);
        bridge.bridge().fdb().add({.mac = *Mac::parse(mac),
                                   .port = bridge.bridge().ports().get("tap0").number,
                                   .is_static = true});
        return run(bridge.bridge().ports().program_fd("veth-h1"));
    }
    double run(int program) {
        const sandbox::NetnsScope scope(switch_netns);
        const auto ifindex = ::if_nametoindex("veth-h1");
        const sandbox::Frame frame = sandbox::Ethernet{.dst = mac, .src = "02:00:00:00:00:01"} /
                                     sandbox::IPv4{.src = "10.77.0.1", .dst = "10.77.0.100"} /
                                     sandbox::Udp{} / sandbox::Payload{18};
        std::atomic<bool> over = false;
        std::uint64_t frames = 0;
        std::thread reader([&] {
            std::array<std::uint8_t, 2048> buffer{};
            while (!over)
                if (tap_->read(buffer, 10ms) == frame.size()) {
                    const auto taken = std::chrono::steady_clock::now();
                    frames++;
                    while (std::chrono::steady_clock::now() < taken + drain_)
                        ;
                }
        });
        const auto start = std::chrono::steady_clock::now();
        const auto seconds = [&] {
            return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        };
        while (seconds() < 1)
            run_program(program, frame, ifindex, 10'000, Redirects::carried_out);
        over = true;
        reader.join();
        ::close(program);
        return static_cast<double>(frames) / seconds() / 1e6;
    }

    static constexpr const char* mac = "02:00:00:00:00:64";
    std::chrono::nanoseconds drain_;
    sandbox::Sandbox box_;
    std::vector<std::string> devices_{"veth-h1", "tap0"};
    std::unique_ptr<sandbox::Tap> tap_;
};

} // namespace

std::string_view name(Side side) {
    constexpr std::array<std::string_view, 3> names{"kernel bridge", "xdp-bridge", "--classes on"};
    return names.at(static_cast<std::size_t>(side));
}

std::unique_ptr<Contest> tcp_between_veths() {
    return std::make_unique<TcpVeth>();
}

std::unique_ptr<Contest> tcp_to_vm() {
    return std::make_unique<TcpVm>();
}

std::unique_ptr<Contest> small_frames_to_tap() {
    return std::make_unique<SmallFrames>(0ns);
}

std::unique_ptr<Contest> small_frames_to_slow_tap() {
    return std::make_unique<SmallFrames>(5us);
}

} // namespace xdpbridge::bench
