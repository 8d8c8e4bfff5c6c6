// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "output.h"

#include <fmt/format.h>
#include <map>
#include <optional>

namespace xdpbridge::loader {

namespace {

struct BridgeArguments {
    std::string bridge;
    std::uint32_t ageing = 300;
    std::uint32_t fdb_size = BridgeOptions{}.fdb_size;
    std::vector<std::string> reserved;
    bool has_ageing = false;
    std::optional<bool> snooping;
    std::optional<bool> suppression;
    std::optional<Routing> routing;
    bool vlan_aware = false;
    std::uint16_t vlan_protocol = BridgeOptions{}.vlan_protocol;
    std::uint16_t default_pvid = BridgeOptions{}.default_pvid;
};

struct ReservedGroup {
    unsigned group;
    ReservedPolicy policy;
};

std::string_view policy_name(ReservedPolicy policy) {
    switch (policy) {
    case ReservedPolicy::peer:
        return "peer";
    case ReservedPolicy::forward:
        return "forward";
    case ReservedPolicy::drop:
        return "drop";
    }
    return "unknown";
}

std::string address_of(std::size_t group) {
    return fmt::format("01:80:c2:00:00:{:02x}", group);
}

// "0e=forward" or "01:80:c2:00:00:0e=forward"
std::optional<ReservedGroup> parse_reserved(const std::string& text) {
    const auto equals = text.find('=');
    const std::string address = text.substr(0, equals);
    const std::string policy = equals == std::string::npos ? "" : text.substr(equals + 1);
    for (unsigned group = 0; group < XDPB_RESERVED_GROUPS; group++) {
        if (address != address_of(group) && address != address_of(group).substr(15))
            continue;
        for (const auto known :
             {ReservedPolicy::peer, ReservedPolicy::forward, ReservedPolicy::drop})
            if (policy == policy_name(known))
                return ReservedGroup{group, known};
    }
    return std::nullopt;
}

std::string wrong_reserved(const std::string& text) {
    return fmt::format("'{}' is not ADDRESS=peer|forward|drop with an address of 01:80:c2:00:00:00 "
                       "to 0f, or its last octet",
                       text);
}

std::vector<ReservedGroup> parse_reserved(const std::vector<std::string>& texts) {
    std::vector<ReservedGroup> groups;
    for (const auto& text : texts)
        groups.push_back(*parse_reserved(text)); // it has been checked
    return groups;
}

const std::map<std::string, Routing> routings = {{"kernel", Routing::kernel},
                                                 {"static", Routing::own}};

const std::map<std::string, std::uint16_t> vlan_protocols = {{"802.1Q", 0x8100},
                                                             {"802.1ad", 0x88a8}};

std::string vlan_protocol_name(std::uint16_t protocol) {
    for (const auto& [name, number] : vlan_protocols)
        if (number == protocol)
            return name;
    return "-";
}

// Of a bridge that is being made: they are for good.
void add_vlan_options(CLI::App& verb, BridgeArguments& arguments) {
    CLI::Option* aware = verb.add_flag("--vlan-aware", arguments.vlan_aware,
                                       "ports are in VLANs: see `xdp-bridge vlan`");
    verb.add_option("--vlan-protocol", arguments.vlan_protocol,
                    "its tags: 802.1Q, or 802.1ad, to which a tag of 802.1Q is payload")
        ->transform(CLI::CheckedTransformer(vlan_protocols).description(""))
        ->type_name("802.1Q|802.1ad")
        ->default_str("802.1Q")
        ->needs(aware);
    verb.add_option("--default-pvid", arguments.default_pvid,
                    "VLAN that a new port is in, untagged; 0: none")
        ->check(CLI::Range(0, 4094))
        ->type_name("VID")
        ->capture_default_str()
        ->needs(aware);
}

void add_settings(CLI::App& verb, BridgeArguments& arguments) {
    verb.add_option("--ageing", arguments.ageing, "seconds after which a silent host is forgotten")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{Bridge::max_ageing.count()}))
        ->type_name("SECONDS")
        ->capture_default_str();
    verb.add_option("--reserved", arguments.reserved,
                    "what to do with a group address of 01:80:c2:00:00:0x: hand it to the host's "
                    "stack (peer, the "
                    "default), forward or drop it; may be repeated")
        ->check([](const std::string& text) {
            return parse_reserved(text) ? "" : wrong_reserved(text);
        })
        ->type_name("0x=POLICY");
    add_switch_option(verb, "--snooping", arguments.snooping,
                      "IGMP and MLD snooping: multicast goes to those who have joined");
    add_switch_option(verb, "--neigh-suppress", arguments.suppression,
                      "answer ARP and ND for known hosts instead of flooding them");
}

