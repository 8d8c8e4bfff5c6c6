// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/sandbox_test.h"

#include "sandbox/process.h"

#include <bpf/libbpf.h>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <net/if.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace xdpbridge::test {

void SandboxTest::make_veth(const std::string& name) {
    sandbox::check(
        {"ip", "link", "add", "dev", name, "type", "veth", "peer", "name", name + "-peer"});
}

void SandboxTest::delete_device(const std::string& name) {
    sandbox::check({"ip", "link", "delete", "dev", name});
}

Mac mac(std::string_view text) {
    const auto parsed = Mac::parse(text);
    if (!parsed)
        throw std::invalid_argument(fmt::format("'{}' is not a MAC address", text));
    return *parsed;
}

Mac host(std::uint32_t number) {
    return {{0x02, 0x00, static_cast<std::uint8_t>(number >> 24),
             static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 8),
             static_cast<std::uint8_t>(number)}};
}

std::uint32_t xdp_program_on(const std::string& device) {
    std::uint32_t id = 0;
    const int err = bpf_xdp_query_id(static_cast<int>(::if_nametoindex(device.c_str())), 0, &id);
    if (err != 0)
        throw Error(-err, fmt::format("ask for the XDP program on '{}'", device));
    return id;
}

Error error_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error;
    }
    return {0, "fail as the test expects"};
}

Child::Child(const std::function<void()>& action) : pid_(::fork()) {
    if (pid_ < 0)
        throw std::runtime_error("cannot fork");
    if (pid_ != 0)
        return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // _exit: the parent's objects are not ours to destroy.
    try {
        action();
        ::_exit(0);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "in a child process: %s\n", error.what());
        ::_exit(1);
    }
}

bool Child::wait() {
    int status = -1;
    const pid_t pid = std::exchange(pid_, -1);
    return pid > 0 && ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

void Child::kill() {
    if (pid_ <= 0)
        return;
    ::kill(pid_, SIGKILL);
    wait();
}

bool in_child(const std::function<void()>& action) {
    return Child(action).wait();
}

} // namespace xdpbridge::test
