// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/match.h"

#include <chrono>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdexcept>

namespace xdpbridge::model {

namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned quick_stride = 256; // frames
// Ages and ageing times differ by half a minute at least: see dice.cpp.
constexpr double most_seconds = 25;

std::string hex(const Frame& frame) {
    return fmt::format("{:02x}", fmt::join(frame, ""));
}

class Play {
  public:
    Play(Bed& bed, Way way)
        : bed_(bed),
          way_(way),
          xdp_(bed.setup().hook == Hook::xdp),
          model_(bed.setup(), way == Way::wire && !xdp_) {
        bed_.reset();
    }

    // Return "", or what is different.
    std::string step(const Step& step) {
        if (const auto* arrival = std::get_if<Arrival>(&step))
            return arrive(*arrival);
        const bool should = model_.apply(step);
        const bool did = bed_.apply(step);
        if (should != did)
            return did ? "a step was accepted that has to be refused"
                       : "a step was refused that has to be accepted";
        return "";
    }
    std::string compare_all() {
        std::string what = bed_.has_more() ? "a frame has left that must not" : "";
        for (PortNumber port = 1; what.empty() && port <= last_port; port++)
            what = compare_port(port);
        if (what.empty())
            what = compare_fdb();
        if (what.empty())
            what = compare_rules();
        return what;
    }
    [[nodiscard]] std::uint64_t frames() const { return frames_; }

  private:
    std::string arrive(const Arrival& arrival) {
        if (!bed_.takes(arrival.frame, way_))
            return "";
        bed_.sync();
        frames_++;
        const Outcome expected = model_.receive(arrival);
        return way_ == Way::wire ? wire(arrival, expected) : run(arrival, expected);
    }

    std::string wire(const Arrival& arrival, const Outcome& expected) {
        bed_.send(arrival);
        for (const Copy& copy : expected.copies) {
            if (copy.port == svi_port)
                continue;
            const auto got = bed_.receive(copy.port);
            if (!got)
                return fmt::format("nothing has left by port {}, expected {}", copy.port,
                                   hex(copy.frame));
            if (*got != copy.frame)
                return fmt::format("by port {} has left\n  {}, expected\n  {}", copy.port,
                                   hex(*got), hex(copy.frame));
        }
        return "";
    }

    std::string run(const Arrival& arrival, const Outcome& expected) {
        const Bed::Run got = bed_.run(arrival);
        const bool sent = expected.fate == Fate::forwarded || expected.fate == Fate::flooded;
        const auto should = [&](std::uint32_t at_xdp, int at_tc) {
            return got.verdict == (xdp_ ? at_xdp : static_cast<std::uint32_t>(at_tc));
        };
        const bool good = sent ? should(XDP_REDIRECT, TC_ACT_REDIRECT) ||
                                     // all who get it have got a copy
                                     (!xdp_ && got.verdict == TC_ACT_SHOT)
                          : expected.fate == Fate::passed ? should(XDP_PASS, TC_ACT_UNSPEC)
                                                          : should(XDP_DROP, TC_ACT_SHOT);
        if (!good)
            return fmt::format("verdict {}", got.verdict);
        if (expected.fate != Fate::dropped && !became(got.bytes, expected.tagged) &&
            !became(got.bytes, expected.untagged))
            return fmt::format("the frame has become\n  {}, expected\n  {} or\n  {}",
                               hex(got.bytes), hex(expected.tagged), hex(expected.untagged));
        return xdp_ ? "" : compare_clones(expected);
    }

    // At tc the outer tag may be beside the frame, where it is not shown.
    [[nodiscard]] bool became(const Frame& got, const Frame& form) const {
        return got == form || (!xdp_ && is_tag(word(form, 12)) && got == without_outer_tag(form));
    }

    // At tc copies are sent even so, to all but the last one, who gets the frame itself.
    std::string compare_clones(const Outcome& expected) {
        for (std::size_t i = 0; i < expected.copies.size(); i++) {
            const Copy& copy = expected.copies[i];
            if (copy.port == svi_port)
                continue;
            const auto got = bed_.receive(copy.port);
            if (!got && i + 1 < expected.copies.size())
                return fmt::format("no copy for port {}", copy.port);
            if (got && *got != copy.frame)
                return fmt::format("the copy for port {} is\n  {}, expected\n  {}", copy.port,
                                   hex(*got), hex(copy.frame));
        }
        return "";
    }

