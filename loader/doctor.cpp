// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"
#include "output.h"

#include <fmt/format.h>

namespace xdpbridge::loader {

namespace {

struct DoctorArguments {
    std::vector<std::string> devices;
    bool fix = false;
};

Colour colour_of(Severity severity) {
    switch (severity) {
    case Severity::ok:
        return Colour::good;
    case Severity::warning:
        return Colour::warning;
    case Severity::problem:
        return Colour::bad;
    case Severity::note:
        break;
    }
    return Colour::none;
}

// Below each finding, for a person, what it means and what to do.
void print_text(const std::vector<Finding>& findings) {
    std::string device = "-";
    for (const auto& finding : findings) {
        if (finding.device != device)
            fmt::print("{}\n", finding.device.empty() ? "host" : finding.device);
        device = finding.device;
        fmt::print(
            "  {} {:<15} {}\n",
            coloured(fmt::format("{:<8}", name_of(finding.severity)), colour_of(finding.severity)),
            finding.check, finding.found);
        for (const auto& [name, text] :
             {std::pair("then", finding.effect), std::pair("fix", finding.fix)})
            if (!text.empty())
                fmt::print("  {:<24} {}: {}\n", "", name, text);
    }
}

void print_json(const Context& context, const std::vector<Finding>& findings,
                const std::vector<bool>& fixed) {
    Table table(
        context.json,
        {{"device"}, {"check"}, {"severity"}, {"found"}, {"effect"}, {"fix"}, {"undo"}, {"fixed"}});
    std::size_t i = 0;
    for (const auto& finding : findings)
        table.row({cell(finding.device), cell(finding.check),
                   cell(std::string(name_of(finding.severity))), cell(finding.found),
                   cell(finding.effect), cell(finding.fix), cell(finding.undo),
                   on_off(fixed[i++])});
}

// Applies what takes nothing from anybody.
std::vector<bool> fix_all(const std::vector<Finding>& findings, bool wanted) {
    std::vector<bool> fixed;
    for (const auto& finding : findings) {
        const bool can = wanted && finding.repair && finding.severity != Severity::ok;
        if (can)
            finding.repair();
        fixed.push_back(can);
    }
    return fixed;
}

void examine(const Context& context, const DoctorArguments& arguments) {
    const auto findings = diagnose(arguments.devices, context.where);
    if (!context.json)
        print_text(findings);
    const auto fixed = fix_all(findings, arguments.fix);
    if (context.json)
        print_json(context, findings, fixed);
    std::size_t problems = 0;
    for (std::size_t i = 0; i < findings.size(); i++) {
        if (fixed[i] && !context.json)
            fmt::print("done: {}\n  undo: {}\n", findings[i].fix, findings[i].undo);
        problems += findings[i].severity == Severity::problem && !fixed[i] ? 1 : 0;
    }
    if (problems != 0)
        throw Error(EINVAL, "call this host fit",
                    fmt::format("{} problem{}", problems, problems == 1 ? "" : "s"),
                    "each is named above, with what fixes it");
}

} // namespace

void add_doctor_command(CLI::App& app, const Context& context) {
    add_verb<DoctorArguments>(
        app, "doctor", "Look whether this host and its interfaces are fit for a bridge",
        "xdp-bridge doctor eth0 tap0 --fix",
        [](CLI::App& verb, DoctorArguments& arguments) {
            verb.add_option("devices", arguments.devices, "interfaces to look at; all if none")
                ->type_name("DEVICE");
            verb.add_flag(
                "--fix", arguments.fix,
                "apply the fixes that take nothing from anybody, and say how to undo them");
        },
        [&context](const DoctorArguments& arguments) { examine(context, arguments); });
}

} // namespace xdpbridge::loader
