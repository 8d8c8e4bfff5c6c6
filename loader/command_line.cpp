// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command_line.h"
#include "suggest.h"

#include <algorithm>
#include <bpf/libbpf.h>
#include <fmt/format.h>

namespace xdpbridge::loader {

namespace {

void add_version_command(CLI::App& app, const Context& context) {
    CLI::App* verb =
        app.add_subcommand("version", "Show the versions of this program, its ABI and libbpf");
    verb->footer("Example:\n  xdp-bridge version");
    verb->callback([&context] {
        if (context.json)
            fmt::print("[\n{{\"version\":\"{}\",\"abi\":{},\"libbpf\":\"{}\"}}\n]\n", XDPB_VERSION,
                       XDPB_ABI_VERSION, libbpf_version_string());
        else
            fmt::print("xdp-bridge {}, ABI {}, libbpf {}\n", XDPB_VERSION, XDPB_ABI_VERSION,
                       libbpf_version_string());
    });
}

void add_global_options(CLI::App& app, Context& context) {
    app.add_option("-n,--netns", context.where.netns,
                   "network namespace that the ports live in (name or path)")
        ->type_name("NETNS");
    app.add_flag("-j,--json", context.json, "print JSON");
    app.add_flag("-v,--verbose", context.verbose, "with an error, print what the kernel said too");
    app.add_option("--bpffs", context.where.bpffs, "mounted BPF file system")
        ->type_name("DIR")
        ->capture_default_str();
    app.require_subcommand(1);
    app.fallthrough();
    app.footer("Example:\n"
               "  xdp-bridge add br0\n"
               "  xdp-bridge port add br0 eth0\n"
               "  xdp-bridge port add br0 tap0\n"
               "  xdp-bridge -j fdb show br0\n"
               "Exit code: 0 done, 1 failed, 2 wrong usage.");
}

} // namespace

void add_commands(CLI::App& app, Context& context) {
    add_global_options(app, context);
    add_bridge_commands(app, context);
    add_port_commands(app, context);
    add_vlan_commands(app, context);
    add_guard_commands(app, context);
    add_route_commands(app, context);
    add_svi_commands(app, context);
    add_acl_commands(app, context);
    add_class_commands(app, context);
    add_fdb_commands(app, context);
    add_mdb_commands(app, context);
    add_neigh_commands(app, context);
    add_stats_command(app, context);
    add_latency_command(app, context);
    add_monitor_command(app, context);
    add_doctor_command(app, context);
    add_demo_command(app, context);
    add_version_command(app, context);
}

std::string run_command(CLI::App& app, std::vector<std::string> words) {
    const std::string unknown = unknown_word(app, words);
    if (!unknown.empty())
        return printable(unknown + " (--help lists what there is)");
    std::reverse(words.begin(), words.end()); // CLI11 takes them from the back
    try {
        app.parse(std::move(words));
    } catch (const CLI::Success&) {
        throw;
    } catch (const CLI::ParseError& error) {
        return printable(fmt::format("{} (--help shows the usage)", error.what()));
    }
    return {};
}

} // namespace xdpbridge::loader
