// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "output.h"

#include <fmt/format.h>
#include <map>

namespace xdpbridge::loader {

namespace {

struct ClassArguments {
    std::string bridge;
    std::string device;
    LatencyClass latency_class = LatencyClass::normal;
    std::vector<ClassMatch> matches;

    [[nodiscard]] const ClassMatch& match() const {
        if (matches.size() != 1)
            throw CLI::ValidationError("give one of --pcp, --dscp, --ethertype, --vlan, --mac, "
                                       "--udp-port and --tcp-port");
        return matches.front();
    }
};

const std::map<std::string, LatencyClass> classes = {{"urgent", LatencyClass::urgent},
                                                     {"normal", LatencyClass::normal},
                                                     {"bulk", LatencyClass::bulk}};

struct Field {
    const char* option;
    const char* field; // name_of(xdpb_class_field)
    const char* value;
    const char* help;
};

constexpr std::array fields = {
    Field{"--pcp", "pcp", "PCP", "frames of this priority, 0 to 7"},
    Field{"--dscp", "dscp", "DSCP", "IP packets of this DSCP, 0 to 63"},
    Field{"--ethertype", "ethertype", "TYPE", "like ptp or 0x88f7, behind VLAN tags"},
    Field{"--vlan", "vlan", "VID", "frames of this VLAN"},
    Field{"--mac", "mac", "MAC", "frames from or to this host or group"},
    Field{"--udp-port", "udp_port", "PORT", "UDP from or to this port"},
    Field{"--tcp-port", "tcp_port", "PORT", "TCP from or to this port"},
};

// One of them: see match().
void add_match_options(CLI::App& verb, ClassArguments& arguments) {
    for (const auto& field : fields)
        verb.add_option_function<std::string>(
                field.option,
                [&arguments, name = field.field](const std::string& value) {
                    arguments.matches.emplace_back().set(name, value);
                },
                field.help)
            ->check([name = field.field](const std::string& value) {
                return ClassMatch{}.set(name, value);
            })
            ->type_name(field.value);
}

void show_rules(const Context& context, const ClassArguments& arguments) {
    const auto rules = Bridge::open(arguments.bridge, context.where).classes().list();
    Table table(context.json, {{"class"}, {"field"}, {"value"}});
    for (const auto& rule : rules)
        table.row({cell(std::string(name_of(rule.latency_class))),
                   cell(std::string(name_of(rule.match.field))), cell(rule.match.to_string())});
}

Colour isolation_colour(Isolation isolation) {
    switch (isolation) {
    case Isolation::off:
        return Colour::none;
    case Isolation::tap:
    case Isolation::resting:
        return Colour::good;
    default:
        return Colour::warning;
    }
}

void show_counters(const Context& context, const ClassArguments& arguments) {
    const Bridge bridge = Bridge::open(arguments.bridge, context.where);
    const Ports ports = bridge.ports();
    const auto list =
        arguments.device.empty() ? ports.list() : std::vector{ports.get(arguments.device)};
    Table table(context.json, {{"device"},
                               {"class"},
                               {"packets", true},
                               {"bytes", true},
                               {"held", true},
                               {"delay_us", true},
                               {"isolation"}});
    for (const auto& port : list) {
        const auto counters = bridge.classes().counters(port.number);
        for (std::size_t i = 0; i < counters.size(); i++) {
            const auto latency_class = static_cast<LatencyClass>(i);
            const bool limited = i != XDPB_CLASS_URGENT && port.isolation != Isolation::off;
            const auto delay = port.class_delay.count() * (i == XDPB_CLASS_BULK ? 1 : 2) *
                               (port.isolation == Isolation::resting ? XDPB_CLASS_REST_FACTOR : 1);
            table.row(
                {cell(port.device), cell(std::string(name_of(latency_class))),
                 cell(counters[i].packets), cell(counters[i].bytes), cell(counters[i].held),
                 limited ? cell(static_cast<std::uint64_t>(delay)) : cell(nlohmann::json(), "-"),
                 cell(std::string(text_of(port.isolation)), isolation_colour(port.isolation))});
        }
    }
}

} // namespace

void add_class_commands(CLI::App& app, const Context& context) {
    CLI::App& noun = *app.add_subcommand(
        "class", "Latency classes: what must not wait behind what, where --classes is on");
    noun.require_subcommand(1);
    noun.footer("Example:\n  xdp-bridge class add br0 urgent --pcp 6");

    add_verb<ClassArguments>(
        noun, "add",
        "Class frames by one of their fields; the most urgent class that fits is theirs",
        "xdp-bridge class add br0 bulk --tcp-port 873",
        [](CLI::App& verb, ClassArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
            verb.add_option("class", arguments.latency_class, "urgent, normal or bulk")
                ->required()
                ->transform(CLI::CheckedTransformer(classes).description(""))
                ->type_name("CLASS");
            add_match_options(verb, arguments);
        },
        [&context](const ClassArguments& arguments) {
            Bridge::open(arguments.bridge, context.where)
                .classes()
                .add({arguments.match(), arguments.latency_class});
        });
    add_verb<ClassArguments>(
        noun, "del", "Undo that", "xdp-bridge class del br0 --ethertype ptp",
        [](CLI::App& verb, ClassArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
            add_match_options(verb, arguments);
        },
        [&context](const ClassArguments& arguments) {
            Bridge::open(arguments.bridge, context.where).classes().remove(arguments.match());
        });
    add_verb<ClassArguments>(
        noun, "show", "Show what frames are classed by", "xdp-bridge class show br0",
        [](CLI::App& verb, ClassArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
        },
        [&context](const ClassArguments& arguments) { show_rules(context, arguments); });
    add_verb<ClassArguments>(
        noun, "stats",
        "Show what of each class left the ports, was held back, and what isolates it",
        "xdp-bridge class stats br0 tap0",
        [](CLI::App& verb, ClassArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
            add_device_argument(verb, arguments.device)->required(false);
        },
        [&context](const ClassArguments& arguments) { show_counters(context, arguments); });
}

} // namespace xdpbridge::loader
