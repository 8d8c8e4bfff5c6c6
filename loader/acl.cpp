// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "file_argument.h"
#include "output.h"

#include <fmt/format.h>
#include <fstream>
#include <iostream>

namespace xdpbridge::loader {

namespace {

struct AclArguments {
    std::string bridge;
    std::string file;
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

void print_rule_count(const Context& context, const char* done, std::size_t count) {
    if (context.json)
        fmt::print("[\n{{\"{}\":{}}}\n]\n", done, count);
    else
        fmt::print("{} {} {}\n", count, count == 1 ? "rule" : "rules", done);
}

void load_rules(const Context& context, const AclArguments& arguments) {
    Acl acl = Bridge::open(arguments.bridge, context.where).acl();
    print_rule_count(context, "loaded",
                     read_file(arguments.file, [&](std::istream& in) { return acl.load(in); }));
}

void save_rules(const Context& context, const AclArguments& arguments) {
    const Acl acl = Bridge::open(arguments.bridge, context.where).acl();
    const auto count = write_file(arguments.file, [&](std::ostream& out) { return acl.save(out); });
    if (arguments.file != "-")
        print_rule_count(context, "saved", count);
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
    const auto bridge_and_file = [](CLI::App& verb, AclArguments& arguments) {
        add_bridge_argument(verb, arguments.bridge);
        verb.add_option("file", arguments.file,
                        "lines of the words of `acl add`: [--prio N] [--CRITERION VALUE]... "
                        "ACTION; - for standard input or output")
            ->required()
            ->type_name("FILE");
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
    add_verb<AclArguments>(noun, "flush", "Delete all rules", "xdp-bridge acl flush br0",
                           only_bridge, [&context](const AclArguments& arguments) {
                               print_rule_count(
                                   context, "deleted",
                                   Bridge::open(arguments.bridge, context.where).acl().flush());
                           });
    add_verb<AclArguments>(
        noun, "load", "Replace all rules by those of a file, or none",
        "xdp-bridge acl load br0 rules.acl", bridge_and_file,
        [&context](const AclArguments& arguments) { load_rules(context, arguments); });
    add_verb<AclArguments>(
        noun, "save", "Write all rules to a file", "xdp-bridge acl save br0 rules.acl",
        bridge_and_file,
        [&context](const AclArguments& arguments) { save_rules(context, arguments); });
}

} // namespace xdpbridge::loader
