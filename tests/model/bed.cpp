// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/bed.h"

#include "lib/bridge_state.h"
#include "model/headers.h"
#include "sandbox/process.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <bpf/bpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <system_error>
#include <unistd.h>

namespace xdpbridge::model {

namespace {

constexpr std::size_t longest_frame = 4096;

BridgeOptions options_of(Kind kind) {
    BridgeOptions options{.fdb_size = fdb_size};
    options.vlan_aware = kind != Kind::plain;
    if (options.vlan_aware)
        options.vlan_protocol = static_cast<std::uint16_t>(kind);
    return options;
}

Fd open_pin(const Bridge& bridge, const char* name) {
    Fd map(bpf_obj_get((bridge.info().folder / name).c_str()));
    if (!map)
        throw std::system_error(errno, std::generic_category(), fmt::format("open map {}", name));
    return map;
}

using CounterWords = std::array<std::uint64_t, sizeof(xdpb_counters) / sizeof(std::uint64_t)>;

// Calls the library. False: it refused.
template <typename Action>
bool accepted(const Action& action) {
    try {
        action();
        return true;
    } catch (const Error& error) {
        const int err = error.code().value();
        if (err != EINVAL && err != ENOSPC && err != EBUSY && err != ENOENT)
            throw;
        return false;
    }
}

// The host keeps silent: no addresses, and no IPv6 that would look for some. It forwards, as a
// router's host does, or it would be told that it must not.
void silence_host() {
    for (const char* setting :
         {"net.ipv6.conf.default.disable_ipv6=1", "net.ipv6.conf.all.disable_ipv6=1",
          "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
          "net.ipv6.conf.default.forwarding=1"})
        sandbox::check({"sysctl", "-qw", setting});
}

// What a new bridge is: it has no neighbours yet.
Config unrouted(Kind kind) {
    Config config(kind);
    config.neighbours.clear();
    return config;
}

Bridge make_bridge(Kind kind) {
    silence_host();
    return Bridge::create("model", options_of(kind));
}

} // namespace

Bed::Bed(const SwitchSetup& setup)
    : setup_(setup),
      bridge_(make_bridge(setup.kind)),
      fdb_map_(open_pin(bridge_, "fdb")),
      reclaim_map_(open_pin(bridge_, "reclaim")),
      port_memory_(open_pin(bridge_, "ports"), XDPB_MAX_PORTS),
      bridge_memory_(open_pin(bridge_, "bridge"), 1),
      is_(unrouted(setup.kind)),
      wanted_(setup.kind) {
    for (PortNumber port = 1; port <= routed_port; port++)
        add_tap(port);
    bridge_.svis().add("svi", {.vlan = svi_vlan(setup.kind), .mac = svi_mac});
    bridge_.set_routing(Routing::own);
    bridge_.set_ageing(std::chrono::seconds(is_.ageing));
    reset();
}

void Bed::add_tap(PortNumber port) {
    const std::string name = device_of(port);
    sandbox::Fd tap(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK), "open /dev/net/tun");
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (::ioctl(tap.get(), TUNSETIFF, &request) != 0)
        throw sandbox::system_error("make tap " + name);
    taps_.at(port) = std::move(tap);
    if (port == routed_port)
        sandbox::check({"ip", "link", "set", name, "address", routed_mac.to_string()});
    sandbox::check({"ip", "link", "set", name, "up"});
    const auto number =
        bridge_.ports().add(name, {.hook = setup_.hook, .routed = port == routed_port});
    if (number != port)
        throw std::logic_error("a port has another number");
    programs_.at(port) = Fd(bridge_.ports().program_fd(name));
}

void Bed::reset() {
    for (PortNumber port = 1; port <= last_port; port++)
        if (is_blocked(port)) // it opens when the guard is set
            bridge_.ports().set(device_of(port), {.settings = {.bpdu_guard = false}});
    const Config fresh(setup_.kind);
    wanted_ = fresh;
    for (PortNumber port = 1; port <= last_port; port++)
        is_.ports.at(port).openings = 0;
    acl_changed_ = true;
    is_fresh_ = true;
    bridge_.fdb().flush({.static_too = true});
    xdpb_reclaim item{};
    while (bpf_map_lookup_and_delete_elem(reclaim_map_.get(), nullptr, &item) == 0) {
    }
    for (PortNumber port = 1; port < svi_port; port++)
        while (receive(port)) {
        }
    for (PortNumber port = 1; port <= last_port; port++)
        base_.at(port) = raw_counters(port);
}

