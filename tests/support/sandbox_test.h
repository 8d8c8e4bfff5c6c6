// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// What every test that needs root starts from: a sandbox of its own, so that tests can run side by
// side and leave nothing behind, however they end.
#pragma once
#include "sandbox/sandbox.h"

#include <xdpbridge/error.h>
#include <xdpbridge/mac.h>
#include <xdpbridge/port.h>

#include <cstdint>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <string_view>

namespace xdpbridge::test {

class SandboxTest : public ::testing::Test {
  protected:
    // A veth in the sandbox's own namespace; its other end is NAME-peer. Both are down, so that the
    // kernel sends no frames of its own through it.
    static void make_veth(const std::string& name);
    static void delete_device(const std::string& name);

    sandbox::Sandbox sandbox_;
};

// A veth is not at XDP unless asked for.
inline const PortOptions at_xdp = {.hook = Hook::xdp};

// "02:00:00:00:00:01"; throws on anything else.
Mac mac(std::string_view text);
// A different host's address for each number.
Mac host(std::uint32_t number);

// The id of the XDP program on a device of the caller's namespace, 0 for none.
std::uint32_t xdp_program_on(const std::string& device);

// The Error that action throws. One with the code 0 if it throws none.
Error error_of(const std::function<void()>& action);

// Runs action in a process of its own. True: it returned; what it throws is printed.
bool in_child(const std::function<void()>& action);

// The same, without waiting for it; the destructor kills it.
class Child {
  public:
    explicit Child(const std::function<void()>& action);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() { kill(); }

    // True: action returned.
    bool wait();
    void kill(); // as kill -9 does

  private:
    pid_t pid_;
};

} // namespace xdpbridge::test
