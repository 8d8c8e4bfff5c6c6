// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "device_names.h"
#include "file_verbs.h"
#include "output.h"

#include <fmt/format.h>

namespace xdpbridge::loader {

namespace {

constexpr Things fdb_entries = {"entry", "entries"};

struct FdbArguments {
    std::string bridge;
    std::string mac;
    std::string device;
    std::optional<std::uint16_t> vlan;
    bool is_static = false;
};

double in_seconds(std::chrono::nanoseconds time) {
    return std::chrono::duration<double>(time).count();
}

// JSON has fractions of a second, the table has not.
Cell idle_cell(const FdbEntry& entry) {
    const double idle = in_seconds(entry.idle);
    return {fmt::format("{}", idle), entry.is_static ? "-" : fmt::format("{:.0f}s", idle)};
}

// What was asked for, as the library says it.
FdbFilter filter_of(const Bridge& bridge, const FdbArguments& arguments) {
    FdbFilter filter{.vlan = arguments.vlan, .static_too = arguments.is_static};
    if (!arguments.device.empty())
        filter.port = bridge.ports().get(arguments.device).number;
    return filter;
}

void show_entries(const Context& context, const FdbArguments& arguments) {
    const Bridge bridge = Bridge::open(arguments.bridge, context.where);
    const auto filter = filter_of(bridge, arguments);
    const DeviceNames devices(bridge);
    Table table(context.json, {{"mac"}, {"vlan", true}, {"device"}, {"type"}, {"idle", true}});
    bridge.fdb().for_each([&](const FdbEntry& entry) {
        if ((filter.port && *filter.port != entry.port) ||
            (filter.vlan && *filter.vlan != entry.vlan) || (filter.static_too && !entry.is_static))
            return;
        table.row({cell(entry.mac.to_string()), cell(entry.vlan), cell(devices[entry.port]),
                   cell(entry.is_router   ? "router"
                        : entry.is_static ? "static"
                                          : "dynamic"),
                   idle_cell(entry)});
    });
}

void add_entry(const Context& context, const FdbArguments& arguments) {
    const Bridge bridge = Bridge::open(arguments.bridge, context.where);
    const PortInfo port = bridge.ports().get(arguments.device);
    bridge.fdb().add({.mac = *Mac::parse(arguments.mac),
                      .vlan = arguments.vlan.value_or(port.pvid),
                      .port = port.number,
                      .is_static = arguments.is_static});
}

void delete_entry(const Context& context, const FdbArguments& arguments) {
    const Bridge bridge = Bridge::open(arguments.bridge, context.where);
    const auto vlan = arguments.vlan.value_or(bridge.info().default_pvid);
    if (!bridge.fdb().remove(*Mac::parse(arguments.mac), vlan))
        throw Error(
            ENOENT, fmt::format("delete {} from bridge '{}'", arguments.mac, arguments.bridge),
            "no such entry", fmt::format("`xdp-bridge fdb show {}` lists them", arguments.bridge));
}

void add_vlan_option(CLI::App& verb, FdbArguments& arguments, const std::string& help) {
    verb.add_option("--vlan", arguments.vlan, help)->check(CLI::Range(1, 4094))->type_name("VID");
}

} // namespace

std::string is_mac(const std::string& text) {
    return Mac::parse(text) ? std::string() : fmt::format("'{}' is no MAC address", text);
}

CLI::Option* add_mac_argument(CLI::App& verb, std::string& mac) {
    return verb.add_option("mac", mac, "the host's address, like 02:00:00:00:00:01")
        ->required()
        ->check(is_mac)
        ->type_name("MAC");
}

void add_fdb_commands(CLI::App& app, const Context& context) {
    CLI::App& noun = *app.add_subcommand("fdb", "The forwarding database of a bridge");
    noun.require_subcommand(1);
    noun.footer("Example:\n  xdp-bridge fdb show br0");
    const auto bridge_and_mac = [](CLI::App& verb, FdbArguments& arguments) {
        add_bridge_argument(verb, arguments.bridge);
        add_mac_argument(verb, arguments.mac);
    };
    const auto bridge_and_filter = [](const std::string& static_help) {
        return [static_help](CLI::App& verb, FdbArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
            verb.add_option("--port", arguments.device, "only entries of this port")
                ->type_name("DEVICE");
            add_vlan_option(verb, arguments, "only entries of this VLAN");
            verb.add_flag("--static", arguments.is_static, static_help);
        };
    };

    add_verb<FdbArguments>(
        noun, "show", "Show what is behind which port", "xdp-bridge fdb show br0 --port tap0",
        bridge_and_filter("only static entries"),
        [&context](const FdbArguments& arguments) { show_entries(context, arguments); });
    add_verb<FdbArguments>(
        noun, "add", "Add or replace an entry",
        "xdp-bridge fdb add br0 02:00:00:00:00:01 --port tap0 --static",
        [&](CLI::App& verb, FdbArguments& arguments) {
            bridge_and_mac(verb, arguments);
            verb.add_option("--port", arguments.device, "the port it is behind")
                ->required()
                ->type_name("DEVICE");
            add_vlan_option(verb, arguments, "its VLAN, unless it is the port's PVID");
            verb.add_flag("--static", arguments.is_static, "never ages, never moves");
        },
        [&context](const FdbArguments& arguments) { add_entry(context, arguments); });
    add_verb<FdbArguments>(
        noun, "del", "Delete an entry", "xdp-bridge fdb del br0 02:00:00:00:00:01",
        [&](CLI::App& verb, FdbArguments& arguments) {
            bridge_and_mac(verb, arguments);
            add_vlan_option(verb, arguments, "its VLAN, unless it is the bridge's default PVID");
        },
        [&context](const FdbArguments& arguments) { delete_entry(context, arguments); });
    add_verb<FdbArguments>(
        noun, "flush", "Delete all learned entries", "xdp-bridge fdb flush br0 --port tap0",
        bridge_and_filter("static entries too"), [&context](const FdbArguments& arguments) {
            const Bridge bridge = Bridge::open(arguments.bridge, context.where);
            print_count(context.json, "deleted", bridge.fdb().flush(filter_of(bridge, arguments)),
                        fdb_entries);
        });
    add_file_verbs(
        noun, context,
        {.things = fdb_entries,
         .lines = "MAC dev DEVICE [vlan VID] [static]",
         .example = "hosts.fdb",
         .load_help = "Add all entries of a file, or none",
         .load = [](const Bridge& bridge, std::istream& in) { return bridge.fdb().load(in); },
         .save = [](const Bridge& bridge, std::ostream& out) { return bridge.fdb().save(out); }});
}

} // namespace xdpbridge::loader
