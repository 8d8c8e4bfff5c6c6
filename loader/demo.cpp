// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The switch at work in a network of its own, and gone without a trace. The bridge is made and
// shown by this very program, called as a user would call it.
#include "command.h"
#include "demo_report.h"

#include "sandbox/frames.h"
#include "sandbox/packet_socket.h"
#include "sandbox/process.h"
#include "sandbox/tap.h"
#include "sandbox/traffic.h"
#include "sandbox/vm_transfer.h"

#include <fmt/format.h>
#include <sys/wait.h>

namespace xdpbridge::loader {

namespace {

using namespace std::chrono_literals;
using sandbox::Host;

constexpr const char* netns = "switch";
constexpr const char* demo_bridge = "br0";
constexpr std::uint64_t tcp_bytes = 20'000'000;

struct DemoArguments {
    bool vm = false;
    bool shell = false;
    std::string kernel;
};

void xdp_bridge(const DemoReport& report, sandbox::Argv words) {
    report.say("$ xdp-bridge -n switch " + sandbox::command_line(words));
    words.insert(words.begin(), {"/proc/self/exe", "-n", netns});
    const std::string out = sandbox::check(words).out;
    if (!out.empty())
        report.say(out);
}

std::string figures(const sandbox::Ping& ping) {
    return fmt::format("{} of {} echoed, min/avg/max {:.3f}/{:.3f}/{:.3f} ms", ping.received,
                       ping.sent, ping.min_ms, ping.avg_ms, ping.max_ms);
}

std::string figures(const sandbox::Transfer& transfer) {
    return fmt::format("{} bytes of {}, cksum {} {} {}, {:.2f} Gbit/s", transfer.received,
                       transfer.sent, transfer.sent_cksum,
                       transfer.sent_cksum == transfer.received_cksum ? "=" : "!=",
                       transfer.received_cksum, transfer.gbit_per_second());
}

// A PTP Sync over Ethernet (IEEE 1588 annex E): a multicast like any other, and the one that people
// miss.
void send_ptp(DemoReport& report, const std::vector<Host>& hosts) {
    const Host& from = hosts.front();
    const sandbox::Frame frame =
        sandbox::Ethernet{.dst = "01:1b:19:00:00:00", .src = from.mac, .type = 0x88f7} /
        sandbox::Payload{.size = 46};
    std::vector<sandbox::PacketSocket> receivers;
    for (std::size_t i = 1; i < hosts.size(); i++)
        receivers.emplace_back(hosts[i].netns, hosts[i].device);
    sandbox::PacketSocket(from.netns, from.device).send(frame);
    for (std::size_t i = 1; i < hosts.size(); i++) {
        bool received = false;
        while (const auto got = receivers[i - 1].receive(received ? 0ms : 500ms))
            received = received || *got == frame;
        report.result("ptp", from.name, hosts[i].name, received,
                      received ? "Sync received" : "Sync lost");
    }
}

void send_traffic(DemoReport& report, const std::vector<Host>& hosts, const Host& tap) {
    const Host& from = hosts.front();
    const auto try_ping = [&](const Host& to) {
        const auto ping = sandbox::ping(from.netns, to.ipv4, 5);
        report.result("ping", from.name, to.name, ping.received == ping.sent, figures(ping));
    };
    for (std::size_t i = 1; i < hosts.size(); i++)
        try_ping(hosts[i]);
    try_ping(tap);

    const auto udp = sandbox::udp_echo(hosts[1].netns, hosts[2].netns, hosts[1].ipv4, 100);
    report.result("udp", hosts[2].name, hosts[1].name, udp.received == udp.sent,
                  fmt::format("{} of {} echoed", udp.received, udp.sent));
    for (const auto& address : {hosts[3].ipv4, hosts[3].ipv6}) {
        const auto tcp = sandbox::tcp_transfer(hosts[3].netns, from.netns, address, tcp_bytes);
        report.result("tcp", from.name, hosts[3].name, tcp.intact(), figures(tcp));
    }
    send_ptp(report, hosts);
}

void run_vm(DemoReport& report, sandbox::Sandbox& box, const DemoArguments& arguments,
            const Host& server) {
    const auto kernel = sandbox::find_vm_kernel(
        arguments.kernel.empty() ? std::nullopt
                                 : std::optional<std::filesystem::path>(arguments.kernel));
    report.say(fmt::format(
        "\nA real VM: QEMU boots Linux {} with its virtio-net on the tap 'vm0',\nall offloads on.",
        kernel.version));
    box.add_tap(netns, "vm0");
    xdp_bridge(report, {"port", "add", demo_bridge, "vm0"});
    const auto vm = sandbox::vm_transfer({.kernel = kernel,
                                          .netns = netns,
                                          .tap = "vm0",
                                          .server_netns = server.netns,
                                          .server_ipv4 = server.ipv4});
    report.result("ping", "vm", server.name, vm.ping.received == vm.ping.sent, figures(vm.ping));
    report.result("tcp", server.name, "vm", vm.download.intact(), figures(vm.download));
    report.result("tcp", "vm", server.name, vm.upload.intact(), figures(vm.upload));
}

// A place to try things, with everything above in it.
void run_shell(const DemoReport& report) {
    report.say("A shell in the sandbox: try `xdp-bridge -n switch fdb show br0`, `ip netns exec h1 "
               "ping 10.77.0.2`,\n"
               "`ip -n switch link`. `exit` ends it, and the sandbox with it.");
    const char* shell = std::getenv("SHELL");
    const pid_t child = ::fork();
    if (child == 0) {
        ::execlp(shell ? shell : "/bin/sh", shell ? shell : "sh", nullptr);
        ::_exit(127);
    }
    if (child < 0 || ::waitpid(child, nullptr, 0) < 0)
        throw Error(errno, "run a shell in the sandbox");
}

bool demo(const Context& context, const DemoArguments& arguments) {
    DemoReport report(context.json);
    report.say("A sandbox: network namespaces and a BPF file system of its own. Nothing of this "
               "machine's network\n"
               "is touched, and nothing stays, even if you kill this.\n");
    sandbox::Sandbox box([&](std::string_view command) {
        if (context.verbose)
            report.say(fmt::format("$ {}", command));
    });
    box.add_namespace(netns);
    std::vector<Host> hosts;
    for (int i = 1; i <= 4; i++)
        hosts.push_back(box.add_host(netns, fmt::format("h{}", i), i, {.offloads = true}));
    const Host tap{.name = "tap",
                   .netns = netns,
                   .port = "tap0",
                   .device = "tap0",
                   .mac = "02:00:00:00:00:64",
                   .ipv4 = "10.77.0.100",
                   .ipv6 = ""};
    const sandbox::TapHost reader(netns, tap.device, tap.mac, tap.ipv4);

    xdp_bridge(report, {"add", demo_bridge});
    for (const auto& host : hosts)
        xdp_bridge(report, {"port", "add", demo_bridge, host.port});
    xdp_bridge(report, {"port", "add", demo_bridge, tap.port});

    std::vector<Host> all = hosts;
    all.push_back(tap);
    report.picture(demo_bridge, all);
    report.say(
        "Four hosts with all offloads on, as veths come, and a program that reads the tap.\n");
    send_traffic(report, hosts, tap);
    if (arguments.vm)
        run_vm(report, box, arguments, hosts.front());

    report.say("");
    xdp_bridge(report, {"fdb", "show", demo_bridge});
    xdp_bridge(report, {"port", "show", demo_bridge});
    xdp_bridge(report, {"stats", demo_bridge});
    if (arguments.shell)
        run_shell(report);
    xdp_bridge(report, {"del", demo_bridge});
    const bool good = report.finish();
    report.say(good ? "All of it worked. The sandbox is gone."
                    : "Something failed, see above. The sandbox is gone.");
    return good;
}

} // namespace

void add_demo_command(CLI::App& app, const Context& context) {
    add_verb<DemoArguments>(
        app, "demo", "Show the switch at work in a sandbox, and leave nothing behind",
        "xdp-bridge demo",
        [](CLI::App& verb, DemoArguments& arguments) {
            verb.add_flag("--vm", arguments.vm, "with a real VM on a tap, in QEMU");
            verb.add_option("--kernel", arguments.kernel,
                            "where the VM's kernel is: an unpacked linux-image package")
                ->type_name("DIR");
            verb.add_flag("--shell", arguments.shell, "then open a shell in the sandbox");
        },
        [&context](const DemoArguments& arguments) {
            if (!demo(context, arguments))
                throw std::runtime_error("the demo failed");
        });
}

} // namespace xdpbridge::loader
