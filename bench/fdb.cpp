// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Seconds that operations on a whole FDB of a million entries take. README.md says what is measured
// and how to read it.
#include "lab.h"

#include <sandbox/files.h>
#include <sandbox/process.h>
#include <xdpbridge/bridge.h>
#include <xdpbridge/fdb.h>
#include <xdpbridge/port.h>

#include <fmt/format.h>
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <fstream>
#include <optional>
#include <stdexcept>

using namespace xdpbridge;
using namespace xdpbridge::bench;

namespace {

constexpr int rounds = 5;
constexpr std::uint32_t hosts = Bridge::max_fdb_size;

// Seconds. user and system are CPU time, that of the programs we ran included.
struct Times {
    double wall = 0, user = 0, system = 0;
};

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

Times times_now() {
    Times now;
    now.wall =
        std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage usage{};
        ::getrusage(who, &usage);
        now.user += seconds(usage.ru_utime);
        now.system += seconds(usage.ru_stime);
    }
    return now;
}

class Stopwatch {
  public:
    [[nodiscard]] Times stop() const {
        const Times now = times_now();
        return {now.wall - start_.wall, now.user - start_.user, now.system - start_.system};
    }

  private:
    Times start_ = times_now();
};

void require_all(std::size_t count, const char* done) {
    if (count != hosts)
        throw std::runtime_error(fmt::format("{} of {} entries were {}", count, hosts, done));
}

// By its path a file in memory can be opened like any other.
std::string path_of(const sandbox::Fd& file) {
    return fmt::format("/proc/self/fd/{}", file.get());
}

// A bridge, and a million hosts for its FDB.
class Subject {
  public:
    explicit Subject(bool is_static) {
        std::string text;
        for (std::uint32_t i = 0; i < hosts; i++) {
            const Mac mac = mac_of(1, i * 2654435761U); // each once, in no order
            const bool first = i % 2 == 0;
            entries_.push_back({.mac = mac,
                                .port = static_cast<std::uint16_t>(first ? 1 : 2),
                                .is_static = is_static});
            text += fmt::format("{} dev {}{}\n", mac.to_string(), first ? "in" : "out",
                                is_static ? " static" : "");
        }
        text_ = sandbox::memory_file("hosts", text);
    }
    ~Subject() { remove_bridge(); }
    Subject(const Subject&) = delete;
    Subject& operator=(const Subject&) = delete;

    void make_empty() {
        remove_bridge();
        bridge_ = Bridge::create(name, {.fdb_size = hosts});
        bridge_->ports().add("in");
        bridge_->ports().add("out");
        full_ = false;
    }
    void make_full() {
        if (full_)
            return;
        make_empty();
        bridge_->fdb().load(entries_);
        full_ = true;
    }

    Times load() {
        const Stopwatch watch;
        std::ifstream text(path_of(text_));
        const std::size_t count = bridge_->fdb().load(text);
        const Times times = watch.stop();
        require_all(count, "loaded");
        return times;
    }
    Times load_parsed() {
        const Stopwatch watch;
        bridge_->fdb().load(entries_);
        return watch.stop();
    }
    // As a user does it, the start of the program included.
    Times dump_json() {
        const Stopwatch watch;
        sandbox::Process dump({XDPB_CLI, "-j", "fdb", "show", name});
        const auto exit_code = dump.wait(std::chrono::minutes(1));
        const Times times = watch.stop();
        if (exit_code != 0)
            throw std::runtime_error("the dump failed: " + dump.err());
        std::size_t count = 0;
        const std::string json = dump.out(), mac = "\"mac\"";
        for (auto at = json.find(mac); at != std::string::npos; at = json.find(mac, at + 1))
            count++;
        require_all(count, "dumped");
        return times;
    }
    Times save() {
        const sandbox::Fd file = sandbox::memory_file("saved");
        const Stopwatch watch;
        std::ofstream text(path_of(file));
        const std::size_t count = bridge_->fdb().save(text);
        text.close();
        const Times times = watch.stop();
        require_all(text ? count : 0, "saved");
        return times;
    }
    Times flush() {
        const Stopwatch watch;
        const std::size_t count = bridge_->fdb().flush({.static_too = true});
        const Times times = watch.stop();
        require_all(count, "flushed");
        full_ = false;
        return times;
    }

