// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "device_names.h"
#include "output.h"

#include <fmt/format.h>

namespace xdpbridge::loader {

namespace {

struct GuardArguments {
    std::string bridge;
    std::string device;
    std::string mac;
    std::string ip;

    [[nodiscard]] std::optional<Ip> address() const {
        return ip.empty() ? std::nullopt : Ip::parse(ip);
    }
};

void show_bindings(const Context& context, const GuardArguments& arguments) {
    const Bridge bridge = Bridge::open(arguments.bridge, context.where);
    const auto list =
        arguments.device.empty() ? bridge.guards().list() : bridge.guards().list(arguments.device);
    const DeviceNames devices(bridge);
    Table table(context.json, {{"device"}, {"mac"}, {"ip"}});
    for (const auto& binding : list)
        table.row({cell(devices[binding.port]), cell(binding.mac.to_string()),
                   binding.ip ? cell(binding.ip->to_string()) : cell(nlohmann::json(), "-")});
}

void add_binding_options(CLI::App& verb, GuardArguments& arguments, const std::string& ip_help) {
    add_bridge_argument(verb, arguments.bridge);
    add_device_argument(verb, arguments.device);
    verb.add_option("--mac", arguments.mac, "the MAC of the host behind the port")
        ->required()
        ->check([](const std::string& text) {
            return Mac::parse(text) ? std::string() : fmt::format("'{}' is no MAC address", text);
        })
        ->type_name("MAC");
    verb.add_option("--ip", arguments.ip, ip_help)
        ->check([](const std::string& text) {
            return Ip::parse(text) ? std::string() : fmt::format("'{}' is no IP address", text);
        })
        ->type_name("ADDRESS");
}

} // namespace

void add_guard_commands(CLI::App& app, const Context& context) {
    CLI::App& noun = *app.add_subcommand(
        "guard", "Who may send from which port: what --source-guard and --arp-guard go by");
    noun.require_subcommand(1);
    noun.footer("Example:\n  xdp-bridge guard show br0");

    add_verb<GuardArguments>(
        noun, "add", "Bind a MAC, and an address with it, to a port",
        "xdp-bridge guard add br0 tap0 --mac 02:00:00:00:00:01 --ip 10.0.0.1",
        [](CLI::App& verb, GuardArguments& arguments) {
            add_binding_options(verb, arguments, "an IPv4 or IPv6 address that it may send from");
        },
        [&context](const GuardArguments& arguments) {
            Bridge::open(arguments.bridge, context.where)
                .guards()
                .add(arguments.device, *Mac::parse(arguments.mac), arguments.address());
        });
    add_verb<GuardArguments>(
        noun, "del", "Undo that", "xdp-bridge guard del br0 tap0 --mac 02:00:00:00:00:01",
        [](CLI::App& verb, GuardArguments& arguments) {
            add_binding_options(verb, arguments, "only this address; else the MAC and all of its");
        },
        [&context](const GuardArguments& arguments) {
            Bridge::open(arguments.bridge, context.where)
                .guards()
                .remove(arguments.device, *Mac::parse(arguments.mac), arguments.address());
        });
    add_verb<GuardArguments>(
        noun, "show", "Show who is bound to a bridge's ports, or to one",
        "xdp-bridge guard show br0 tap0",
        [](CLI::App& verb, GuardArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
            add_device_argument(verb, arguments.device)->required(false);
        },
        [&context](const GuardArguments& arguments) { show_bindings(context, arguments); });
}

} // namespace xdpbridge::loader
