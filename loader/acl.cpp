// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "file_verbs.h"
#include "output.h"

#include <fmt/format.h>

namespace xdpbridge::loader {

namespace {

constexpr Things acl_rules = {"rule", "rules"};

struct AclArguments {
    std::string bridge;
    std::uint32_t priority = 0;
    AclRule rule;
    std::vector<std::string> action;
};

struct Criterion {
    const char* name;
    const char* value;
    const char* help;
};

constexpr std::array criteria = {
    Criterion{"prio", "N", "its place in the order; without it after the last one"},
    Criterion{"port", "DEVICE", "frames that come in by this port"},
    Criterion{"vlan", "VID", "of this VLAN"},
    Criterion{"pcp", "PCP", "of this priority, 0 to 7"},
    Criterion{"src-mac", "MAC", "from this host"},
    Criterion{"dst-mac", "MAC", "to this host or group"},
    Criterion{"ethertype", "TYPE", "like arp, ip, ipv6 or 0x88f7"},
    Criterion{"src", "PREFIX", "from this network, IPv4 or IPv6"},
    Criterion{"dst", "PREFIX", "to this network, IPv4 or IPv6"},
    Criterion{"proto", "PROTOCOL", "like tcp, udp, icmpv6 or 47"},
    Criterion{"sport", "PORT[-PORT]", "from these TCP, UDP or SCTP ports"},
    Criterion{"dport", "PORT[-PORT]", "to these TCP, UDP or SCTP ports"},
    Criterion{"dscp", "DSCP", "of this DSCP, 0 to 63"},
};

void add_rule_options(CLI::App& verb, AclArguments& arguments) {
    for (const auto& criterion : criteria)
        verb.add_option_function<std::string>(
                fmt::format("--{}", criterion.name),
                [&arguments, name = criterion.name](const std::string& value) {
                    arguments.rule.set(name, value);
                },
                criterion.help)
            ->check([name = criterion.name](const std::string& value) {
                return AclRule{}.set(name, value);
            })
            ->type_name(criterion.value);
    verb.add_option("action", arguments.action,
                    "pass, drop, police RATE (drop what is above), mirror DEVICE (send a copy "
                    "there, and pass), class N (set the PCP, and pass)")
        ->required()
        ->expected(1, 2)
        ->type_name("ACTION");
}

void set_action(AclArguments& arguments) {
    const auto wrong = arguments.rule.set_action(
        arguments.action.front(), arguments.action.size() > 1 ? arguments.action[1] : "");
    if (!wrong.empty())
        throw CLI::ValidationError("action", wrong);
}

void add_rule(const Context& context, const AclArguments& arguments) {
    AclArguments whole = arguments;
    set_action(whole);
    const auto priority = Bridge::open(whole.bridge, context.where).acl().add(whole.rule);
    if (context.json)
        fmt::print("[\n{{\"priority\":{}}}\n]\n", priority);
    else
        fmt::print("rule {}\n", priority);
}

void delete_rule(const Context& context, const AclArguments& arguments) {
    if (!Bridge::open(arguments.bridge, context.where).acl().remove(arguments.priority))
        throw Error(
            ENOENT,
            fmt::format("delete rule {} of bridge '{}'", arguments.priority, arguments.bridge),
            "no such rule", fmt::format("`xdp-bridge acl show {}` lists them", arguments.bridge));
}

Cell match_cell(const AclRule& rule) {
    nlohmann::json object = nlohmann::json::object();
    std::string text;
    for (const auto& [name, value] : rule.criteria()) {
        std::string key = name;
        std::replace(key.begin(), key.end(), '-', '_');
        object[key] = value;
        text += fmt::format("{}--{} {}", text.empty() ? "" : " ", name, value);
    }
    return cell(object, text.empty() ? "all" : text);
}

Cell argument_cell(const AclRule& rule) {
    const auto text = rule.action_argument();
    return text.empty() ? cell(nlohmann::json(), "-") : cell(text);
}

void show_rules(const Context& context, const AclArguments& arguments) {
    const auto entries = Bridge::open(arguments.bridge, context.where).acl().list();
    Table table(context.json, {{"priority", true},
                               {"match"},
                               {"action"},
                               {"argument"},
                               {"packets", true},
                               {"bytes", true}});
    for (const auto& entry : entries)
        table.row({cell(entry.rule.priority), match_cell(entry.rule),
                   cell(entry.rule.action_name()), argument_cell(entry.rule), cell(entry.packets),
                   cell(entry.bytes)});
}

} // namespace

void add_acl_commands(CLI::App& app, const Context& context) {
    CLI::App& noun = *app.add_subcommand(
        "acl", "The access control list of a bridge: the first rule that fits a "
               "frame decides, and what none fits passes");
    noun.require_subcommand(1);
    noun.footer("Example:\n  xdp-bridge acl show br0");
    const auto only_bridge = [](CLI::App& verb, AclArguments& arguments) {
        add_bridge_argument(verb, arguments.bridge);
    };

    add_verb<AclArguments>(
        noun, "add", "Add a rule, and print its priority",
        "xdp-bridge acl add br0 --prio 10 --port tap0 --proto tcp --dport 25 drop",
        [](CLI::App& verb, AclArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
            add_rule_options(verb, arguments);
        },
        [&context](const AclArguments& arguments) { add_rule(context, arguments); });
    add_verb<AclArguments>(
        noun, "del", "Delete a rule", "xdp-bridge acl del br0 10",
        [](CLI::App& verb, AclArguments& arguments) {
            add_bridge_argument(verb, arguments.bridge);
            verb.add_option("priority", arguments.priority, "the rule's, as `acl show` has it")
                ->required()
                ->type_name("N");
        },
        [&context](const AclArguments& arguments) { delete_rule(context, arguments); });
    add_verb<AclArguments>(
        noun, "show", "Show the rules in their order, and what each has met",
        "xdp-bridge acl show br0", only_bridge,
        [&context](const AclArguments& arguments) { show_rules(context, arguments); });
    add_verb<AclArguments>(
        noun, "flush", "Delete all rules", "xdp-bridge acl flush br0", only_bridge,
        [&context](const AclArguments& arguments) {
            print_count(context.json, "deleted",
                        Bridge::open(arguments.bridge, context.where).acl().flush(), acl_rules);
        });
    add_file_verbs(
        noun, context,
        {.things = acl_rules,
         .lines = "[--prio N] [--CRITERION VALUE]... ACTION, as in `acl add`",
         .example = "rules.acl",
         .load_help = "Replace all rules by those of a file, or none",
         .load = [](const Bridge& bridge, std::istream& in) { return bridge.acl().load(in); },
         .save = [](const Bridge& bridge, std::ostream& out) { return bridge.acl().save(out); }});
}

} // namespace xdpbridge::loader
