// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "output.h"

#include <fmt/format.h>

namespace xdpbridge::loader {

namespace {

struct SviArguments {
    std::string bridge;
    std::string name;
    SviOptions options;
};

void add_name_argument(CLI::App& verb, std::string& name) {
    verb.add_option("name", name, "the interface that the host gets")
        ->required()
        ->type_name("NAME");
}

void show_svis(const Context& context, const std::string& bridge) {
    const auto list = Bridge::open(bridge, context.where).svis().list();
    Table table(context.json, {{"vlan", true},
                               {"device"},
                               {"state"},
                               {"mac"},
                               {"ifindex", true},
                               {"mtu", true},
                               {"port"},
                               {"vrf"}});
    for (const auto& svi : list)
        table.row({cell(svi.vlan), cell(svi.device), state_cell(svi.state),
                   cell(svi.mac.to_string()), cell(svi.ifindex), cell(svi.mtu), cell(svi.port),
                   cell(svi.master.empty() ? "-" : svi.master)});
}

} // namespace

void add_svi_commands(CLI::App& app, const Context& context) {
    CLI::App& noun =
        *app.add_subcommand("svi", "Interfaces of the host in a VLAN, whose MAC is the router's");
    noun.require_subcommand(1);
    noun.footer("Example:\n  xdp-bridge svi show br0");
    const auto bridge_and_name = [](CLI::App& verb, SviArguments& arguments) {
        add_bridge_argument(verb, arguments.bridge);
        add_name_argument(verb, arguments.name);
    };

    add_verb<SviArguments>(
        noun, "add", "Make an interface of the host in a VLAN; give it addresses by `ip address`",
        "xdp-bridge svi add br0 vlan10 --vlan 10",
        [&](CLI::App& verb, SviArguments& arguments) {
            bridge_and_name(verb, arguments);
            verb.add_option("--vlan", arguments.options.vlan,
                            "its VLAN; of a bridge that is not VLAN-aware, leave it out")
                ->check(CLI::Range(1, 4094))
                ->type_name("VID");
            verb.add_option_function<std::string>(
                    "--mac",
                    [&arguments](const std::string& text) {
                        arguments.options.mac = Mac::parse(text);
                    },
                    "the router's MAC there, unless the kernel shall make one up")
                ->check(is_mac)
                ->type_name("MAC");
            verb.add_option("--vrf", arguments.options.vrf, "a VRF device that it belongs to")
                ->type_name("DEVICE");
        },
        [&context](const SviArguments& arguments) {
            Bridge::open(arguments.bridge, context.where)
                .svis()
                .add(arguments.name, arguments.options);
        });
    add_verb<SviArguments>(
        noun, "del", "Delete the interface, with its addresses and routes",
        "xdp-bridge svi del br0 vlan10", bridge_and_name,
        [&context](const SviArguments& arguments) {
            Bridge::open(arguments.bridge, context.where).svis().remove(arguments.name);
        });
    add_verb<SviArguments>(
        noun, "show", "Show a bridge's SVIs", "xdp-bridge svi show br0",
        [](CLI::App& verb, SviArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
        },
        [&context](const SviArguments& arguments) { show_svis(context, arguments.bridge); });
}

} // namespace xdpbridge::loader
