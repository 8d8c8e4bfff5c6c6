// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "demo_report.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>

namespace xdpbridge::loader {

void DemoReport::say(std::string_view line) const {
    if (json_)
        return;
    fmt::print("{}\n", line);
    std::fflush(stdout); // before what a child prints
}

void DemoReport::result(const std::string& what, const std::string& from, const std::string& to,
                        bool ok, const std::string& figures) {
    results_.push_back({what, from, to, figures, ok});
    const bool colour = use_colour();
    const std::string mark = ok ? "ok  " : "FAIL";
    say(fmt::format("  {}{}{} {:<5} {:>4} -> {:<4} {}",
                    colour ? (ok ? "\033[32m" : "\033[31m") : "", mark, colour ? "\033[0m" : "",
                    what, from, to, figures));
}

void DemoReport::picture(const std::string& bridge, const std::vector<sandbox::Host>& hosts) const {
    const auto line_of = [&](auto text_of) {
        std::string line;
        for (const auto& host : hosts)
            line += fmt::format("{:^14}", text_of(host));
        return line;
    };
    const std::size_t width = 14 * hosts.size() - 2;
    say("");
    say(line_of([](const auto& host) { return host.name; }));
    say(line_of([](const auto& host) { return host.ipv4; }));
    say(line_of([](const auto&) { return std::string("|"); }));
    say(line_of([](const auto& host) { return host.port; }));
    say(" +" + std::string(width - 2, '-') + "+");
    say(" |" + fmt::format("{:^{}}", bridge + ", a switch in XDP", width - 2) + "|");
    say(" +" + std::string(width - 2, '-') + "+");
    say("");
}

bool DemoReport::finish() const {
    const bool good =
        std::all_of(results_.begin(), results_.end(), [](const Result& r) { return r.ok; });
    if (json_) {
        Table table(true, {{"what"}, {"from"}, {"to"}, {"ok"}, {"figures"}});
        for (const auto& r : results_)
            table.row({cell(r.what), cell(r.from), cell(r.to), on_off(r.ok), cell(r.figures)});
    }
    return good;
}

} // namespace xdpbridge::loader
