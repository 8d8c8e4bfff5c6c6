// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What the switch carries beside the kernel's bridge, in the same run and on the same devices, one
// after the other in each round. README.md says what is measured and how to read it.
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
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <thread>
#include <unistd.h>

using namespace xdpbridge;
using namespace xdpbridge::bench;
using namespace std::chrono_literals;

namespace {

constexpr int rounds = 7;
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
    Ours(const std::vector<std::string>& devices, const PortOptions& options)
        : bridge_(Bridge::create("bench", {}, where)) {
        for (const auto& device : devices)
            bridge_.ports().add(device, options);
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

// One thing to measure, with the kernel's bridge and with ours.
struct Contest {
    virtual ~Contest() = default;
    virtual double kernel_bridge() = 0;
    virtual double ours() = 0;
};

// TCP between two hosts on veths that nobody has touched: all offloads on.
class TcpVeth : public Contest {
  public:
    double kernel_bridge() override {
        const KernelBridge bridge(box_, devices_);
        return iperf3("h1", "10.77.0.2");
    }
    double ours() override {
        const Ours bridge(devices_, {});
        return iperf3("h1", "10.77.0.2");
    }

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
    double kernel_bridge() override {
        const KernelBridge bridge(box_, devices_);
        return iperf3("h1", "10.77.0.200");
    }
    double ours() override {
        const Ours bridge(devices_, {});
        return iperf3("h1", "10.77.0.200");
    }

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
// many as a program gets that reads a tap: millions of frames per second.
class SmallFrames : public Contest {
  public:
    SmallFrames() {
        box_.add_namespace(switch_netns);
        box_.add_host(switch_netns, "h1", 1);
        tap_ = std::make_unique<sandbox::Tap>(switch_netns, "tap0");
        box_.ip(switch_netns, {"link", "set", "dev", "tap0", "addrgenmode", "none"});
    }
    double kernel_bridge() override {
        const KernelBridge bridge(box_, devices_);
        sandbox::check(
            {"bridge", "-n", switch_netns, "fdb", "add", mac, "dev", "tap0", "master", "static"});
        const std::array<bpf_insn, 2> pass{bpf_insn{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_PASS},
                                           bpf_insn{BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
        const int program =
            bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", pass.data(), pass.size(), nullptr);
        return measure(program);
    }
    double ours() override {
        Ours bridge(devices_, {.hook = Hook::both});
        bridge.bridge().fdb().add({.mac = *Mac::parse(mac),
                                   .port = bridge.bridge().ports().get("tap0").number,
                                   .is_static = true});
        return measure(bridge.bridge().ports().program_fd("veth-h1"));
    }

  private:
    double measure(int program) {
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
                if (tap_->read(buffer, 10ms) == frame.size())
                    frames++;
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
    sandbox::Sandbox box_;
    std::vector<std::string> devices_{"veth-h1", "tap0"};
    std::unique_ptr<sandbox::Tap> tap_;
};

struct Entry {
    const char* name;
    const char* unit;
    std::unique_ptr<Contest> (*make)();
    double goal; // ours/kernel, at least
};

template <typename Kind>
std::unique_ptr<Contest> make() {
    return std::make_unique<Kind>();
}

constexpr std::array entries{
    Entry{"tcp/veth_to_veth", "Gbit/s", make<TcpVeth>, 1.0},
    Entry{"tcp/host_to_vm", "Gbit/s", make<TcpVm>, 1.0},
    Entry{"small_frames/to_tap", "Mframe/s", make<SmallFrames>, 1.8},
};

void run(benchmark::State& state, const Entry& entry) try {
    const auto contest = entry.make();
    std::vector<double> kernel, ours, ratio;
    bool kernel_first = true; // taking turns: what drifts favours neither
    while (state.KeepRunning()) {
        if (kernel_first)
            kernel.push_back(contest->kernel_bridge());
        ours.push_back(contest->ours());
        if (!kernel_first)
            kernel.push_back(contest->kernel_bridge());
        kernel_first = !kernel_first;
        ratio.push_back(ours.back() / kernel.back());
        state.SetIterationTime(1);
    }
    report(state, "kernel", kernel);
    report(state, "ours", ours);
    report(state, "ratio", ratio);
    state.counters["goal"] = entry.goal;
    state.SetLabel(entry.unit);
} catch (const std::exception& error) {
    state.SkipWithError(error.what());
}

class ThroughputTable : public Table {
  protected:
    [[nodiscard]] std::string heading() const override {
        return fmt::format("\nmedian (min-max) of {} rounds\n{:22}{:10}{:>22}{:>22}{:>20}", rounds,
                           "", "", "kernel bridge", "xdp-bridge", "ratio");
    }
    std::string line(const Run& run) override {
        const auto figures = [&](const std::string& name) {
            return fmt::format("{:.2f} ({:.2f}-{:.2f})", value(run, name),
                               value(run, name + "_min"), value(run, name + "_max"));
        };
        const double goal = value(run, "goal");
        return fmt::format("{:22}{:10}{:>22}{:>22}{:>20}  {} {}", run.run_name.function_name,
                           run.report_label, figures("kernel"), figures("ours"), figures("ratio"),
                           value(run, "ratio") >= goal ? "at least" : "NOT AT LEAST", goal);
    }
};

} // namespace

int main(int argc, char** argv) try {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    for (const auto& entry : entries)
        add(entry.name, rounds, [&](benchmark::State& state) { run(state, entry); });
    ThroughputTable table;
    benchmark::RunSpecifiedBenchmarks(&table);
    return table.failed() ? 1 : 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "bench_throughput: {}\n", error.what());
    return 1;
}
