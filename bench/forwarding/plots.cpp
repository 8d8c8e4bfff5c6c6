// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "../result_files.h"
#include "results.h"

#include <sandbox/process.h>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace xdpbridge::bench {

namespace {

struct Plot {
    const char *file, *title, *x, *y;
    const char *section, *prefix; // of the cells, in front of the number that is x
    const char* figure;
    double factor; // of the figure
    const char* scale;
};

constexpr Plot all_plots[] = {
    {"cost-by-macs.png", "Cost of a frame by the hosts that are known, each frame between others",
     "hosts", "CPU ns a frame", "rfc2889_5.7", "macs:", "ns", 1, "set logscale x"},
    {"cost-by-size.png", "Cost of a frame by its size", "bytes with FCS", "CPU ns a frame",
     "rfc2544_26.1", "L2/size:", "ns", 1, ""},
    {"cost-by-ports.png", "Cost of a broadcast by the ports it leaves by", "ports", "CPU ns a copy",
     "rfc2889_5.10", "broadcast/ports:", "ns", 1, "set logscale x 2"},
    {"loss-64.png", "Frames of 64 bytes lost by the rate offered", "% of what the source can send",
     "% lost", "rfc2544_26.3", "size:64/offered:", "lost", 100, ""},
};

std::optional<double> number_behind(const std::string& prefix, const std::string& cell) {
    if (!cell.starts_with(prefix))
        return {};
    return std::stod(cell.substr(prefix.size()));
}

// Lines of: x, median, least, most.
std::string data(const Plot& plot, const SectionResult& section, Side side) {
    std::vector<std::pair<double, const Entry*>> points;
    for (const auto& entry : section.entries)
        if (const auto x = number_behind(plot.prefix, entry.cell);
            x && entry.side == side && entry.has(plot.figure))
            points.emplace_back(*x, &entry);
    std::sort(points.begin(), points.end());
    std::string text;
    for (const auto& [x, entry] : points)
        text += fmt::format("{} {} {} {}\n", x, plot.factor * entry->median(plot.figure),
                            plot.factor * entry->least(plot.figure),
                            plot.factor * entry->most(plot.figure));
    return text;
}

std::string script(const Plot& plot, const SectionResult& section, const std::string& folder) {
    std::string blocks, curves;
    for (const Side side : all_sides) {
        const std::string lines = data(plot, section, side);
        if (lines.empty())
            continue;
        blocks += fmt::format("${} << END\n{}END\n", name(side), lines);
        curves += fmt::format("{}${} using 1:2:3:4 with yerrorlines linewidth 2 title '{}'",
                              curves.empty() ? "plot " : ", ", name(side), name(side));
    }
    if (curves.empty())
        return {};
    return fmt::format("{}set terminal pngcairo size 1000,600 noenhanced\nset output {}\n"
                       "set title {}\nset xlabel {}\nset ylabel {}\nset yrange [0:*]\n"
                       "set grid\nset key top left\n{}\n{}\nreset\n",
                       blocks, gnuplot_string(folder + "/" + plot.file), gnuplot_string(plot.title),
                       gnuplot_string(plot.x), gnuplot_string(plot.y), plot.scale, curves);
}

} // namespace

void plot(const ForwardingResults& results, const std::string& folder) {
    std::string all;
    for (const auto& plot : all_plots)
        for (const auto& section : results.sections)
            if (section.id == plot.section)
                all += script(plot, section, folder);
    if (all.empty())
        return;
    std::filesystem::create_directories(folder);
    sandbox::check({"gnuplot", "-"}, {.input = all});
}

} // namespace xdpbridge::bench
