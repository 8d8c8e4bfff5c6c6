// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What each clang makes of the BPF programs passes this kernel's verifier. kernel_test.cpp asks
// that of the other kernels.
#include "sandbox/process.h"
#include "support/sandbox_test.h"

#include <filesystem>

namespace xdpbridge::test {
namespace {

TEST_F(SandboxTest, TheProgramsOfEveryCompilerLoadHere) {
    for (const char* clang : {"clang-14", "clang-19"})
        for (const char* program : {"bridge.xdp", "bridge.tc", "fdb_load", "refused"}) {
            const std::string object =
                std::string(XDPB_OBJECTS) + "/" + program + "." + clang + ".o";
            std::filesystem::create_directory("/sys/fs/bpf/objects");
            const auto result = sandbox::run(
                {"/usr/sbin/bpftool", "prog", "loadall", object, "/sys/fs/bpf/objects"});
            EXPECT_EQ(result.exit_code, 0) << object << "\n" << result.err;
            std::filesystem::remove_all("/sys/fs/bpf/objects");
        }
}

} // namespace
} // namespace xdpbridge::test
