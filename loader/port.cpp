// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "device_names.h"
#include "output.h"
#include "rate_option.h"

#include <map>

namespace xdpbridge::loader {

namespace {

struct PortArguments {
    std::string bridge;
    std::string device;
    PortOptions options; // of add
    PortChange change;   // of set
};

const std::map<std::string, XdpMode> modes = {
    {"native", XdpMode::native}, {"generic", XdpMode::generic}, {"auto", XdpMode::automatic}};
const std::map<std::string, Hook> hooks = {
    {"auto", Hook::automatic}, {"xdp", Hook::xdp}, {"tc", Hook::tc}, {"both", Hook::both}};
const std::map<std::string, bool> bulk_ways = {{"gro", true}, {"direct", false}};
const std::map<std::string, SourceGuard> source_guards = {
    {"off", SourceGuard::off}, {"mac", SourceGuard::mac}, {"ip", SourceGuard::ip}};
const std::map<std::string, bool> switches = {{"on", true}, {"off", false}};

// Who and what may come in.
void add_guard_settings(CLI::App& verb, PortSettings& settings) {
    verb.add_option_function<SourceGuard>(
            "--source-guard", [&settings](SourceGuard guard) { settings.source_guard = guard; },
            "whom it lets send: any, MACs bound with `guard add`, or those with their addresses")
        ->transform(CLI::CheckedTransformer(source_guards).description(""))
        ->type_name("off|mac|ip");
    add_switch_option(verb, "--arp-guard", settings.arp_guard,
                      "ARP and ND only in the name of what `guard add` has bound");
    add_switch_option(verb, "--dhcp-guard", settings.dhcp_guard, "no DHCP server behind it");
    add_switch_option(verb, "--ra-guard", settings.ra_guard, "no IPv6 router behind it");
    add_switch_option(verb, "--bpdu-guard", settings.bpdu_guard,
                      "a BPDU shuts it; given again, opens it");
    add_rate_option(verb, "--storm-broadcast", settings.storm_broadcast,
                    "most broadcast that it may send");
    add_rate_option(verb, "--storm-multicast", settings.storm_multicast,
                    "most multicast that it may send");
    add_rate_option(verb, "--storm-unknown", settings.storm_unknown,
                    "most unicast to unknown hosts that it may send");
    add_rate_option(verb, "--police", settings.police, "most that it may send at all");
}

// "off", or a device's name.
void add_mirror(CLI::App& verb, const char* name, std::optional<std::string>& value,
                const char* help) {
    verb.add_option_function<std::string>(
            name, [&value](const std::string& to) { value = to == "off" ? "" : to; }, help)
        ->type_name("DEVICE|off");
}

// What a port may have beside plain switching.
void add_port_settings(CLI::App& verb, PortSettings& settings) {
    add_switch_option(verb, "--isolated", settings.isolated,
                      "no frame goes from an isolated port to another");
    add_switch_option(verb, "--tunnel", settings.tunnel,
                      "Q-in-Q: put every frame, tagged or not, into the port's PVID as it is");
    verb.add_option("--priority", settings.priority, "PCP of frames that come without one")
        ->check(CLI::Range(0, 7))
        ->type_name("PCP");
    add_switch_option(verb, "--set-priority", settings.set_priority,
                      "replace the PCP of tagged frames by --priority too");
    add_mirror(verb, "--mirror-rx", settings.mirror_rx,
               "the port that gets a copy of what comes in, as it comes");
    add_mirror(verb, "--mirror-tx", settings.mirror_tx,
               "the port that gets a copy of what leaves, as it leaves");
    add_guard_settings(verb, settings);
    add_switch_option(verb, "--classes", settings.classes,
                      "latency classes: what leaves and is not urgent fills a tap only so far");
    verb.add_option_function<std::uint32_t>(
            "--class-delay",
            [&settings](std::uint32_t us) { settings.class_delay = std::chrono::microseconds(us); },
            "so far that class bulk keeps an urgent frame waiting so long, class normal twice so "
            "long (10 when added)")
        ->type_name("MICROSECONDS");
    add_switch_option(
        verb, "--mrouter", settings.mrouter,
        "a multicast router is behind it: it gets all multicast, whatever snooping says");
    add_switch_option(verb, "--fast-leave", settings.fast_leave,
                      "one host is behind it: when it leaves a group, that counts at once");
}

// Of add and set alike.
template <typename Settings>
void add_settings(CLI::App& verb, Settings& settings) {
    verb.add_option_function<Hook>(
            "--hook", [&settings](Hook hook) { settings.hook = hook; },
            "where frames are taken: xdp (in the driver), tc (keeps offloads), both (tc takes what "
            "XDP cannot send), auto (what suits the device; the default)")
        ->transform(CLI::CheckedTransformer(hooks).description(""))
        ->type_name("auto|xdp|tc|both");
    verb.add_option_function<bool>(
            "--bulk", [&settings](bool gro) { settings.bulk_gro = gro; },
            "TCP: by the stack's GRO and tc, as large frames, or direct like the rest (gro for "
            "hardware with GRO on, unless --hook is given)")
        ->transform(CLI::CheckedTransformer(bulk_ways).description(""))
        ->type_name("gro|direct");
    verb.add_option_function<bool>(
            "--learning", [&settings](bool on) { settings.learning = on; },
            "learn source MACs (on when added)")
        ->transform(CLI::CheckedTransformer(switches).description(""))
        ->type_name("on|off");
    verb.add_option_function<std::uint32_t>(
            "--mac-quota", [&settings](std::uint32_t macs) { settings.mac_quota = macs; },
            "most MACs it may learn; 0: as many as the FDB holds")
        ->type_name("MACS");
    add_port_settings(verb, settings.settings);
}

std::string kind_of(const PortInfo& port) {
    if (port.state == PortState::gone)
        return "-";
    return port.kind.empty() ? "hardware" : port.kind;
}

std::string hook_of(const PortInfo& port) {
    return !port.tc ? "xdp" : port.xdp ? "both" : "tc";
}

// Of XDP, where the port has it.
Cell mode_cell(const PortInfo& port) {
    if (!port.xdp)
        return cell("-");
    return port.generic ? cell("generic", Colour::warning) : cell("native");
}

// What is on of enum xdpb_port_feature, by the names of the options that turn it on.
Cell features_cell(std::uint32_t features) {
    static const std::vector<std::pair<std::uint32_t, std::string>> names = {
        {XDPB_FEATURE_ISOLATED, "isolated"},
        {XDPB_FEATURE_TUNNEL, "tunnel"},
        {XDPB_FEATURE_SET_PRIORITY, "set-priority"},
        {XDPB_FEATURE_ARP_GUARD, "arp-guard"},
        {XDPB_FEATURE_DHCP_GUARD, "dhcp-guard"},
        {XDPB_FEATURE_RA_GUARD, "ra-guard"},
        {XDPB_FEATURE_BPDU_GUARD, "bpdu-guard"},
        {XDPB_FEATURE_ROUTED, "routed"},
        {XDPB_FEATURE_SVI, "svi"},
        {XDPB_FEATURE_CLASSES, "classes"},
        {XDPB_FEATURE_MROUTER, "mrouter"},
        {XDPB_FEATURE_FAST_LEAVE, "fast-leave"},
    };
    return names_cell(features, names);
}

std::string guard_name(SourceGuard guard) {
    return guard == SourceGuard::ip ? "ip" : guard == SourceGuard::mac ? "mac" : "off";
}

void show_ports(const Context& context, const PortArguments& arguments) {
    const Bridge bridge = Bridge::open(arguments.bridge, context.where);
    const Ports ports = bridge.ports();
    const auto list =
        arguments.device.empty() ? ports.list() : std::vector{ports.get(arguments.device)};
    std::optional<DeviceNames> devices; // that cost something
    const auto mirror_cell = [&](std::uint16_t to) {
        if (to == 0)
            return cell(nlohmann::json(), "-");
        if (!devices)
            devices.emplace(bridge);
        return cell((*devices)[to]);
    };
    Table table(context.json, {{"port", true},
                               {"device"},
                               {"state"},
                               {"ifindex", true},
                               {"mtu", true},
                               {"kind"},
                               {"hook"},
                               {"mode"},
                               {"attached_by"},
                               {"bulk"},
                               {"takes_xdp"},
                               {"learning"},
                               {"mac_quota", true},
                               {"learned", true},
                               {"pvid", true},
                               {"priority", true},
                               {"features"},
                               {"source_guard"},
                               {"storm_broadcast"},
                               {"storm_multicast"},
                               {"storm_unknown"},
                               {"police"},
                               {"mirror_rx"},
                               {"mirror_tx"},
                               {"tx_dropped", true},
                               {"why"}});
    for (const auto& port : list)
        table.row(
            {cell(port.number),
             cell(port.device),
             state_cell(port.state),
             cell(port.ifindex),
             cell(port.mtu),
             cell(kind_of(port)),
             cell(hook_of(port)),
             mode_cell(port),
             cell(!port.xdp                                    ? "-"
                  : port.attached_by == AttachKind::dispatcher ? "dispatcher"
                                                               : "link"),
             cell(port.bulk_gro ? "gro" : "direct"),
             on_off(port.takes_xdp),
             on_off(port.learning),
             cell(port.mac_quota, port.mac_quota == 0 ? "none" : std::to_string(port.mac_quota)),
             cell(port.learned),
             cell(port.pvid),
             cell(port.priority),
             features_cell(port.features),
             cell(guard_name(port.source_guard)),
             rate_cell(port.storm_broadcast),
             rate_cell(port.storm_multicast),
             rate_cell(port.storm_unknown),
             rate_cell(port.police),
             mirror_cell(port.mirror_rx),
             mirror_cell(port.mirror_tx),
             cell(port.tx_dropped),
             cell(std::string(port.hook_reason) +
                  (port.tc_lent ? "; tc as long as something is mirrored" : ""))});
}

} // namespace

CLI::Option* add_switch_option(CLI::App& app, const std::string& name, std::optional<bool>& value,
                               const std::string& help) {
    return app
        .add_option_function<bool>(
            name, [&value](bool on) { value = on; }, help)
        ->transform(CLI::CheckedTransformer(switches).description(""))
        ->type_name("on|off");
}

CLI::Option* add_device_argument(CLI::App& verb, std::string& device) {
    return verb.add_option("device", device, "the network interface")
        ->required()
        ->type_name("DEVICE");
}

void add_port_commands(CLI::App& app, const Context& context) {
    CLI::App& noun = *app.add_subcommand("port", "Ports of a bridge");
    noun.require_subcommand(1);
    noun.footer("Example:\n  xdp-bridge port show br0");
    const auto both = [](CLI::App& verb, PortArguments& arguments) {
        add_bridge_argument(verb, arguments.bridge);
        add_device_argument(verb, arguments.device);
    };

    add_verb<PortArguments>(
        noun, "add", "Make an interface a port",
        "xdp-bridge port add br0 tap0 --mode native --mac-quota 16",
        [&](CLI::App& verb, PortArguments& arguments) {
            both(verb, arguments);
            verb.add_option("--mode", arguments.options.mode,
                            "where XDP runs: native (in the driver; the default), generic (slower, "
                            "any device), "
                            "auto (native, else generic)")
                ->transform(CLI::CheckedTransformer(modes).description(""))
                ->type_name("native|generic|auto");
            add_settings(verb, arguments.options);
            verb.add_flag("--routed", arguments.options.routed,
                          "a port of the router, in no VLAN: it keeps its MAC and addresses");
        },
        [&context](const PortArguments& arguments) {
            Bridge::open(arguments.bridge, context.where)
                .ports()
                .add(arguments.device, arguments.options);
        });

    add_verb<PortArguments>(
        noun, "del", "Release an interface, and forget what is behind it",
        "xdp-bridge port del br0 tap0", both, [&context](const PortArguments& arguments) {
            Bridge::open(arguments.bridge, context.where).ports().remove(arguments.device);
        });

    add_verb<PortArguments>(
        noun, "set", "Change a port", "xdp-bridge port set br0 tap0 --learning off",
        [&](CLI::App& verb, PortArguments& arguments) {
            both(verb, arguments);
            add_settings(verb, arguments.change);
        },
        [&context](const PortArguments& arguments) {
            Bridge::open(arguments.bridge, context.where)
                .ports()
                .set(arguments.device, arguments.change);
        });

    add_verb<PortArguments>(
        noun, "show", "Show a bridge's ports, or one", "xdp-bridge port show br0",
        [](CLI::App& verb, PortArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
            add_device_argument(verb, arguments.device)->required(false);
        },
        [&context](const PortArguments& arguments) { show_ports(context, arguments); });
}

} // namespace xdpbridge::loader
