// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "suggest.h"

#include <bpf/libbpf.h>
#include <cstdio>
#include <fmt/format.h>

namespace xdpbridge::loader {

namespace {

enum ExitCode { done = 0, failed = 1, wrong_usage = 2 };

void complain(const std::string& line) {
    fmt::print(stderr, "xdp-bridge: {}\n", line);
}

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

int run(int argc, char** argv) {
    Context context;
    CLI::App app("An Ethernet and IP switch in XDP.", "xdp-bridge");
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

    const std::string unknown = unknown_word(app, {argv + 1, argv + argc});
    if (!unknown.empty()) {
        complain(unknown + " (--help lists what there is)");
        return wrong_usage;
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        complain(fmt::format("{} (--help shows the usage)", error.what()));
        return wrong_usage;
    }
    return done;
}

} // namespace

} // namespace xdpbridge::loader

int main(int argc, char** argv) {
    using namespace xdpbridge::loader;
    try {
        return run(argc, argv);
    } catch (const xdpbridge::Error& error) {
        // Whether -v was given, told without the parser, which may not have got that far.
        const bool verbose = std::any_of(argv, argv + argc, [](std::string_view word) {
            return word == "-v" || word == "--verbose";
        });
        const bool more = !error.detail().empty() && !verbose;
        complain(std::string(error.what()) + (more ? " (-v shows what the kernel said)" : ""));
        if (verbose)
            fmt::print(stderr, "{}", error.detail());
    } catch (const std::exception& error) {
        complain(error.what());
    }
    return failed;
}
