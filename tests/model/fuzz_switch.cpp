// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The same comparison under libFuzzer: its bytes are the dice. It sees which ways the model takes,
// and looks for inputs that take new ones. XDPB_KIND and XDPB_HOOK say on which bridge.
#include "model/dice.h"
#include "model/find.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <span>
#include <string>

namespace {

using namespace xdpbridge::model;

class FromBytes : public Source {
  public:
    explicit FromBytes(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    // Two bytes are enough for all that is asked.
    std::uint32_t next() override {
        std::uint32_t value = 0;
        for (int i = 0; i < 2 && !bytes_.empty(); i++) {
            value = value << 8 | bytes_.front();
            bytes_ = bytes_.subspan(1);
        }
        return value;
    }
    [[nodiscard]] bool empty() const { return bytes_.empty(); }

  private:
    std::span<const std::uint8_t> bytes_;
};

std::string variable(const char* name, const char* otherwise) {
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): there is one thread
    return value ? value : otherwise;
}

// Never destroyed: the way back out of a sandbox is closed to a process with threads. The sandbox
// goes with the process.
Bed* bed = nullptr;

} // namespace

// Before libFuzzer has threads, which a sandbox does not allow.
extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
    bed = new Bed({.kind = kind_of(variable("XDPB_KIND", "vlan")), // NOLINT: see above
                   .hook = hook_of(variable("XDPB_HOOK", "xdp"))});
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    FromBytes source({data, size});
    Sequence sequence{.setup = bed->setup(), .way = Way::wire, .steps = {}};
    Dice dice(sequence.setup, source);
    if (dice.one_in(4))
        sequence.way = Way::run;
    while (!source.empty())
        sequence.steps.push_back(dice.step());
    std::uint64_t frames = 0;
    const auto difference = play(*bed, sequence.way, sequence.steps, Care::exact, frames);
    if (!difference)
        return 0;
    const auto failure = find_failure(*bed, sequence);
    fmt::print(stderr, "{}", to_text(failure.value_or(Failure{sequence, difference->what})));
    std::abort();
}
