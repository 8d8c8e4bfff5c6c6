// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attacks.h"

#include "collisions.h"

#include <algorithm>

namespace xdpbridge::bench {

namespace {

constexpr double spoofed_macs = 10'000'000;
constexpr std::size_t chain = 8000; // MACs of one bucket

// Frames from the attacker's own MAC.
std::function<Traffic(Bed&)> frames(const sandbox::Frame& frame) {
    return [=](Bed&) { return Traffic{.frame = frame}; };
}

std::function<Traffic(Bed&)> frames_to(const std::string& dst) {
    return frames(Bed::frame_of_attacker(dst));
}

Traffic flapping(Bed& bed) {
    std::vector<Mac> macs;
    for (std::uint32_t n = 0; n < bed.neighbours() / 2; n++) {
        macs.push_back(source(n));
        macs.push_back(destination(n));
    }
    return {.frame = Bed::frame_of_attacker(), .sources = macs};
}

// With the one victim's MAC in the same bucket.
Traffic collisions(const Hash& hash) {
    return {.frame = Bed::frame_of_attacker(), .sources = colliding(hash, source(0), chain)};
}
Traffic collisions_guessed(Bed& bed) {
    Hash guess = hash_of_fdb(bed.bridge());
    check(guess, bed.bridge());
    guess.seed ^= 1;
    return collisions(guess);
}
Traffic collisions_known(Bed& bed) {
    const Hash hash = hash_of_fdb(bed.bridge());
    check(hash, bed.bridge());
    return collisions(hash);
}

// A router advertisement behind more extension headers than anybody looks behind.
sandbox::Frame router_behind_headers() {
    sandbox::Frame headers;
    constexpr int count = 9;
    constexpr std::uint8_t destination_options = 60, icmpv6 = 58, advertisement = 134;
    for (int n = 0; n < count; n++) {
        const std::uint8_t next = n + 1 < count ? destination_options : icmpv6;
        headers.insert(headers.end(), {next, 0, 1, 4, 0, 0, 0, 0}); // PadN
    }
    headers.insert(headers.end(), {advertisement, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0});
    return sandbox::Ethernet{.dst = "33:33:00:00:00:01", .src = Bed::attacker().to_string()} /
           sandbox::IPv6{.src = "fe80::1",
                         .dst = "ff02::1",
                         .hop_limit = 255,
                         .next_header = destination_options} /
           sandbox::Bytes{headers};
}

sandbox::Frame three_tags() {
    return sandbox::Ethernet{.dst = mac_of(4, 0).to_string(), .src = Bed::attacker().to_string()} /
           sandbox::Vlan{.vid = 1} / sandbox::Vlan{.vid = 0} / sandbox::Vlan{.vid = 4095} /
           sandbox::IPv4{.src = "10.1.0.2", .dst = "10.2.0.2"} / sandbox::Udp{} /
           sandbox::Payload{18};
}

std::uint64_t what_was_not_learned(std::uint64_t sent, std::uint64_t learned) {
    return sent - learned;
}
std::uint64_t all(std::uint64_t sent, std::uint64_t) {
    return sent;
}
std::uint64_t quota(const PortCounters& counters) {
    return counters.quota_exceeded;
}
std::uint64_t full(const PortCounters& counters) {
    return counters.fdb_full;
}
std::function<std::uint64_t(const PortCounters&)> dropped(xdpb_drop_reason reason) {
    return [=](const PortCounters& counters) { return counters.dropped[reason]; };
}

std::vector<AttackCell> spoofed(double share) {
    const auto count = std::max(30'000.0, spoofed_macs * share);
    const auto new_macs = [=](Bed&) {
        return Traffic{.frame = Bed::frame_of_attacker(),
                       .sources = std::vector<Mac>{},
                       .frames = static_cast<std::uint32_t>(count)};
    };
    return {
        {"spoofed/quota:64",
         true,
         {.mac_quota = 64},
         new_macs,
         "quota_exceeded",
         what_was_not_learned,
         quota},
        {"spoofed/fdb:16384", true, {}, new_macs, "fdb_full", what_was_not_learned, full},
        {"spoofed/fdb:1000000",
         true,
         {.fdb_size = Bridge::max_fdb_size},
         new_macs,
         "fdb_full",
         what_was_not_learned,
         full},
    };
}

std::vector<AttackCell> flapping_cells() {
    return {
        {"flapping/unprotected", false, {}, flapping},
        {"flapping/source_guard",
         true,
         {.settings = {.source_guard = SourceGuard::mac}, .bound = {Bed::attacker()}},
         flapping,
         "mac_guard",
         all,
         dropped(XDPB_DROP_MAC_GUARD)},
        {"flapping/quota:1", true, {.mac_quota = 1}, flapping, "quota_exceeded", all, quota},
        {"flapping/static", true, {.static_neighbours = true}, flapping},
    };
}

std::vector<AttackCell> collision_cells() {
    return {
        {"collisions/seed_guessed", true, {.pairs = 1}, collisions_guessed},
        {"collisions/seed_known", false, {.pairs = 1}, collisions_known},
        {"collisions/seed_known/quota:64", false, {.pairs = 1, .mac_quota = 64}, collisions_known},
    };
}

std::vector<AttackCell> other_cells() {
    const PortSettings guards{.arp_guard = true, .dhcp_guard = true, .ra_guard = true};
    return {
        {"storm/uncontrolled", false, {}, frames_to("ff:ff:ff:ff:ff:ff")},
        {"storm/1000pps",
         true,
         {.settings = {.storm_broadcast = Rate{.packets = 1000}}},
         frames_to("ff:ff:ff:ff:ff:ff")},
        {"reserved", true, {}, frames_to("01:80:c2:00:00:00")},
        {"extension_headers",
         true,
         {.settings = guards},
         frames(router_behind_headers()),
         "arp_guard",
         all,
         dropped(XDPB_DROP_ARP_GUARD)},
        {"three_tags",
         true,
         {.settings = guards},
         frames(three_tags()),
         "arp_guard",
         all,
         dropped(XDPB_DROP_ARP_GUARD)},
    };
}

} // namespace

std::vector<AttackCell> attacks(double share) {
    std::vector<AttackCell> all;
    for (const auto& cells : {spoofed(share), flapping_cells(), collision_cells(), other_cells()})
        all.insert(all.end(), cells.begin(), cells.end());
    return all;
}

} // namespace xdpbridge::bench
