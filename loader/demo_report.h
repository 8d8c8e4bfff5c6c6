// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include "output.h"

#include "sandbox/sandbox.h"

#include <string>
#include <string_view>
#include <vector>

namespace xdpbridge::loader {

// What the demo tells: prose and a line for each thing tried, or with -j one table of those at the
// end.
class DemoReport {
  public:
    explicit DemoReport(bool json) : json_(json) {}
    // A line of what is being done; nothing with -j.
    void say(std::string_view line) const;
    // What was tried between whom, and what came of it.
    void result(const std::string& what, const std::string& from, const std::string& to, bool ok,
                const std::string& figures);
    // Who is connected to which port, as a picture.
    void picture(const std::string& bridge, const std::vector<sandbox::Host>& hosts) const;
    // Prints the table with -j. True: all went well.
    bool finish() const;

  private:
    struct Result {
        std::string what, from, to, figures;
        bool ok;
    };
    bool json_;
    std::vector<Result> results_;
};

} // namespace xdpbridge::loader