    std::string compare_port(PortNumber port) {
        const xdpb_counters should = model_.counters(port), is = bed_.counters(port);
        std::string what;
        const auto same = [&](std::string_view name, std::uint64_t expected, std::uint64_t got) {
            if (expected != got)
                what += fmt::format("port {}: {} is {}, expected {}; ", port, name, got, expected);
        };
        same("rx_packets", should.rx_packets, is.rx_packets);
        same("rx_bytes", should.rx_bytes, is.rx_bytes);
        same("forwarded", should.forwarded, is.forwarded);
        same("flooded", should.flooded, is.flooded);
        same("passed", should.passed, is.passed);
        same("quota_exceeded", should.quota_exceeded, is.quota_exceeded);
        same("fdb_full", should.fdb_full, is.fdb_full);
        same("moved_here", should.moved_here, is.moved_here);
        same("answered", should.answered, is.answered);
        same("routed", should.routed, is.routed);
        same("mirrored", should.mirrored, is.mirrored);
        for (unsigned i = 0; i < XDPB_DROP_REASON_COUNT; i++)
            same(xdpbridge::name_of(static_cast<xdpb_drop_reason>(i)), should.dropped[i],
                 is.dropped[i]);
        for (unsigned i = 0; i < XDPB_HAND_REASON_COUNT; i++)
            same("handed", should.handed[i], is.handed[i]);
        for (unsigned i = 0; i < XDPB_STACK_REASON_COUNT; i++)
            same(xdpbridge::name_of(static_cast<xdpb_stack_reason>(i)), should.to_stack[i],
                 is.to_stack[i]);
        // BPF_PROG_RUN at XDP ends before a frame is sent.
        if (way_ == Way::wire || !xdp_) {
            same("tx_packets", should.tx_packets, is.tx_packets);
            same("tx_bytes", should.tx_bytes, is.tx_bytes);
            for (unsigned i = 0; i < XDPB_FILTER_REASON_COUNT; i++)
                same(fmt::format("filtered {}",
                                 xdpbridge::name_of(static_cast<xdpb_filter_reason>(i))),
                     should.filtered[i], is.filtered[i]);
            for (unsigned i = 0; i < XDPB_REFUSAL_REASON_COUNT; i++)
                same(fmt::format("refused {}",
                                 xdpbridge::name_of(static_cast<xdpb_refusal_reason>(i))),
                     should.refused[i], is.refused[i]);
        }
        same("learned", model_.fdb().learned(port), bed_.learned(port));
        same("blocked", model_.is_blocked(port), bed_.is_blocked(port));
        return what;
    }

    std::string compare_fdb() {
        auto rows = bed_.fdb();
        for (const auto& [key, should] : model_.fdb().entries()) {
            const auto name = fmt::format("FDB: {} in VLAN {}", key.mac.to_string(), key.vid);
            const auto found = rows.find(key);
            if (found == rows.end())
                return name + " is not there";
            const auto& is = found->second;
            if (is.port != should.port || is.is_static != should.is_static ||
                is.is_router != should.is_router)
                return fmt::format("{} is at port {} (static {}, router {}), expected {} ({}, {})",
                                   name, is.port, is.is_static, is.is_router, should.port,
                                   should.is_static, should.is_router);
            const auto idle = static_cast<double>(model_.fdb().now() - should.seen);
            if (!is.is_static && std::abs(is.idle - idle) > most_seconds)
                return fmt::format("{} is idle for {:.0f} s, expected {:.0f}", name, is.idle, idle);
            rows.erase(found);
        }
        return rows.empty()
                   ? ""
                   : fmt::format("FDB: {} in VLAN {} must not be there",
                                 rows.begin()->first.mac.to_string(), rows.begin()->first.vid);
    }

    std::string compare_rules() {
        const auto is = bed_.rule_counters();
        const auto& should = model_.rule_counters();
        for (std::size_t i = 0; i < is.size() && i < should.size(); i++)
            if (is[i].first != should[i].packets || is[i].second != should[i].bytes)
                return fmt::format("rule {} has met {} frames of {} bytes, expected {} of {}", i,
                                   is[i].first, is[i].second, should[i].packets, should[i].bytes);
        return "";
    }

    Bed& bed_;
    Way way_;
    bool xdp_;
    Switch model_;
    std::uint64_t frames_ = 0;
};

std::optional<Difference> play_once(Bed& bed, Way way, std::span<const Step> steps, Care care,
                                    std::uint64_t& frames) {
    Play play(bed, way);
    std::optional<Difference> difference;
    for (std::size_t i = 0; i < steps.size() && !difference; i++) {
        std::string what = play.step(steps[i]);
        const bool frame = std::holds_alternative<Arrival>(steps[i]);
        const bool due = care == Care::exact || i + 1 == steps.size() ||
                         (frame ? i % quick_stride == 0 : std::holds_alternative<Wait>(steps[i]));
        if (what.empty() && due) {
            bed.sync();
            what = play.compare_all();
        }
        if (!what.empty())
            difference = {i, what};
    }
    frames += play.frames();
    return difference;
}

} // namespace

std::optional<Difference> play(Bed& bed, Way way, std::span<const Step> steps, Care care,
                               std::uint64_t& frames) {
    for (int attempt = 0; attempt < 3; attempt++) {
        const auto start = Clock::now();
        auto difference = play_once(bed, way, steps, care, frames);
        if (!difference || Clock::now() - start < std::chrono::duration<double>(most_seconds))
            return difference;
    }
    throw std::runtime_error("the machine is too slow to tell how old an entry is");
}

} // namespace xdpbridge::model
