#pragma once

#include "sandbox/fd.h"

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace xdpbridge::sandbox {

// Programs are started with fork and exec, never by a shell.
//
// A child is killed by the kernel (PR_SET_PDEATHSIG) when the *thread* that started it ends,
// however it ends. So start long-lived children from the main thread, not from a worker. Two kinds
// of children are not covered, and outlive us if we are killed before a destructor can stop them:
// children of the child, and a program that changes its own user (tcpdump does).

struct Result {
    int exit_code = 0; // 128 + N when signal N ended it
    std::string out;
    std::string err;
};

struct RunOptions {
    std::string netns{};                       // enter this network namespace (the network only)
    std::string input{};                       // what it reads from standard input
    std::chrono::milliseconds timeout{60'000}; // run() only: kill it then, and throw
    std::optional<uid_t> uid{};                // drop to this user,
    std::optional<gid_t> gid{};                // this group, and no other groups
    std::map<std::string, std::string> env{};  // added to our environment
};

using Argv = std::vector<std::string>;

// Runs a program to its end. Throws if it cannot be started, or exceeds the timeout.
Result run(const Argv& argv, const RunOptions& options = {});

// The same, and throws what it wrote to stderr unless it exits with 0.
Result check(const Argv& argv, const RunOptions& options = {});

// "ip link show", for messages.
std::string command_line(const Argv& argv);

// A program in the background; killed by the destructor.
class Process {
  public:
    explicit Process(const Argv& argv, const RunOptions& options = {});
    ~Process();
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;

    pid_t pid() const { return pid_; }

    // Its exit code (as in Result), or nothing if it still runs when the time is over.
    std::optional<int> wait(std::chrono::milliseconds timeout);
    bool running() { return !wait(std::chrono::milliseconds(0)); }

    void signal(int number);
    int kill_and_wait();

    // All it has written so far.
    std::string out() const;
    std::string err() const;

  private:
    pid_t pid_ = -1;
    Fd pidfd_, out_, err_;
    std::optional<int> exit_code_;
};

} // namespace xdpbridge::sandbox