bool Bed::apply(const Step& step) {
    if (const auto* host = std::get_if<AddHost>(&step)) {
        sync();
        is_fresh_ = false;
        return accepted([&] {
            bridge_.fdb().add({.mac = host->mac,
                               .vlan = host->vid,
                               .port = host->port,
                               .is_static = host->is_static});
        });
    }
    if (const auto* host = std::get_if<LearnLate>(&step)) {
        sync();
        is_fresh_ = false;
        return learn_late(*host);
    }
    if (const auto* host = std::get_if<DelHost>(&step))
        return accepted([&] { bridge_.fdb().remove(host->mac, host->vid); });
    if (const auto* which = std::get_if<Flush>(&step))
        bridge_.fdb().flush(
            {.port = which->port, .vlan = which->vid, .static_too = which->static_too});
    if (const auto* time = std::get_if<Wait>(&step))
        wait(time->seconds);
    if (!configure(wanted_, setup_.kind, step))
        return false;
    if (std::holds_alternative<AddRule>(step))
        acl_changed_ = true;
    const auto* setting = std::get_if<SetPort>(&step);
    const bool acts_at_once =
        std::holds_alternative<Leave>(step) || (setting && setting->setting == "bpdu_guard");
    if (acts_at_once && !is_fresh_)
        sync();
    return true;
}

void Bed::sync() {
    if (is_.ageing != wanted_.ageing)
        bridge_.set_ageing(std::chrono::seconds(wanted_.ageing));
    for (unsigned group = 0; group < XDPB_RESERVED_GROUPS; group++)
        if (is_.reserved.at(group) != wanted_.reserved.at(group))
            bridge_.set_reserved(group, wanted_.reserved.at(group));
    is_.ageing = wanted_.ageing;
    is_.reserved = wanted_.reserved;
    sync_ports();
    sync_vlans();
    sync_bindings();
    sync_routes();
    sync_acl();
}

void Bed::sync_ports() {
    for (PortNumber port = 1; port <= routed_port; port++) {
        PortConfig& is = is_.ports.at(port);
        const PortConfig& to = wanted_.ports.at(port);
        PortChange change;
        const auto differs = [](const auto& a, const auto& b, auto& member) {
            if (a != b)
                member =
                    static_cast<typename std::remove_reference_t<decltype(member)>::value_type>(b);
            return a != b;
        };
        PortSettings& settings = change.settings;
        bool any = differs(is.learning, to.learning, change.learning);
        any |= differs(is.quota, to.quota, change.mac_quota);
        any |= differs(is.isolated, to.isolated, settings.isolated);
        any |= differs(is.tunnel, to.tunnel, settings.tunnel);
        any |= differs(is.priority, to.priority, settings.priority);
        any |= differs(is.set_priority, to.set_priority, settings.set_priority);
        any |= differs(is.source_guard, to.source_guard, settings.source_guard);
        any |= differs(is.arp_guard, to.arp_guard, settings.arp_guard);
        any |= differs(is.dhcp_guard, to.dhcp_guard, settings.dhcp_guard);
        any |= differs(is.ra_guard, to.ra_guard, settings.ra_guard);
        if (is.openings != to.openings || is.bpdu_guard != to.bpdu_guard) {
            settings.bpdu_guard = to.bpdu_guard;
            any = true;
        }
        if (any)
            bridge_.ports().set(device_of(port), change);
        const auto vlans = std::exchange(is.vlans, {});
        const Vid pvid = is.pvid;
        is = to;
        is.vlans = vlans; // those are sync_vlans'
        is.pvid = pvid;
    }
}

// First the VLANs that a port leaves, then those it joins, the PVID last: to join a VLAN without
// that word ends it.
void Bed::sync_vlans() {
    for (PortNumber port = 1; setup_.kind != Kind::plain && port <= host_ports; port++) {
        PortConfig& is = is_.ports.at(port);
        const PortConfig& to = wanted_.ports.at(port);
        if (is.vlans == to.vlans && is.pvid == to.pvid)
            continue;
        const std::string device = device_of(port);
        auto vlans = bridge_.vlans();
        for (const auto& [vid, untagged] : is.vlans)
            if (!to.vlans.contains(vid))
                vlans.remove(device, {vid, vid});
        for (const bool pvid_turn : {false, true})
            for (const auto& [vid, untagged] : to.vlans) {
                const auto old = is.vlans.find(vid);
                const bool same = old != is.vlans.end() && old->second == untagged &&
                                  (is.pvid == vid) == (to.pvid == vid);
                if (!same && (to.pvid == vid) == pvid_turn)
                    vlans.add(device, {vid, vid}, {.pvid = pvid_turn, .untagged = untagged});
            }
        is.vlans = to.vlans;
        is.pvid = to.pvid;
    }
}

