// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What both benchmarks need: two devices to make a bridge of, and figures of several rounds.
#pragma once
#include <sandbox/netns_scope.h>
#include <sandbox/sandbox.h>
#include <xdpbridge/mac.h>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace xdpbridge::bench {

struct Device {
    std::string name;
    std::uint32_t ifindex;
};
struct Devices {
    Device in, out;
};

// A throwaway network with two pairs of veths, in and out, in2 and out2, and their far ends,
// in-peer and so on. The process lives in it as long as the object does.
class Lab {
  public:
    Lab();
    [[nodiscard]] const Devices& devices() const { return devices_; }
    [[nodiscard]] const Devices& twin() const {
        return twin_;
    } // for a second bridge beside the first

  private:
    sandbox::Sandbox sandbox_;
    sandbox::NetnsScope scope_;
    Devices devices_;
    Devices twin_;
};

// 02:SIDE:N.
Mac mac_of(std::uint8_t side, std::uint32_t n);

// A benchmark that runs so many rounds, and times them itself.
void add(const std::string& name, int rounds, std::function<void(benchmark::State&)> run);

// Sets the counters NAME (the median), NAME_min and NAME_max.
void report(benchmark::State& state, const std::string& name, std::vector<double> values);

// Prints one line for each benchmark that has run. With --benchmark_out the file has the machine
// too.
class Table : public benchmark::BenchmarkReporter {
  public:
    Table();
    bool ReportContext(const Context& context) override;
    void ReportRuns(const std::vector<Run>& runs) override;
    [[nodiscard]] bool failed() const { return failed_; } // whether any benchmark has

  protected:
    virtual std::string heading() const = 0;
    virtual std::string line(const Run& run) = 0;

  private:
    bool failed_ = false;
};

// Of benchmarks that compare two things, and set the counters "first", "second" and "ratio", each
// with report, and "acceptable": what the ratio has to be at most, 0 for no goal.
class RatioTable : public Table {
  public:
    RatioTable(std::string first, std::string second, std::string ratio)
        : names_{std::move(first), std::move(second), std::move(ratio)} {}

  protected:
    std::string heading() const override;
    std::string line(const Run& run) override;

  private:
    std::string names_[3]; // of the columns
};

// The counter of that name.
double value(const benchmark::BenchmarkReporter::Run& run, const std::string& name);

} // namespace xdpbridge::bench