void set_features(Bridge& bridge, const BridgeArguments& arguments) {
    if (arguments.snooping)
        bridge.set_snooping(*arguments.snooping);
    if (arguments.suppression)
        bridge.set_suppression(*arguments.suppression);
}

void add_bridge(const Context& context, const BridgeArguments& arguments) {
    BridgeOptions options{.fdb_size = arguments.fdb_size,
                          .ageing = std::chrono::seconds(arguments.ageing),
                          .vlan_aware = arguments.vlan_aware,
                          .vlan_protocol = arguments.vlan_protocol,
                          .default_pvid = arguments.default_pvid};
    for (const auto& [group, policy] : parse_reserved(arguments.reserved))
        options.reserved[group] = policy;
    if (mount_bpffs(context.where))
        fmt::print(stderr, "xdp-bridge: mounted a BPF file system on {}\n",
                   context.where.bpffs.string());
    Bridge bridge = Bridge::create(arguments.bridge, options, context.where);
    set_features(bridge, arguments);
}

// By the names of the options that turn them on.
Cell features_cell(std::uint32_t features) {
    return names_cell(features, {{XDPB_BRIDGE_SNOOPING, "snooping"},
                                 {XDPB_BRIDGE_SUPPRESS, "neigh-suppress"},
                                 {XDPB_BRIDGE_LATENCY, "latency"},
                                 {XDPB_BRIDGE_UPGRADING, "upgrade-interrupted"}});
}

void show_row(Table& table, const BridgeInfo& info) {
    nlohmann::json reserved = nlohmann::json::object();
    std::string exceptions;
    for (std::size_t group = 0; group < XDPB_RESERVED_GROUPS; group++) {
        const auto policy = info.reserved[group];
        reserved[address_of(group)] = policy_name(policy);
        if (policy != ReservedPolicy::peer)
            exceptions += fmt::format("{}{:02x}={}", exceptions.empty() ? "" : ",", group,
                                      policy_name(policy));
    }
    table.row({cell(info.name), cell(info.ports), cell(info.fdb_size),
               cell(info.ageing.count(), fmt::format("{}s", info.ageing.count())),
               cell(reserved, exceptions.empty() ? "peer" : exceptions),
               cell(vlan_protocol_name(info.vlan_protocol)), cell(info.default_pvid),
               cell(info.routing == Routing::own ? "static" : "kernel"),
               info.here ? cell("here") : cell("elsewhere", Colour::warning),
               features_cell(info.features),
               info.counts_refusals ? cell("counted") : cell("not counted", Colour::warning),
               cell(info.events_lost)});
}

void show_bridges(const Context& context, const std::string& only) {
    const auto names = only.empty() ? Bridge::list(context.where) : std::vector{only};
    std::vector<BridgeInfo> infos;
    for (const auto& name : names)
        infos.push_back(Bridge::open(name, context.where).info());
    Table table(context.json, {{"bridge"},
                               {"ports", true},
                               {"fdb_size", true},
                               {"ageing", true},
                               {"reserved"},
                               {"vlan_protocol"},
                               {"default_pvid", true},
                               {"routing"},
                               {"netns"},
                               {"features"},
                               {"refusals"},
                               {"events_lost", true}});
    for (const auto& info : infos)
        show_row(table, info);
}