// To unbind a MAC unbinds its addresses: so each MAC of which anything differs is bound anew.
void Bed::sync_bindings() {
    if (is_.bindings == wanted_.bindings)
        return;
    const auto of = [](const std::set<Binding>& all, const Binding& host) {
        std::set<Binding> found;
        for (const Binding& each : all)
            if (each.port == host.port && each.mac == host.mac)
                found.insert(each);
        return found;
    };
    std::set<Binding> hosts;
    for (const auto* side : {&is_.bindings, &wanted_.bindings})
        for (const Binding& each : *side)
            hosts.insert({.port = each.port, .mac = each.mac});
    auto guards = bridge_.guards();
    for (const Binding& host : hosts) {
        const auto is = of(is_.bindings, host), to = of(wanted_.bindings, host);
        if (is == to)
            continue;
        if (!is.empty())
            guards.remove(device_of(host.port), host.mac);
        for (const Binding& each : to)
            guards.add(device_of(host.port), each.mac, each.ip);
    }
    is_.bindings = wanted_.bindings;
}

void Bed::sync_acl() {
    if (!acl_changed_)
        return;
    acl_changed_ = false;
    if (is_.acl != wanted_.acl)
        bridge_.acl().replace(wanted_.acl);
    is_.acl = wanted_.acl;
    acl_base_ = is_.acl.empty() ? std::vector<AclEntry>{} : bridge_.acl().list();
}

void Bed::sync_routes() {
    if (is_.routes != wanted_.routes) {
        auto routes = bridge_.routes();
        for (const auto& [prefix, route] : is_.routes)
            if (!wanted_.routes.contains(prefix))
                routes.remove(prefix);
        for (const auto& [prefix, route] : wanted_.routes)
            if (const auto old = is_.routes.find(prefix);
                old == is_.routes.end() || old->second != route)
                routes.add(route);
        is_.routes = wanted_.routes;
    }
    if (is_.neighbours != wanted_.neighbours) {
        auto neighbours = bridge_.neighbours();
        for (const auto& [key, mac] : is_.neighbours)
            if (!wanted_.neighbours.contains(key))
                neighbours.remove(key.second, key.first);
        for (const auto& [key, mac] : wanted_.neighbours)
            if (const auto old = is_.neighbours.find(key);
                old == is_.neighbours.end() || old->second != mac)
                neighbours.add(key.second, mac, key.first);
        is_.neighbours = wanted_.neighbours;
    }
}

// As the data plane does it (docs/maps.md): entry, count, and a place in the queue.
bool Bed::learn_late(const LearnLate& host) {
    xdpb_reclaim place{.key = {},
                       .created_ns = static_cast<std::uint64_t>(
                           std::chrono::steady_clock::now().time_since_epoch().count())};
    std::copy(host.mac.octets.begin(), host.mac.octets.end(), std::begin(place.key.mac));
    place.key.vlan = host.vid;
    xdpb_fdb_entry entry{};
    entry.port = host.port;
    entry.seen_ns = data_plane_now();
    entry.created_ns = place.created_ns;
    if (fdb_map_.update(place.key, entry, BPF_NOEXIST) != 0)
        return false;
    if (bpf_map_update_elem(reclaim_map_.get(), nullptr, &place, BPF_ANY) != 0) {
        fdb_map_.remove(place.key);
        return false;
    }
    std::atomic_ref(port_memory_[host.port].learned)++;
    return true;
}

// Time moves by making all entries older.
void Bed::wait(unsigned seconds) {
    std::vector<std::pair<xdpb_fdb_key, xdpb_fdb_entry>> all;
    fdb_map_.for_each([&](const auto& key, const auto& entry) { all.emplace_back(key, entry); });
    for (auto& [key, entry] : all) {
        entry.seen_ns -= seconds * XDPB_NSEC_PER_SEC;
        fdb_map_.update(key, entry, BPF_EXIST);
    }
}

