// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "device_names.h"
#include "output.h"

#include <fmt/format.h>

namespace xdpbridge::loader {

namespace {

struct NeighArguments {
    std::string bridge;
    std::string ip;
    std::string mac;
    std::string device;
    std::optional<std::uint16_t> vlan;
    bool static_too = false;
};

void add_domain_options(CLI::App& verb, NeighArguments& arguments) {
    CLI::Option* vlan = verb.add_option("--vlan", arguments.vlan,
                                        "the VLAN that it is in (the bridge's default PVID)");
    vlan->check(CLI::Range(1, 4094))->type_name("VID");
    verb.add_option("--dev", arguments.device, "the routed port that it is behind")
        ->type_name("DEVICE")
        ->excludes(vlan);
}

NeighbourDomain domain_of(const Bridge& bridge, const NeighArguments& arguments) {
    if (!arguments.device.empty())
        return {.port = bridge.ports().get(arguments.device).number};
    return {.vlan = arguments.vlan.value_or(bridge.info().default_pvid)};
}

void delete_neighbour(const Context& context, const NeighArguments& arguments) {
    const Bridge bridge = Bridge::open(arguments.bridge, context.where);
    if (!bridge.neighbours().remove(*Ip::parse(arguments.ip), domain_of(bridge, arguments)))
        throw Error(
            ENOENT,
            fmt::format("delete neighbour {} from bridge '{}'", arguments.ip, arguments.bridge),
            "no such neighbour",
            fmt::format("`xdp-bridge neigh show {}` lists them", arguments.bridge));
}

void show_neighbours(const Context& context, const NeighArguments& arguments) {
    const Bridge bridge = Bridge::open(arguments.bridge, context.where);
    const DeviceNames devices(bridge);
    Table table(context.json,
                {{"address"}, {"vlan", true}, {"device"}, {"mac"}, {"type"}, {"idle", true}});
    for (const auto& neighbour : bridge.neighbours().list()) {
        const auto& domain = neighbour.domain;
        const double idle = std::chrono::duration<double>(neighbour.idle).count();
        table.row(
            {cell(neighbour.ip.to_string()),
             cell(domain.vlan),
             cell(domain.port == 0 ? "-" : devices[domain.port], Colour::none),
             cell(neighbour.mac.to_string()),
             cell(neighbour.is_static ? "static" : "dynamic"),
             {fmt::format("{}", idle), neighbour.is_static ? "-" : fmt::format("{:.0f}s", idle)}});
    }
}

void flush_neighbours(const Context& context, const NeighArguments& arguments) {
    const auto count =
        Bridge::open(arguments.bridge, context.where).neighbours().flush(arguments.static_too);
    print_count(context.json, "deleted", count, {"neighbour", "neighbours"});
}

} // namespace

CLI::Option* add_ip_argument(CLI::App& verb, const std::string& name, std::string& ip,
                             const std::string& help) {
    return verb.add_option(name, ip, help)
        ->required()
        ->check([](const std::string& text) {
            return Ip::parse(text) ? std::string() : fmt::format("'{}' is no IP address", text);
        })
        ->type_name("ADDRESS");
}

void add_neigh_commands(CLI::App& app, const Context& context) {
    CLI::App& noun = *app.add_subcommand("neigh", "Who has which IP address");
    noun.require_subcommand(1);
    noun.footer("Example:\n  xdp-bridge neigh show br0");
    const auto bridge_and_ip = [](CLI::App& verb, NeighArguments& arguments) {
        add_bridge_argument(verb, arguments.bridge);
        add_ip_argument(verb, "address", arguments.ip, "its IPv4 or IPv6 address");
    };

    add_verb<NeighArguments>(
        noun, "add", "Add a neighbour, or replace one",
        "xdp-bridge neigh add br0 192.0.2.1 02:00:00:00:00:01 --vlan 10",
        [&](CLI::App& verb, NeighArguments& arguments) {
            bridge_and_ip(verb, arguments);
            add_mac_argument(verb, arguments.mac);
            add_domain_options(verb, arguments);
        },
        [&context](const NeighArguments& arguments) {
            const Bridge bridge = Bridge::open(arguments.bridge, context.where);
            bridge.neighbours().add(*Ip::parse(arguments.ip), *Mac::parse(arguments.mac),
                                    domain_of(bridge, arguments));
        });
    add_verb<NeighArguments>(
        noun, "del", "Delete a neighbour", "xdp-bridge neigh del br0 192.0.2.1 --vlan 10",
        [&](CLI::App& verb, NeighArguments& arguments) {
            bridge_and_ip(verb, arguments);
            add_domain_options(verb, arguments);
        },
        [&context](const NeighArguments& arguments) { delete_neighbour(context, arguments); });
    add_verb<NeighArguments>(
        noun, "show", "Show a bridge's neighbours", "xdp-bridge neigh show br0",
        [](CLI::App& verb, NeighArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
        },
        [&context](const NeighArguments& arguments) { show_neighbours(context, arguments); });
    add_verb<NeighArguments>(
        noun, "flush", "Forget the neighbours that were learned", "xdp-bridge neigh flush br0",
        [](CLI::App& verb, NeighArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
            verb.add_flag("--static", arguments.static_too, "and those added by hand");
        },
        [&context](const NeighArguments& arguments) { flush_neighbours(context, arguments); });
}

} // namespace xdpbridge::loader