// Without a name: all whose ports are here. One that cannot be upgraded is in no other's way.
void upgrade_bridges(const Context& context, const std::string& only) {
    std::vector<std::pair<std::string, Upgrade>> upgraded;
    std::optional<Error> failed;
    for (const auto& name : only.empty() ? Bridge::list(context.where) : std::vector{only}) {
        try {
            upgraded.emplace_back(name, Bridge::upgrade(name, context.where));
        } catch (const Error& error) {
            const bool elsewhere = error.code().value() == EXDEV;
            if (!failed && !(only.empty() && elsewhere))
                failed = error;
        }
    }
    if (!upgraded.empty() || !failed) {
        Table table(context.json, {{"bridge"}, {"ports", true}, {"new_maps"}});
        for (const auto& [name, done] : upgraded) {
            const auto maps = fmt::format("{}", fmt::join(done.new_maps, ","));
            table.row(
                {cell(name), cell(done.ports), cell(done.new_maps, maps.empty() ? "-" : maps)});
        }
    }
    if (failed)
        throw *failed;
}

} // namespace

CLI::Option* add_bridge_argument(CLI::App& verb, std::string& bridge) {
    return verb.add_option("bridge", bridge, "the bridge's name")->required()->type_name("BRIDGE");
}

void add_bridge_commands(CLI::App& app, const Context& context) {
    add_verb<BridgeArguments>(
        app, "add", "Create a bridge", "xdp-bridge add br0 --ageing 300 --fdb-size 65536",
        [](CLI::App& verb, BridgeArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
            add_settings(verb, arguments);
            verb.add_option("--fdb-size", arguments.fdb_size,
                            "most FDB entries it can hold, for good")
                ->check(CLI::Range(std::uint32_t{1}, Bridge::max_fdb_size))
                ->type_name("ENTRIES")
                ->capture_default_str();
            add_vlan_options(verb, arguments);
        },
        [&context](const BridgeArguments& arguments) { add_bridge(context, arguments); });

    add_verb<BridgeArguments>(
        app, "set", "Change a bridge", "xdp-bridge set br0 --ageing 60 --reserved 0e=forward",
        [](CLI::App& verb, BridgeArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
            add_settings(verb, arguments);
            verb.add_option_function<Routing>(
                    "--routing", [&arguments](Routing routing) { arguments.routing = routing; },
                    "route by the kernel's tables (the default), or by those of `xdp-bridge route`")
                ->transform(CLI::CheckedTransformer(routings).description(""))
                ->type_name("kernel|static");
            verb.get_option("--ageing")->default_str("")->each([&arguments](const std::string&) {
                arguments.has_ageing = true;
            });
        },
        [&context](const BridgeArguments& arguments) {
            const auto reserved = parse_reserved(arguments.reserved);
            Bridge bridge = Bridge::open(arguments.bridge, context.where);
            if (arguments.has_ageing)
                bridge.set_ageing(std::chrono::seconds(arguments.ageing));
            for (const auto& [group, policy] : reserved)
                bridge.set_reserved(group, policy);
            set_features(bridge, arguments);
            if (arguments.routing)
                bridge.set_routing(*arguments.routing);
        });

    add_verb<BridgeArguments>(
        app, "del", "Delete a bridge: detach its ports, forget its FDB", "xdp-bridge del br0",
        [](CLI::App& verb, BridgeArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
        },
        [&context](const BridgeArguments& arguments) {
            Bridge::remove(arguments.bridge, context.where);
        });

    add_verb<BridgeArguments>(
        app, "upgrade",
        "Give the ports of all bridges, or of one, this version's programs, without the loss of a "
        "frame; what the bridge knows and counts stays",
        "xdp-bridge upgrade br0",
        [](CLI::App& verb, BridgeArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge)->required(false);
        },
        [&context](const BridgeArguments& arguments) {
            upgrade_bridges(context, arguments.bridge);
        });

    add_verb<BridgeArguments>(
        app, "show", "Show all bridges, or one", "xdp-bridge show",
        [](CLI::App& verb, BridgeArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge)->required(false);
        },
        [&context](const BridgeArguments& arguments) { show_bridges(context, arguments.bridge); });
}

} // namespace xdpbridge::loader
