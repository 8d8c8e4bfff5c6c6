// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/step.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sstream>
#include <stdexcept>

namespace xdpbridge::model {

namespace {

template <typename... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
// C++20 makes this by itself, clang 14 does not.
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

// Calls visit with the named setting of a port. False: there is none of that name.
template <typename Port, typename Visit>
bool with_setting(Port& port, std::string_view name, const Visit& visit) {
    const auto is = [&](std::string_view setting, auto& value) {
        if (name == setting)
            visit(value);
        return name == setting;
    };
    return is("learning", port.learning) || is("quota", port.quota) ||
           is("isolated", port.isolated) || is("tunnel", port.tunnel) ||
           is("priority", port.priority) || is("set_priority", port.set_priority) ||
           is("source_guard", port.source_guard) || is("arp_guard", port.arp_guard) ||
           is("dhcp_guard", port.dhcp_guard) || is("ra_guard", port.ra_guard) ||
           is("bpdu_guard", port.bpdu_guard);
}

bool set_port(Config& config, Kind kind, const SetPort& step) {
    PortConfig& port = config.ports.at(step.port);
    const bool of_vlans =
        step.setting == "tunnel" || step.setting == "priority" || step.setting == "set_priority";
    const bool of_hosts =
        step.setting == "learning" || step.setting == "isolated" || step.setting == "tunnel";
    if ((of_vlans && kind == Kind::plain) || (of_hosts && step.port > host_ports))
        return false;
    if (step.setting == "bpdu_guard")
        port.openings++;
    return with_setting(port, step.setting, [&](auto& value) {
        value = static_cast<std::remove_reference_t<decltype(value)>>(step.value);
    });
}

bool join(Config& config, Kind kind, const Join& step) {
    if (kind == Kind::plain || step.port > host_ports)
        return false;
    PortConfig& port = config.ports.at(step.port);
    port.vlans[step.vid] = step.untagged;
    if (step.pvid)
        port.pvid = step.vid;
    else if (port.pvid == step.vid)
        port.pvid = 0; // without the word it is the PVID no longer
    return true;
}

bool leave(Config& config, Kind kind, const Leave& step) {
    PortConfig& port = config.ports.at(step.port);
    if (kind == Kind::plain || step.port > host_ports || port.vlans.erase(step.vid) == 0)
        return false;
    if (port.pvid == step.vid)
        port.pvid = 0;
    return true;
}

// A MAC goes with all of its addresses.
bool unbind(Config& config, const Binding& binding) {
    return std::erase_if(config.bindings, [&](const Binding& each) {
               return binding.ip ? each == binding
                                 : each.port == binding.port && each.mac == binding.mac;
           }) != 0;
}

NeighbourKey neighbour_key(Kind kind, PortNumber router_port, const Ip& ip) {
    if (router_port == svi_port)
        return {{.vlan = svi_vlan(kind)}, ip};
    return {{.port = router_port}, ip};
}

class Words {
  public:
    explicit Words(std::string_view line) {
        std::istringstream text{std::string(line)};
        for (std::string word; text >> word;)
            words_.push_back(word);
    }

    std::string next() {
        if (words_.empty())
            throw std::invalid_argument("something is missing at the end");
        std::string word = words_.front();
        words_.pop_front();
        return word;
    }
    unsigned number() {
        const std::string word = next();
        unsigned value = 0;
        const auto [end, err] = std::from_chars(word.data(), word.data() + word.size(), value);
        if (err != std::errc{} || end != word.data() + word.size())
            throw std::invalid_argument(fmt::format("'{}' is no number", word));
        return value;
    }
    PortNumber port() {
        const unsigned value = number();
        if (value < 1 || value > last_port)
            throw std::invalid_argument(fmt::format("no port {}", value));
        return static_cast<PortNumber>(value);
    }
    Vid vid() {
        const unsigned value = number();
        if (value > 4094)
            throw std::invalid_argument(fmt::format("no VLAN {}", value));
        return static_cast<Vid>(value);
    }
    Mac mac() { return parsed<Mac>(); }
    Ip ip() { return parsed<Ip>(); }
    IpPrefix prefix() { return parsed<IpPrefix>(); }
    // The word, if it is the next one.
    bool take(std::string_view word) {
        if (words_.empty() || words_.front() != word)
            return false;
        words_.pop_front();
        return true;
    }
    [[nodiscard]] bool done() const { return words_.empty(); }
    std::string rest() {
        std::string words = fmt::format("{}", fmt::join(words_, " "));
        words_.clear();
        return words;
    }

