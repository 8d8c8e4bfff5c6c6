// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What a command is made of. Each noun has a file of its own that adds its verbs to the command
// line; a verb parses, makes one library call, and prints.
#pragma once
#include <xdpbridge/xdpbridge.h>

#include <CLI/CLI.hpp>

#include <memory>
#include <optional>
#include <string>

namespace xdpbridge::loader {

// The global options.
struct Context {
    Where where = {};
    bool json = false;
    bool verbose = false;
};

void add_bridge_commands(CLI::App& app, const Context& context); // add, del, set, show
void add_port_commands(CLI::App& app, const Context& context);
void add_vlan_commands(CLI::App& app, const Context& context);
void add_guard_commands(CLI::App& app, const Context& context);
void add_route_commands(CLI::App& app, const Context& context);
void add_svi_commands(CLI::App& app, const Context& context);
void add_acl_commands(CLI::App& app, const Context& context);
void add_class_commands(CLI::App& app, const Context& context);
void add_fdb_commands(CLI::App& app, const Context& context);
void add_mdb_commands(CLI::App& app, const Context& context);
void add_neigh_commands(CLI::App& app, const Context& context);
void add_stats_command(CLI::App& app, const Context& context);
void add_latency_command(CLI::App& app, const Context& context);
void add_monitor_command(CLI::App& app, const Context& context);
void add_doctor_command(CLI::App& app, const Context& context);
void add_demo_command(CLI::App& app, const Context& context);

// An option that is on or off, and empty when it was not given.
CLI::Option* add_switch_option(CLI::App& app, const std::string& name, std::optional<bool>& value,
                               const std::string& help);

// A verb whose arguments live as long as the command line: options writes them, run reads them.
template <typename Arguments, typename Define, typename Run>
void add_verb(CLI::App& noun, const std::string& name, const std::string& description,
              const std::string& example, Define define, Run run) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* verb = noun.add_subcommand(name, description);
    verb->footer("Example:\n  " + example);
    define(*verb, *arguments);
    verb->callback([arguments, run] { run(*arguments); });
}

// Arguments that several verbs take.
CLI::Option* add_bridge_argument(CLI::App& verb, std::string& bridge);
CLI::Option* add_device_argument(CLI::App& verb, std::string& device);
// Of an option: "", or what is wrong.
std::string is_mac(const std::string& text);
// The text has been checked to be a MAC when the verb runs.
CLI::Option* add_mac_argument(CLI::App& verb, std::string& mac);
// Likewise, to be an IP address.
CLI::Option* add_ip_argument(CLI::App& verb, const std::string& name, std::string& ip,
                             const std::string& help);

} // namespace xdpbridge::loader
