// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <xdpbridge/abi.h>
#include <xdpbridge/mac.h>

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace xdpbridge {

struct BridgeState;

// How urgent a frame is to those that wait for the same tap.
enum class LatencyClass : std::uint8_t {
    urgent = XDPB_CLASS_URGENT, // never held back
    normal = XDPB_CLASS_NORMAL, // what no rule says otherwise of
    bulk = XDPB_CLASS_BULK,
};

// Names as the CLI, the JSON and the docs print them.
[[nodiscard]] std::string_view name_of(LatencyClass latency_class) noexcept;
[[nodiscard]] std::string_view name_of(xdpb_class_field field) noexcept;

// What of a frame a rule asks for: one field, and its value.
struct ClassMatch {
    xdpb_class_field field = XDPB_CLASS_BY_PCP;
    std::uint16_t value = 0; // 0 for XDPB_CLASS_BY_MAC
    Mac mac{};               // of XDPB_CLASS_BY_MAC

    // From "pcp" to "tcp_port", and a value as the CLI takes it. Returns what is wrong, "" if
    // nothing.
    std::string set(std::string_view name, const std::string& text);
    // The value, as set reads it.
    [[nodiscard]] std::string to_string() const;
    auto operator<=>(const ClassMatch&) const = default;
};

struct ClassRule {
    ClassMatch match;
    LatencyClass latency_class = LatencyClass::normal;
    auto operator<=>(const ClassRule&) const = default;
};

// What keeps urgent frames from waiting behind others on their way out of a port.
enum class Isolation : std::uint8_t {
    off,        // PortSettings::classes is
    tap,        // what is not urgent fills the tap only so far
    resting,    // likewise, but 100 times as far: there has been no urgent frame for 10 s
    not_a_tap,  // none: how many frames wait in such a device is not to be seen
    unreadable, // none: nor is it in a tap, for want of CAP_PERFMON or BTF, or by a lockdown
};
[[nodiscard]] std::string_view text_of(Isolation isolation) noexcept;

// Frames that left a port with classes on, summed over all CPUs.
struct ClassCounters {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint64_t held = 0; // dropped because as many as the class may have did wait already
};

// What a bridge classes frames by, and what came of it, from Bridge::classes(). If several rules
// fit a frame the most urgent class is its. A new bridge has rules by which PTP is urgent
// (IEEE 1588: ethertype 0x88f7, UDP ports 319 and 320). Ports go by the classes if
// PortSettings::classes is on.
class Classes {
  public:
    explicit Classes(std::shared_ptr<BridgeState> state) noexcept : state_(std::move(state)) {}

    // What a match is classed as already it is no more. ENOSPC: XDPB_CLASS_RULES rules.
    void add(const ClassRule& rule);
    void remove(const ClassMatch& match);              // ENOENT
    [[nodiscard]] std::vector<ClassRule> list() const; // by field and value
    // By LatencyClass.
    [[nodiscard]] std::array<ClassCounters, XDPB_CLASS_COUNT> counters(std::uint16_t port) const;

  private:
    std::shared_ptr<BridgeState> state_;
};

} // namespace xdpbridge
