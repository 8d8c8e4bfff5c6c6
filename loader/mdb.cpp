// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "device_names.h"
#include "output.h"

#include <fmt/format.h>

namespace xdpbridge::loader {

namespace {

struct MdbArguments {
    std::string bridge;
    std::string device;
    std::string group;
    std::optional<std::uint16_t> vlan;
    bool static_too = false;
};

std::string_view type_name(MdbType type) {
    switch (type) {
    case MdbType::static_member:
        return "static";
    case MdbType::dynamic_member:
        return "dynamic";
    case MdbType::router:
        return "router";
    case MdbType::overflow:
        break;
    }
    return "overflow";
}

std::uint16_t vlan_of(const Bridge& bridge, const MdbArguments& arguments) {
    return arguments.vlan.value_or(bridge.ports().get(arguments.device).pvid);
}

void delete_member(const Context& context, const MdbArguments& arguments) {
    const Bridge bridge = Bridge::open(arguments.bridge, context.where);
    if (!bridge.mdb().remove(arguments.device, *Ip::parse(arguments.group),
                             vlan_of(bridge, arguments)))
        throw Error(ENOENT,
                    fmt::format("delete port '{}' of bridge '{}' from group {}", arguments.device,
                                arguments.bridge, arguments.group),
                    "it is no member",
                    fmt::format("`xdp-bridge mdb show {}` lists the members", arguments.bridge));
}

void show_members(const Context& context, const MdbArguments& arguments) {
    const Bridge bridge = Bridge::open(arguments.bridge, context.where);
    const DeviceNames devices(bridge);
    Table table(context.json, {{"vlan", true}, {"group"}, {"device"}, {"type"}, {"expires", true}});
    for (const auto& entry : bridge.mdb().list()) {
        const double expires = std::chrono::duration<double>(entry.expires).count();
        const bool is_static = entry.type == MdbType::static_member;
        table.row(
            {cell(entry.vlan),
             cell(entry.group.to_string()),
             cell(devices[entry.port]),
             cell(std::string(type_name(entry.type))),
             {fmt::format("{}", expires), is_static ? "-" : fmt::format("{:.0f}s", expires)}});
    }
}

void flush_members(const Context& context, const MdbArguments& arguments) {
    const auto count =
        Bridge::open(arguments.bridge, context.where).mdb().flush(arguments.static_too);
    print_count(context.json, "deleted", count, {"entry", "entries"});
}

} // namespace

void add_mdb_commands(CLI::App& app, const Context& context) {
    CLI::App& noun = *app.add_subcommand("mdb", "Who has joined which multicast group");
    noun.require_subcommand(1);
    noun.footer("Example:\n  xdp-bridge mdb show br0");
    const auto port_and_group = [](CLI::App& verb, MdbArguments& arguments) {
        add_bridge_argument(verb, arguments.bridge);
        add_device_argument(verb, arguments.device);
        add_ip_argument(verb, "group", arguments.group, "a multicast group, IPv4 or IPv6");
        verb.add_option("--vlan", arguments.vlan, "the VLAN (the port's PVID)")
            ->check(CLI::Range(1, 4094))
            ->type_name("VID");
    };

    add_verb<MdbArguments>(noun, "add", "Make a port a member of a group, for good",
                           "xdp-bridge mdb add br0 tap0 239.1.2.3 --vlan 10", port_and_group,
                           [&context](const MdbArguments& arguments) {
                               const Bridge bridge = Bridge::open(arguments.bridge, context.where);
                               bridge.mdb().add(arguments.device, *Ip::parse(arguments.group),
                                                vlan_of(bridge, arguments));
                           });
    add_verb<MdbArguments>(
        noun, "del", "End a port's membership in a group",
        "xdp-bridge mdb del br0 tap0 239.1.2.3 --vlan 10", port_and_group,
        [&context](const MdbArguments& arguments) { delete_member(context, arguments); });
    add_verb<MdbArguments>(
        noun, "show", "Show who has joined which group, and where multicast routers are",
        "xdp-bridge mdb show br0",
        [](CLI::App& verb, MdbArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
        },
        [&context](const MdbArguments& arguments) { show_members(context, arguments); });
    add_verb<MdbArguments>(
        noun, "flush", "Forget what was learned of groups, routers and queriers",
        "xdp-bridge mdb flush br0",
        [](CLI::App& verb, MdbArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
            verb.add_flag("--static", arguments.static_too, "and the members added by hand");
        },
        [&context](const MdbArguments& arguments) { flush_members(context, arguments); });
}

} // namespace xdpbridge::loader
