// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "device_names.h"
#include "output.h"

#include <fmt/format.h>

namespace xdpbridge::loader {

namespace {

struct VlanArguments {
    std::string bridge;
    std::string device;
    std::string range;
    VlanOptions options;
};

void add_range_argument(CLI::App& verb, std::string& range) {
    verb.add_option("vlan", range, "a VLAN id, 1 to 4094, or FIRST-LAST")
        ->required()
        ->check([](const std::string& text) {
            return VlanRange::parse(text)
                       ? std::string()
                       : fmt::format("'{}' is no VLAN id of 1 to 4094, nor FIRST-LAST", text);
        })
        ->type_name("VID[-VID]");
}

void show_vlans(const Context& context, const VlanArguments& arguments) {
    const Bridge bridge = Bridge::open(arguments.bridge, context.where);
    const auto list =
        arguments.device.empty() ? bridge.vlans().list() : bridge.vlans().list(arguments.device);
    const DeviceNames devices(bridge);
    Table table(context.json, {{"vlan", true}, {"device"}, {"pvid"}, {"egress"}});
    for (const auto& vlan : list)
        table.row({cell(vlan.vid), cell(devices[vlan.port]), on_off(vlan.pvid),
                   cell(vlan.untagged ? "untagged" : "tagged")});
}

} // namespace

void add_vlan_commands(CLI::App& app, const Context& context) {
    CLI::App& noun =
        *app.add_subcommand("vlan", "Which ports of a VLAN-aware bridge are in which VLANs");
    noun.require_subcommand(1);
    noun.footer("Example:\n  xdp-bridge vlan show br0");
    const auto port_and_range = [](CLI::App& verb, VlanArguments& arguments) {
        add_bridge_argument(verb, arguments.bridge);
        add_device_argument(verb, arguments.device);
        add_range_argument(verb, arguments.range);
    };

    add_verb<VlanArguments>(
        noun, "add", "Make a port a member of VLANs, or change how it is one",
        "xdp-bridge vlan add br0 tap0 10 --pvid --untagged",
        [&](CLI::App& verb, VlanArguments& arguments) {
            port_and_range(verb, arguments);
            verb.add_flag("--pvid", arguments.options.pvid,
                          "the VLAN of frames that come in without a tag");
            verb.add_flag("--untagged", arguments.options.untagged,
                          "its frames leave this port without a tag");
        },
        [&context](const VlanArguments& arguments) {
            Bridge::open(arguments.bridge, context.where)
                .vlans()
                .add(arguments.device, *VlanRange::parse(arguments.range), arguments.options);
        });
    add_verb<VlanArguments>(noun, "del", "Take a port out of VLANs",
                            "xdp-bridge vlan del br0 tap0 10-19", port_and_range,
                            [&context](const VlanArguments& arguments) {
                                Bridge::open(arguments.bridge, context.where)
                                    .vlans()
                                    .remove(arguments.device, *VlanRange::parse(arguments.range));
                            });
    add_verb<VlanArguments>(
        noun, "show", "Show a bridge's VLANs, or those of one port", "xdp-bridge vlan show br0",
        [](CLI::App& verb, VlanArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
            add_device_argument(verb, arguments.device)->required(false);
        },
        [&context](const VlanArguments& arguments) { show_vlans(context, arguments); });
}

} // namespace xdpbridge::loader
