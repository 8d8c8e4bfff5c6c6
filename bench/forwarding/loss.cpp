// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What a switch loses that is offered more than it can carry: the source has one CPU, the switch
// another one, and 256 frames may wait in between.
#include "../prog_run.h"
#include "section.h"
#include "source.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

namespace xdpbridge::bench {

namespace {

constexpr double trial_seconds = 0.1;
// Of what the source can send, in %: RFC 2544 26.3 wants steps of 10% at most.
constexpr int steps[] = {100, 90, 80, 70, 60, 50, 40, 30, 20, 10, 5, 2, 1};

struct Trial {
    double offered = 0; // frames a second
    double carried = 0; // likewise
    std::uint64_t lost = 0;
    double share_lost = 0;
};

// A switch that runs on the second CPU, and knows both hosts.
class Subject {
  public:
    Subject(Side side, ForwardingNet& net, std::uint32_t size)
        : net_(net),
          switch_(make_switch(side, net, 1024)),
          frame_(frame_of(size, destination(0).to_string(), source(0).to_string())) {
        const PortOf out(*switch_, 1);
        run_program(out.program(),
                    frame_of(size, source(0).to_string(), destination(0).to_string()),
                    net.ports()[1].ifindex, 64, Redirects::carried_out);
        net.receive_on(0, TwoCpus::of_switch);
        offer(0, 64); // the second host
    }
    // rate: frames a second, 0: as fast as the source can.
    Trial offer(double rate, std::uint32_t frames) {
        PacedSource source(ForwardingNet::far_end(0), rate);
        const auto before = net_.left_by(1), astray_before = net_.left_by(2);
        const double seconds = send(source, frames);
        const auto arrived = net_.left_by(1) - before;
        if (net_.left_by(2) != astray_before && taught_)
            throw std::runtime_error("frames were flooded");
        taught_ = true;
        return {.offered = frames / seconds,
                .carried = static_cast<double>(arrived) / seconds,
                .lost = frames - arrived,
                .share_lost = static_cast<double>(frames - arrived) / frames};
    }

  private:
    double send(PacedSource& source, std::uint32_t frames) {
        const TwoCpus cpus;
        return source.send(frame_, frames);
    }

    ForwardingNet& net_;
    std::unique_ptr<Switch> switch_;
    sandbox::Frame frame_;
    bool taught_ = false;
};

// Frames a second that the source sends, with a port that drops them at once.
double full_rate(std::uint32_t size, std::uint32_t frames) {
    const ForwardingNet net({.ports = 1});
    const Sink at_once("p0");
    net.receive_on(0, TwoCpus::of_switch);
    PacedSource source(ForwardingNet::far_end(0), 0);
    const auto frame = frame_of(size, destination(0).to_string(), bench::source(0).to_string());
    const TwoCpus cpus;
    double most = 0; // of some tries: others may have wanted the CPU
    for (int n = 0; n < 5; n++)
        most = std::max(most, frames / source.send(frame, frames));
    return most;
}

class LossTest {
  public:
    LossTest(ForwardingResults& results, std::uint32_t size)
        : results_(results), size_(size), full_(full_rate(size, scaled(results, 400'000))) {}

    // One round of one switch: from the highest rate down, until two trials lose nothing.
    void descend(Subject& subject, SectionResult& loss, SectionResult& highest, Side side) {
        int lossless = 0;
        double most = 0;
        for (const int step : steps) {
            const double rate = full_ * step / 100;
            const Trial trial =
                subject.offer(step == 100 ? 0 : rate,
                              scaled(results_, static_cast<std::uint32_t>(rate * trial_seconds)));
            loss.entry(fmt::format("size:{}/offered:{}%", size_, step), side)
                .add({{"lost", trial.share_lost},
                      {"offered_mframes", trial.offered / 1e6},
                      {"carried_mframes", trial.carried / 1e6}});
            most = std::max(most, trial.carried);
            lossless = trial.lost == 0 ? lossless + 1 : 0;
            if (lossless == 2)
                break;
        }
        highest.entry(fmt::format("size:{}", size_), side)
            .add({{"mframes", most / 1e6}, {"ns", 1e9 / most}});
    }

    // The longest burst at the highest rate that loses nothing: doubled until one does, then halved
    // in between.
    void burst(Subject& subject, SectionResult& bursts, Side side) const {
        const std::uint32_t limit = scaled(results_, 200'000);
        std::uint32_t good = 0, bad = 64;
        while (bad < limit && subject.offer(0, bad).lost == 0) {
            good = bad;
            bad *= 2;
        }
        while (bad < limit && bad - good > std::max(1U, good / 20)) {
            const std::uint32_t middle = good + (bad - good) / 2;
            (subject.offer(0, middle).lost == 0 ? good : bad) = middle;
        }
        bursts.entry(fmt::format("size:{}", size_), side)
            .add({{"frames", good}, {"limit", bad >= limit ? 1.0 : 0.0}});
    }

  private:
    ForwardingResults& results_;
    std::uint32_t size_;
    double full_;
};

std::string shown_loss(const Entry& entry) {
    return fmt::format("{} ({}-{}) of {:.2f} M/s", percent(entry.median("lost")),
                       percent(entry.least("lost")), percent(entry.most("lost")),
                       entry.median("offered_mframes"));
}

std::string shown_burst(const Entry& entry) {
    return fmt::format("{}{:.0f} ({:.0f}-{:.0f})", entry.median("limit") > 0 ? "more than " : "",
                       entry.median("frames"), entry.least("frames"), entry.most("frames"));
}

std::string shown_rate(const Entry& entry) {
    return fmt::format("{:.2f} ({:.2f}-{:.2f})", entry.median("mframes"), entry.least("mframes"),
                       entry.most("mframes"));
}

} // namespace

void measure_loss(ForwardingResults& results) {
    SectionResult loss{
        .id = "rfc2544_26.3",
        .title = "RFC 2544 26.3: frame loss rate",
        .legend = "Offered, in % of what the source can send, down until two trials lose nothing. "
                  "Lost: median (min-max) of rounds; frames a second that were offered.",
        .show = shown_loss};
    SectionResult bursts{
        .id = "rfc2544_26.4",
        .title = "RFC 2544 26.4: back-to-back frames",
        .legend = "The longest burst at the highest rate that loses nothing: median (min-max). "
                  "256 frames wait in front of the switch.",
        .show = shown_burst};
    SectionResult highest{
        .id = "rfc2889_5.6",
        .title = "RFC 2889 5.6: maximum forwarding rate",
        .legend = "The most frames that arrived a second at any rate offered, whatever was lost: "
                  "Mframe/s, median (min-max).",
        .cost = "ns",
        .show = shown_rate};
    for (const std::uint32_t size : {64U, 1518U}) {
        if (!wanted(results, loss.id, fmt::format("size:{}", size)))
            continue;
        const std::string cell = fmt::format("size:{}", size);
        try {
            LossTest test(results, size);
            ForwardingNet net({.ports = 3});
            for (int round = 0; round < results.campaign.rounds; round++)
                for (const Side side : all_sides) {
                    Subject subject(side, net, size);
                    test.descend(subject, loss, highest, side);
                    test.burst(subject, bursts, side);
                }
        } catch (const std::exception& error) {
            for (const Side side : all_sides)
                loss.entry(cell, side).failed = error.what();
        }
    }
    for (auto* section : {&loss, &bursts, &highest})
        results.sections.push_back(std::move(*section));
}

} // namespace xdpbridge::bench
