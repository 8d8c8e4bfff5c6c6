// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What libFuzzer calls. XDPB_FUZZER: the function of fuzz.h.
#include "fuzz.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    xdpbridge::test::XDPB_FUZZER({reinterpret_cast<const char*>(data), size});
    return 0;
}
