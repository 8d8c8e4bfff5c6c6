// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Each fuzzer on the texts of its corpus: what a person thought of, and what once broke a promise.
#include "fuzz.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>

namespace xdpbridge::test {
namespace {

void replay(const char* name, void (*fuzz)(std::string_view)) {
    int texts = 0;
    const auto folder = std::filesystem::path(XDPB_CORPUS) / name;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string text{std::istreambuf_iterator(in), {}};
        SCOPED_TRACE(entry.path());
        fuzz(text);
        texts++;
    }
    EXPECT_GT(texts, 0) << folder;
}

#define X(name)                                                                                    \
    TEST(Corpus, name) {                                                                           \
        replay(#name, fuzz_##name);                                                                \
    }
XDPB_FUZZERS(X)
#undef X

} // namespace
} // namespace xdpbridge::test
