// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// A sequence is what the fuzzer plays, and what a regression keeps: steps, one a line of text.
//
//     set 2 isolated 1                  a setting of a port, by PortConfig's names
//     ageing 90                         seconds
//     reserved 14 forward               01:80:c2:00:00:0e
//     join 1 10 pvid untagged           leave 1 10
//     bind 1 02:00:00:00:00:01 10.0.0.1           unbind ...
//     acl --proto udp --dport 53 drop             one more rule; "acl" alone: none any more
//     route 10.1.0.0/16 via 10.0.0.2 dev 5        or "dev 6", "blackhole", "local"; unroute PREFIX
//     neighbour 5 10.0.0.2 02:00:00:00:00:02      behind port 5, or 6 for the SVI; unneighbour ...
//     host 02:00:00:00:00:01 10 port 1 static     an FDB entry by hand; unhost MAC VID
//     late 02:00:00:00:00:01 10 port 1  as learned from a frame on its way when the port left the
//     VLAN flush port 1 vlan 10 static                 of the FDB, each word left out at will wait
//     60                           seconds frame 1 ffffffffffff0200000000010800...     comes in at
//     port 1
#pragma once
#include "model/config.h"
#include "sandbox/frames.h"

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace xdpbridge::model {

using sandbox::Frame;

struct SetPort {
    PortNumber port;
    std::string setting;
    unsigned value;
};
struct SetAgeing {
    unsigned seconds;
};
struct SetReserved {
    unsigned group;
    ReservedPolicy policy;
};
struct Join {
    PortNumber port;
    Vid vid;
    bool pvid, untagged;
};
struct Leave {
    PortNumber port;
    Vid vid;
};
struct Bind {
    Binding binding;
};
struct Unbind {
    Binding binding;
};
struct AddRule {
    std::optional<AclRule> rule; // empty: flushes all
};
struct AddRoute {
    Route route;
};
struct DelRoute {
    IpPrefix prefix;
};
struct AddNeighbour {
    PortNumber router_port;
    Ip ip;
    Mac mac;
};
struct DelNeighbour {
    PortNumber router_port;
    Ip ip;
};
struct AddHost {
    Mac mac;
    Vid vid;
    PortNumber port;
    bool is_static;
};
struct LearnLate {
    Mac mac;
    Vid vid;
    PortNumber port;
};
struct DelHost {
    Mac mac;
    Vid vid;
};
struct Flush {
    std::optional<PortNumber> port;
    std::optional<Vid> vid;
    bool static_too;
};
struct Wait {
    unsigned seconds;
};
struct Arrival {
    PortNumber port;
    Frame frame;
};

using Step = std::variant<Arrival, SetPort, SetAgeing, SetReserved, Join, Leave, Bind, Unbind,
                          AddRule, AddRoute, DelRoute, AddNeighbour, DelNeighbour, AddHost,
                          LearnLate, DelHost, Flush, Wait>;

// What this step alone changes of the configuration; nothing if it is of another kind. False: it
// cannot be done, and nothing has changed.
bool configure(Config& config, Kind kind, const Step& step);

std::string to_text(const Step& step);
Step parse_step(std::string_view line); // throws std::invalid_argument

// How the frames are put to the switch under test: see bed.h.
enum class Way : std::uint8_t { wire, run };

struct Sequence {
    SwitchSetup setup;
    Way way = Way::wire;
    std::vector<Step> steps;
};

std::string to_text(const Sequence& sequence);
Sequence parse_sequence(std::istream& text); // # starts a comment; throws std::invalid_argument

} // namespace xdpbridge::model