  private:
    void remove_bridge() {
        if (bridge_)
            Bridge::remove(name);
        bridge_.reset();
    }

    static constexpr const char* name = "bench";
    std::vector<FdbEntry> entries_;
    sandbox::Fd text_;
    std::optional<Bridge> bridge_;
    bool full_ = false;
};

struct Operation {
    const char* name;
    bool is_static; // the entries
    Times (Subject::*run)();
    void (Subject::*prepare)(); // not measured
    double limit = 0;           // seconds it may take; 0: not stated
};
constexpr std::array operations{
    Operation{"dynamic/load", false, &Subject::load, &Subject::make_empty, 2},
    Operation{"dynamic/load_parsed", false, &Subject::load_parsed, &Subject::make_empty},
    Operation{"dynamic/load_over_full", false, &Subject::load, &Subject::make_full},
    Operation{"dynamic/dump_json", false, &Subject::dump_json, &Subject::make_full, 3},
    Operation{"dynamic/save", false, &Subject::save, &Subject::make_full},
    Operation{"dynamic/flush", false, &Subject::flush, &Subject::make_full},
    Operation{"static/load", true, &Subject::load, &Subject::make_empty, 2},
    Operation{"static/load_parsed", true, &Subject::load_parsed, &Subject::make_empty},
    Operation{"static/load_over_full", true, &Subject::load, &Subject::make_full},
    Operation{"static/dump_json", true, &Subject::dump_json, &Subject::make_full, 3},
    Operation{"static/save", true, &Subject::save, &Subject::make_full},
    Operation{"static/flush", true, &Subject::flush, &Subject::make_full},
};

void run(benchmark::State& state, const Operation& operation) try {
    Subject subject(operation.is_static);
    std::vector<double> wall, user, system;
    while (state.KeepRunning()) {
        (subject.*operation.prepare)();
        const Times times = (subject.*operation.run)();
        wall.push_back(times.wall);
        user.push_back(times.user);
        system.push_back(times.system);
        state.SetIterationTime(times.wall);
    }
    report(state, "seconds", wall);
    report(state, "user", user);
    report(state, "system", system);
    state.counters["limit"] = operation.limit;
} catch (const std::exception& error) {
    state.SkipWithError(error.what());
}

class FdbTable : public Table {
  protected:
    [[nodiscard]] std::string heading() const override {
        return fmt::format("\nseconds for {} entries: median (min-max) of {} rounds\n"
                           "{:24}{:>20}{:>8}{:>8}",
                           hosts, rounds, "", "wall clock", "user", "system");
    }
    std::string line(const Run& run) override {
        std::string text =
            fmt::format("{:24}{:>20}{:8.2f}{:8.2f}", run.run_name.function_name,
                        fmt::format("{:.2f} ({:.2f}-{:.2f})", value(run, "seconds"),
                                    value(run, "seconds_min"), value(run, "seconds_max")),
                        value(run, "user"), value(run, "system"));
        const double limit = value(run, "limit");
        if (limit > 0)
            text += fmt::format("  {} than {} s",
                                value(run, "seconds") < limit ? "less" : "NOT LESS", limit);
        return text;
    }
};

} // namespace

int main(int argc, char** argv) try {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 2;
    const Lab lab;
    for (const auto& operation : operations)
        add(operation.name, rounds, [&](benchmark::State& state) { run(state, operation); });
    FdbTable table;
    benchmark::RunSpecifiedBenchmarks(&table);
    return table.failed() ? 1 : 0;
} catch (const std::exception& error) {
    fmt::print(stderr, "bench_fdb: {}\n", error.what());
    return 1;
}