  private:
    template <typename Value>
    Value parsed() {
        const std::string word = next();
        const auto value = Value::parse(word);
        if (!value)
            throw std::invalid_argument(fmt::format("what is '{}'?", word));
        return *value;
    }
    std::deque<std::string> words_;
};

Frame parse_hex(const std::string& text) {
    if (text.size() % 2 != 0)
        throw std::invalid_argument("half a byte");
    Frame frame(text.size() / 2);
    for (std::size_t i = 0; i < frame.size(); i++) {
        const char* digits = text.data() + 2 * i;
        if (std::from_chars(digits, digits + 2, frame[i], 16).ptr != digits + 2)
            throw std::invalid_argument("no hexadecimal digits");
    }
    return frame;
}

ReservedPolicy parse_policy(const std::string& word) {
    if (word == "peer")
        return ReservedPolicy::peer;
    if (word == "forward")
        return ReservedPolicy::forward;
    if (word == "drop")
        return ReservedPolicy::drop;
    throw std::invalid_argument(fmt::format("no policy '{}'", word));
}

std::string_view name_of(ReservedPolicy policy) {
    return policy == ReservedPolicy::peer      ? "peer"
           : policy == ReservedPolicy::forward ? "forward"
                                               : "drop";
}

SetPort parse_set(Words& words) {
    SetPort step{.port = words.port(), .setting = words.next(), .value = words.number()};
    PortConfig probe;
    if (!with_setting(probe, step.setting, [](auto&) {}))
        throw std::invalid_argument(fmt::format("no setting '{}'", step.setting));
    return step;
}

Binding parse_binding(Words& words) {
    Binding binding{.port = words.port(), .mac = words.mac()};
    if (!words.done())
        binding.ip = words.ip();
    return binding;
}

Route parse_route(Words& words) {
    Route route{.prefix = words.prefix()};
    if (words.take("blackhole")) {
        route.type = RouteType::blackhole;
        return route;
    }
    if (words.take("local")) {
        route.type = RouteType::local;
        return route;
    }
    if (words.take("via"))
        route.gateway = words.ip();
    if (!words.take("dev"))
        throw std::invalid_argument("a route needs 'dev'");
    route.port = words.port();
    return route;
}

std::string text_of(const Route& route) {
    std::string text = fmt::format("route {}", route.prefix.to_string());
    if (route.type != RouteType::unicast)
        return text + (route.type == RouteType::local ? " local" : " blackhole");
    if (route.gateway)
        text += fmt::format(" via {}", route.gateway->to_string());
    return text + fmt::format(" dev {}", route.port);
}

std::string text_of(const Binding& binding) {
    return fmt::format("{} {}{}", binding.port, binding.mac.to_string(),
                       binding.ip ? " " + binding.ip->to_string() : "");
}

Step parse_words(Words& words) {
    const std::string verb = words.next();
    if (verb == "frame")
        return Arrival{.port = words.port(), .frame = parse_hex(words.next())};
    if (verb == "set")
        return parse_set(words);
    if (verb == "ageing")
        return SetAgeing{words.number()};
    if (verb == "reserved")
        return SetReserved{.group = words.number() % XDPB_RESERVED_GROUPS,
                           .policy = parse_policy(words.next())};
    if (verb == "join")
        return Join{.port = words.port(),
                    .vid = words.vid(),
                    .pvid = words.take("pvid"),
                    .untagged = words.take("untagged")};
    if (verb == "leave")
        return Leave{.port = words.port(), .vid = words.vid()};
    if (verb == "bind")
        return Bind{parse_binding(words)};
    if (verb == "unbind")
        return Unbind{parse_binding(words)};
    if (verb == "acl")
        return AddRule{words.done() ? std::nullopt : std::optional(AclRule::parse(words.rest()))};
    if (verb == "route")
        return AddRoute{parse_route(words)};
    if (verb == "unroute")
        return DelRoute{words.prefix()};
    if (verb == "neighbour")
        return AddNeighbour{.router_port = words.port(), .ip = words.ip(), .mac = words.mac()};
    if (verb == "unneighbour")
        return DelNeighbour{.router_port = words.port(), .ip = words.ip()};
    if (verb == "host") {
        AddHost step{.mac = words.mac(), .vid = words.vid(), .port = 0, .is_static = false};
        if (!words.take("port"))
            throw std::invalid_argument("a host needs 'port'");
        step.port = words.port();
        step.is_static = words.take("static");
        return step;
    }
    if (verb == "late") {
        LearnLate step{.mac = words.mac(), .vid = words.vid(), .port = 0};
        if (!words.take("port"))
            throw std::invalid_argument("'late' needs 'port'");
        step.port = words.port();
        return step;
    }
    if (verb == "unhost")
        return DelHost{.mac = words.mac(), .vid = words.vid()};
    if (verb == "flush") {
        Flush step{};
        if (words.take("port"))
            step.port = words.port();
        if (words.take("vlan"))
            step.vid = words.vid();
        step.static_too = words.take("static");
        return step;
    }
    if (verb == "wait")
        return Wait{words.number()};
    throw std::invalid_argument(fmt::format("no step '{}'", verb));
}

} // namespace

bool configure(Config& config, Kind kind, const Step& step) {
    return std::visit(Overloaded{
                          [&](const SetPort& s) { return set_port(config, kind, s); },
                          [&](const SetAgeing& s) {
                              config.ageing = s.seconds;
                              return true;
                          },
                          [&](const SetReserved& s) {
                              config.reserved.at(s.group) = s.policy;
                              return true;
                          },
                          [&](const Join& s) { return join(config, kind, s); },
                          [&](const Leave& s) { return leave(config, kind, s); },
                          [&](const Bind& s) { return config.bindings.insert(s.binding).second; },
                          [&](const Unbind& s) { return unbind(config, s.binding); },
                          [&](const AddRule& s) {
                              if (!s.rule)
                                  config.acl.clear();
                              else
                                  config.acl.push_back(*s.rule);
                              return true;
                          },
                          [&](const AddRoute& s) {
                              config.routes[s.route.prefix] = s.route;
                              return true;
                          },
                          [&](const DelRoute& s) { return config.routes.erase(s.prefix) != 0; },
                          [&](const AddNeighbour& s) {
                              config.neighbours[neighbour_key(kind, s.router_port, s.ip)] = s.mac;
                              return true;
                          },
                          [&](const DelNeighbour& s) {
                              return config.neighbours.erase(
                                         neighbour_key(kind, s.router_port, s.ip)) != 0;
                          },
                          [](const auto&) { return true; },
                      },
                      step);
}

std::string to_text(const Step& step) {
    return std::visit(
        Overloaded{
            [](const Arrival& s) {
                std::string text = fmt::format("frame {} ", s.port);
                for (const auto byte : s.frame)
                    text += fmt::format("{:02x}", byte);
                return text;
            },
            [](const SetPort& s) {
                return fmt::format("set {} {} {}", s.port, s.setting, s.value);
            },
            [](const SetAgeing& s) { return fmt::format("ageing {}", s.seconds); },
            [](const SetReserved& s) {
                return fmt::format("reserved {} {}", s.group, name_of(s.policy));
            },
            [](const Join& s) {
                return fmt::format("join {} {}{}{}", s.port, s.vid, s.pvid ? " pvid" : "",
                                   s.untagged ? " untagged" : "");
            },
            [](const Leave& s) { return fmt::format("leave {} {}", s.port, s.vid); },
            [](const Bind& s) { return "bind " + text_of(s.binding); },
            [](const Unbind& s) { return "unbind " + text_of(s.binding); },
            [](const AddRule& s) {
                return s.rule ? "acl " + s.rule->to_string() : std::string("acl");
            },
            [](const AddRoute& s) { return text_of(s.route); },
            [](const DelRoute& s) { return "unroute " + s.prefix.to_string(); },
            [](const AddNeighbour& s) {
                return fmt::format("neighbour {} {} {}", s.router_port, s.ip.to_string(),
                                   s.mac.to_string());
            },
            [](const DelNeighbour& s) {
                return fmt::format("unneighbour {} {}", s.router_port, s.ip.to_string());
            },
            [](const AddHost& s) {
                return fmt::format("host {} {} port {}{}", s.mac.to_string(), s.vid, s.port,
                                   s.is_static ? " static" : "");
            },
            [](const LearnLate& s) {
                return fmt::format("late {} {} port {}", s.mac.to_string(), s.vid, s.port);
            },
            [](const DelHost& s) { return fmt::format("unhost {} {}", s.mac.to_string(), s.vid); },
            [](const Flush& s) {
                return fmt::format("flush{}{}{}", s.port ? fmt::format(" port {}", *s.port) : "",
                                   s.vid ? fmt::format(" vlan {}", *s.vid) : "",
                                   s.static_too ? " static" : "");
            },
            [](const Wait& s) { return fmt::format("wait {}", s.seconds); },
        },
        step);
}

Step parse_step(std::string_view line) {
    Words words(line);
    Step step = parse_words(words);
    if (!words.done())
        throw std::invalid_argument("too many words");
    return step;
}

std::string to_text(const Sequence& sequence) {
    std::string text =
        fmt::format("bridge {}\nhook {}\nway {}\n", name_of(sequence.setup.kind),
                    name_of(sequence.setup.hook), sequence.way == Way::wire ? "wire" : "run");
    for (const Step& step : sequence.steps)
        text += to_text(step) + "\n";
    return text;
}

Sequence parse_sequence(std::istream& text) {
    Sequence sequence;
    std::string line;
    for (unsigned number = 1; std::getline(text, line); number++) {
        line.resize(std::min(line.size(), line.find('#')));
        Words words(line);
        if (words.done())
            continue;
        try {
            if (words.take("bridge"))
                sequence.setup.kind = kind_of(words.next());
            else if (words.take("hook"))
                sequence.setup.hook = hook_of(words.next());
            else if (words.take("way"))
                sequence.way = words.next() == "run" ? Way::run : Way::wire;
            else
                sequence.steps.push_back(parse_step(line));
        } catch (const std::exception& error) {
            throw std::invalid_argument(fmt::format("line {}: {}", number, error.what()));
        }
    }
    return sequence;
}

} // namespace xdpbridge::model
