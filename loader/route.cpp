// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "file_verbs.h"
#include "output.h"

#include <fmt/format.h>

namespace xdpbridge::loader {

namespace {

constexpr Things own_routes = {"route", "routes"};

struct RouteArguments {
    std::string bridge;
    std::string prefix;
    std::string device;
    std::string gateway;
    bool blackhole = false;
    bool local = false;
};

CLI::Option* add_prefix_argument(CLI::App& verb, std::string& prefix) {
    return verb.add_option("prefix", prefix, "destinations, like 10.0.0.0/8 or 2001:db8::/32")
        ->required()
        ->check([](const std::string& text) {
            return IpPrefix::parse(text)
                       ? std::string()
                       : fmt::format("'{}' is no prefix: ADDRESS/BITS, with no bit set beyond them",
                                     text);
        })
        ->type_name("PREFIX");
}

std::string is_address(const std::string& text) {
    return Ip::parse(text) ? std::string() : fmt::format("'{}' is no IP address", text);
}

Route route_of(const Bridge& bridge, const RouteArguments& arguments) {
    Route route{.prefix = *IpPrefix::parse(arguments.prefix)};
    if (arguments.blackhole || arguments.local) {
        route.type = arguments.local ? RouteType::local : RouteType::blackhole;
        return route;
    }
    if (arguments.device.empty())
        throw CLI::RequiredError("--dev, --blackhole or --local");
    for (const auto& [number, device] : bridge.routes().devices())
        if (device == arguments.device)
            route.port = number;
    if (route.port == 0)
        throw Error(EINVAL,
                    fmt::format("add route {} to bridge '{}'", arguments.prefix, bridge.name()),
                    fmt::format("'{}' is neither an SVI nor a routed port of it", arguments.device),
                    fmt::format("`xdp-bridge svi show {}` lists the SVIs", bridge.name()));
    if (!arguments.gateway.empty())
        route.gateway = Ip::parse(arguments.gateway);
    return route;
}

void delete_route(const Context& context, const RouteArguments& arguments) {
    const Bridge bridge = Bridge::open(arguments.bridge, context.where);
    if (!bridge.routes().remove(*IpPrefix::parse(arguments.prefix)))
        throw Error(
            ENOENT,
            fmt::format("delete route {} of bridge '{}'", arguments.prefix, arguments.bridge),
            "no such route",
            fmt::format("`xdp-bridge route show {}` lists them", arguments.bridge));
}

void show_routes(const Context& context, const std::string& name) {
    const Bridge bridge = Bridge::open(name, context.where);
    const auto devices = bridge.routes().devices();
    const auto device_of = [&](const Route& route) {
        const auto found = devices.find(route.port);
        return route.port == 0 ? "-" : found == devices.end() ? "?" : found->second;
    };
    Table table(context.json, {{"prefix"}, {"type"}, {"via"}, {"device"}});
    for (const auto& route : bridge.routes().list())
        table.row({cell(route.prefix.to_string()),
                   cell(route.type == RouteType::unicast     ? "unicast"
                        : route.type == RouteType::blackhole ? "blackhole"
                                                             : "local"),
                   cell(route.gateway ? route.gateway->to_string() : "-"), cell(device_of(route))});
}

} // namespace

void add_route_commands(CLI::App& app, const Context& context) {
    CLI::App& noun = *app.add_subcommand(
        "route", "Routes of a bridge's own, which count with `set --routing static`");
    noun.require_subcommand(1);
    noun.footer("Example:\n  xdp-bridge route show br0");
    const auto bridge_alone = [](CLI::App& verb, RouteArguments& arguments) {
        add_bridge_argument(verb, arguments.bridge);
    };
    const auto bridge_and_prefix = [](CLI::App& verb, RouteArguments& arguments) {
        add_bridge_argument(verb, arguments.bridge);
        add_prefix_argument(verb, arguments.prefix);
    };

    add_verb<RouteArguments>(
        noun, "add", "Add or replace a route",
        "xdp-bridge route add br0 10.1.0.0/16 --dev vlan20 --via 10.0.20.2",
        [&](CLI::App& verb, RouteArguments& arguments) {
            bridge_and_prefix(verb, arguments);
            auto* device = verb.add_option("--dev", arguments.device,
                                           "the SVI or routed port that it leaves by")
                               ->type_name("DEVICE");
            auto* blackhole = verb.add_flag("--blackhole", arguments.blackhole, "drop what fits")
                                  ->excludes(device);
            verb.add_flag("--local", arguments.local, "leave what fits to the host's stack")
                ->excludes(device)
                ->excludes(blackhole);
            verb.add_option("--via", arguments.gateway,
                            "the next hop's address; without it, the destination is the next hop")
                ->check(is_address)
                ->needs(device)
                ->type_name("ADDRESS");
        },
        [&context](const RouteArguments& arguments) {
            const Bridge bridge = Bridge::open(arguments.bridge, context.where);
            bridge.routes().add(route_of(bridge, arguments));
        });
    add_verb<RouteArguments>(
        noun, "del", "Delete a route", "xdp-bridge route del br0 10.1.0.0/16", bridge_and_prefix,
        [&context](const RouteArguments& arguments) { delete_route(context, arguments); });
    add_verb<RouteArguments>(
        noun, "show", "Show a bridge's own routes", "xdp-bridge route show br0", bridge_alone,
        [&context](const RouteArguments& arguments) { show_routes(context, arguments.bridge); });
    add_verb<RouteArguments>(
        noun, "flush", "Delete all of them", "xdp-bridge route flush br0", bridge_alone,
        [&context](const RouteArguments& arguments) {
            print_count(context.json, "deleted",
                        Bridge::open(arguments.bridge, context.where).routes().flush(), own_routes);
        });
    add_file_verbs(
        noun, context,
        {.things = own_routes,
         .lines = "PREFIX [via ADDRESS] dev DEVICE, blackhole PREFIX, or local PREFIX",
         .example = "routes.txt",
         .load_help = "Add all routes of a file, or none",
         .load = [](const Bridge& bridge, std::istream& in) { return bridge.routes().load(in); },
         .save = [](const Bridge& bridge,
                    std::ostream& out) { return bridge.routes().save(out); }});
}

} // namespace xdpbridge::loader
