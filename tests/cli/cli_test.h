// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The program as a user runs it.
#pragma once
#include "sandbox/process.h"
#include "support/leaks.h"
#include "support/sandbox_test.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace xdpbridge::test {

using sandbox::Argv;
using sandbox::Result;
using ::testing::HasSubstr;

class CliTest : public SandboxTest {
  protected:
    // The kernel sends no IPv6 frames of its own here, which would be learned.
    CliTest();
    // Runs `xdp-bridge WORDS...`.
    static Result cli(const Argv& words, const sandbox::RunOptions& options = {});
    // The same, and fails the test unless it exits with 0 and has nothing to complain about.
    static std::string cli_ok(const Argv& words);
    // What `xdp-bridge -j WORDS...` prints.
    static nlohmann::json json(Argv words);
    // Fails the test unless it fails with that code and one line that says all these things.
    static void expect_error(const Argv& words, int exit_code, const std::vector<std::string>& said,
                             const sandbox::RunOptions& options = {});

    // A bridge with the ports v1 and v2, veths whose other ends are v1-peer and v2-peer.
    static void make_bridge(const std::string& name = "br0");

    // Puts the other ends of the bridge's ports into the namespace "hosts", which sends nothing by
    // itself.
    void move_peers_to_hosts();

    // Fails unless no bridge is left, and nothing that belonged to one.
    void TearDown() override;
    LeakCheck leaks_;
};

} // namespace xdpbridge::test
