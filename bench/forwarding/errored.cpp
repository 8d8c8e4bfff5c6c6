// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Frames that are wrong, one kind after the other: how many get through, and which counters tell.
// A veth has no FCS, so what is wrong about that (CRC, alignment, dribble bits) cannot be had here.
#include "section.h"

#include <sandbox/packet_socket.h>
#include <sandbox/process.h>
#include <xdpbridge/port.h>
#include <xdpbridge/stats.h>

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace xdpbridge::bench {

namespace {

constexpr std::uint32_t of_each_kind = 10; // of each kind
constexpr int ingress_mtu = 3000, egress_mtu = 1500;
const std::string sender_mac = "02:01:00:00:00:00", receiver_mac = "02:02:00:00:00:00";

struct Kind {
    const char* name;
    sandbox::Frame frame;
    bool vlan_aware = false; // only on a switch that knows VLANs it is wrong
};

sandbox::Frame tagged(std::uint16_t vid) {
    return sandbox::Ethernet{.dst = receiver_mac, .src = sender_mac} / sandbox::Vlan{.vid = vid} /
           sandbox::IPv4{.src = routed_from, .dst = routed_to} / sandbox::Udp{} /
           sandbox::Payload{100};
}

std::vector<Kind> all_kinds() {
    auto cut = tagged(1);
    cut.resize(16); // the tag says an EtherType follows, and none does
    const sandbox::Frame runt =
        sandbox::Ethernet{.dst = receiver_mac, .src = sender_mac, .type = 0x88b5} /
        sandbox::Payload{18};
    return {{"none (a good frame)", frame_of(64, receiver_mac, sender_mac)},
            {"undersize: 32 bytes", runt},
            {"truncated in its VLAN tag", cut},
            {"source is a group", frame_of(64, receiver_mac, "03:01:00:00:00:00")},
            {"source is zero", frame_of(64, receiver_mac, "00:00:00:00:00:00")},
            {"oversize for the egress port", frame_of(2000, receiver_mac, sender_mac)},
            {"VLAN that the port is not in", tagged(99), true},
            {"VLAN id 4095", tagged(4095), true}};
}

using Counters = std::map<std::string, std::uint64_t>;

// Errors and drops of the namespace's devices, as `ip -s link` has them.
Counters of_devices() {
    Counters counters;
    std::ifstream file("/proc/thread-self/net/dev");
    for (std::string line; std::getline(file, line);) {
        const auto colon = line.find(':');
        const auto start = line.find_first_not_of(' ');
        if (colon == std::string::npos)
            continue;
        const std::string device = line.substr(start, colon - start);
        std::istringstream words(line.substr(colon + 1));
        std::array<std::uint64_t, 16> values{};
        for (auto& value : values)
            words >> value;
        counters[device + " rx_errors"] = values[2];
        counters[device + " rx_dropped"] = values[3];
        counters[device + " tx_errors"] = values[10];
        counters[device + " tx_dropped"] = values[11];
    }
    return counters;
}

// Ours, of both ports, as `xdp-bridge stats` has them.
Counters of_bridge(const Bridge& bridge) {
    Counters counters;
    for (const std::string device : {"p0", "p1"}) {
        const auto port = bridge.stats().port(bridge.ports().get(device).number);
        const auto add = [&]<typename Reason>(const char* what, Reason reason,
                                              std::uint64_t value) {
            counters[fmt::format("{} {}: {}", device, what, name_of(reason))] = value;
        };
        for (int n = 0; n < XDPB_DROP_REASON_COUNT; n++)
            add("dropped", static_cast<xdpb_drop_reason>(n), port.dropped[n]);
        for (int n = 0; n < XDPB_REFUSAL_REASON_COUNT; n++)
            add("refused", static_cast<xdpb_refusal_reason>(n), port.refused[n]);
        counters[device + " passed"] = port.passed;
    }
    return counters;
}

// The kernel's bridge, or ours; VLAN-aware, VLAN 1 untagged, if it can be.
class ErroredSubject {
  public:
    ErroredSubject(Side side, ForwardingNet& net) : net_(net) {
        if (side == Side::kernel) {
            net.ip({"link", "add", "kbr", "type", "bridge", "mcast_snooping", "0"});
            vlan_aware_ =
                sandbox::run({"ip", "link", "set", "kbr", "type", "bridge", "vlan_filtering", "1"})
                    .exit_code == 0;
            net.ip({"link", "set", "kbr", "addrgenmode", "none", "up"});
            for (const auto& port : net.ports())
                net.ip({"link", "set", "dev", port.name, "master", "kbr"});
            return;
        }
        ours_ = Bridge::create("bench", {.vlan_aware = true});
        for (const auto& port : net.ports())
            ours_->ports().add(port.name, {.hook = side == Side::tc ? Hook::tc : Hook::xdp});
    }
    ~ErroredSubject() {
        sandbox::run({"ip", "link", "del", "kbr"});
        if (ours_)
            Bridge::remove("bench");
    }
    ErroredSubject(const ErroredSubject&) = delete;
    ErroredSubject& operator=(const ErroredSubject&) = delete;

    [[nodiscard]] bool vlan_aware() const { return vlan_aware_; }
    [[nodiscard]] Counters counters() const {
        Counters all = of_devices();
        if (ours_)
            all.merge(of_bridge(*ours_));
        return all;
    }
    // How many got anywhere.
    std::uint64_t send(std::size_t port, const sandbox::Frame& frame) {
        sandbox::PacketSocket socket("forwarding", ForwardingNet::far_end(port));
        const auto left = [&] { return net_.left_by(0) + net_.left_by(1) + net_.left_by(2); };
        const auto before = left();
        for (std::uint32_t n = 0; n < of_each_kind; n++)
            socket.send(frame);
        return left() - before;
    }

  private:
    ForwardingNet& net_;
    std::optional<Bridge> ours_;
    bool vlan_aware_ = true;
};

std::string what_changed(const Counters& before, const Counters& after) {
    std::string text;
    for (const auto& [name, value] : after)
        if (value != before.at(name))
            text +=
                fmt::format("{}{} +{}", text.empty() ? "" : ", ", name, value - before.at(name));
    return text;
}

void send_errored(SectionResult& section, Side side) {
    ForwardingNet net({.mtu = ingress_mtu, .second_mtu = egress_mtu});
    ErroredSubject subject(side, net);
    subject.send(1, frame_of(64, sender_mac, receiver_mac)); // who is behind the second port
    for (const auto& kind : all_kinds()) {
        if (kind.vlan_aware && !subject.vlan_aware()) {
            section.entry(kind.name, side).note =
                "not here: the kernel has no CONFIG_BRIDGE_VLAN_FILTERING";
            continue;
        }
        const Counters before = subject.counters();
        const auto arrived = subject.send(0, kind.frame);
        section.entry(kind.name, side)
            .add({{"sent", of_each_kind}, {"arrived", static_cast<double>(arrived)}});
        section.entry(kind.name, side).note = what_changed(before, subject.counters());
    }
}

std::string shown_errored(const Entry& entry) {
    if (!entry.has("arrived"))
        return entry.note;
    const double arrived = entry.median("arrived");
    const std::string counted = entry.note.empty() ? "no counter" : entry.note;
    if (arrived == 0)
        return "dropped; " + counted;
    return arrived == of_each_kind ? "forwarded"
                                   : fmt::format("{:.0f} forwarded; {}", arrived, counted);
}

} // namespace

void measure_errored(ForwardingResults& results) {
    SectionResult section{
        .id = "rfc2889_5.9",
        .title = "RFC 2889 5.9: errored frames filtering",
        .legend = fmt::format("{} frames of each kind, from a host on the first port to one on the "
                              "second, whose MTU is {}; and the counters that went up.",
                              of_each_kind, egress_mtu),
        .show = shown_errored};
    if (wanted(results, section.id, "kinds"))
        for (const Side side : all_sides)
            try {
                send_errored(section, side);
            } catch (const std::exception& error) {
                section.entry("all", side).failed = error.what();
            }
    results.sections.push_back(std::move(section));
}

} // namespace xdpbridge::bench