bool Bed::takes(const Frame& frame, Way way) const {
    if (frame.size() < ethernet_header)
        return false;
    if (setup_.hook == Hook::xdp)
        return true;
    const auto type = word(frame, 12);
    if (way == Way::wire) // skb_vlan_untag
        return !is_tag(type) || frame.size() >= ethernet_header + tag_length + 2;
    // bpf_prog_test_run_skb; and it leaves it to the program to take out the tag, with which
    // bpf_skb_vlan_pop takes out the next one too
    if (is_tag(type) && has(frame, 16, 2) && is_tag(word(frame, 16)) &&
        frame.size() < ethernet_header + 2 * tag_length)
        return false;
    return (type != ipv4_type || frame.size() >= ethernet_header + 20) &&
           (type != ipv6_type || frame.size() >= ethernet_header + 40);
}

void Bed::send(const Arrival& arrival) {
    is_fresh_ = false;
    bridge_memory_[0].reclaim_spent = 0; // the budget is per second, of which we have few
    const auto& frame = arrival.frame;
    if (::write(taps_.at(arrival.port).get(), frame.data(), frame.size()) < 0)
        throw sandbox::system_error("write to a tap");
}

Bed::Run Bed::run(const Arrival& arrival) {
    is_fresh_ = false;
    bridge_memory_[0].reclaim_spent = 0;
    const auto& frame = arrival.frame;
    Run result{0, Frame(frame.size() + 64)};
    LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
                .data_out = result.bytes.data(),
                .data_size_in = static_cast<std::uint32_t>(frame.size()),
                .data_size_out = static_cast<std::uint32_t>(result.bytes.size()), .repeat = 1);
    if (bpf_prog_test_run_opts(programs_.at(arrival.port).get(), &options) != 0)
        throw sandbox::system_error(fmt::format("run a frame of {} bytes", frame.size()));
    result.verdict = options.retval;
    result.bytes.resize(options.data_size_out);
    return result;
}

std::optional<Frame> Bed::receive(PortNumber port) {
    std::array<std::uint8_t, longest_frame> buffer;
    const auto length = ::read(taps_.at(port).get(), buffer.data(), buffer.size());
    if (length < 0 && errno == EAGAIN)
        return std::nullopt;
    if (length < 0)
        throw sandbox::system_error("read from a tap");
    return Frame(buffer.begin(), buffer.begin() + length);
}

bool Bed::has_more() {
    std::array<pollfd, routed_port> waiting{};
    for (PortNumber port = 1; port <= routed_port; port++)
        waiting.at(port - 1U) = {.fd = taps_.at(port).get(), .events = POLLIN, .revents = 0};
    return ::poll(waiting.data(), waiting.size(), 0) > 0;
}

xdpb_counters Bed::counters(PortNumber port) const {
    auto now = std::bit_cast<CounterWords>(raw_counters(port));
    const auto base = std::bit_cast<CounterWords>(base_.at(port));
    for (std::size_t i = 0; i < now.size(); i++)
        now[i] -= base[i];
    return std::bit_cast<xdpb_counters>(now);
}

xdpb_counters Bed::raw_counters(PortNumber port) const {
    return bridge_.stats().port(port);
}

std::map<Fdb::Key, Bed::FdbRow> Bed::fdb() const {
    std::map<Fdb::Key, FdbRow> rows;
    const auto now = data_plane_now();
    fdb_map_.for_each([&](const xdpb_fdb_key& key, const xdpb_fdb_entry& entry) {
        Fdb::Key row{.mac = {}, .vid = key.vlan};
        std::copy(std::begin(key.mac), std::end(key.mac), row.mac.octets.begin());
        rows[row] = {.port = entry.port,
                     .is_static = (entry.flags & XDPB_FDB_STATIC) != 0,
                     .is_router = (entry.flags & XDPB_FDB_ROUTER) != 0,
                     .idle = static_cast<double>(static_cast<std::int64_t>(now - entry.seen_ns)) /
                             XDPB_NSEC_PER_SEC};
    });
    return rows;
}

unsigned Bed::learned(PortNumber port) const {
    return port_memory_[port].learned;
}

bool Bed::is_blocked(PortNumber port) const {
    return (port_memory_[port].features & XDPB_FEATURE_BLOCKED) != 0;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> Bed::rule_counters() const {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> counts;
    if (acl_base_.empty())
        return counts;
    const auto now = bridge_.acl().list();
    for (std::size_t i = 0; i < now.size(); i++)
        counts.emplace_back(now[i].packets - acl_base_[i].packets,
                            now[i].bytes - acl_base_[i].bytes);
    return counts;
}

} // namespace xdpbridge::model
